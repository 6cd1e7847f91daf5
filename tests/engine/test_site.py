"""The site shows the pages that are written elsewhere, and stops at a link to nowhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

SETTINGS = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
ORIGIN = "https://user:pass" + "word@github.com/org/digits.git"
CODE = "https://github.com/org/digits/blob/"
PAGES = {
    "README.md": (
        "# Front door\n\n[Data](src/data/README.md#splits), [code](src/run.py), [all](src/),"
        " [out](https://example.com)\n\n```\n[not a link](nowhere.py)\n```\n"
    ),
    "src/data/README.md": "# Data\n\n## Splits\n\nHow. [Back](../../README.md)\n",
    "src/models/README.md": "# Models\n",
    "src/run.py": "",
}
REPORT = """\
## `m`

### All trials

![Curves](curves.png)

<details><summary>All</summary>

| a | b |
|---|---|
| 1 | 2 |

</details>
"""
CARD = """\
---
library_name: keras
---
# Digits

[Its report](../../reports/m/report.md)
"""


def write(files: dict[str, str], root: Path = Path()) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def built(*options: str, root: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mkdocs", "build", *options]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def page(name: str) -> str:
    return Path("site", name, "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def _unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unchanged") / "project"
    (root / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", root)
    named = re.findall(r"^  - .*: ([^*\n]*\.md)$", SETTINGS, flags=re.MULTILINE)
    assert PAGES.keys() & set(named) == PAGES.keys() - {"src/run.py"}
    write(dict.fromkeys(named, "# Another page\n") | PAGES, root)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    done = built(root=root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(autouse=True)
def project(_unchanged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a small project with a new one's mkdocs.yml, its site built."""
    shutil.copytree(_unchanged, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")


def test_pages_keep_their_path_and_their_links_to_each_other() -> None:
    assert 'href="src/data/#splits"' in page("")
    assert 'href="../../"' in page("src/data")
    assert 'href="https://example.com"' in page("")


def test_links_to_code_lead_to_the_repository_at_this_commit() -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", "remote", "add", "origin", ORIGIN], check=True)
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert built().returncode == 0
    assert f'<a href="{CODE}{head.stdout.strip()}/src/run.py">code</a>' in page("")
    assert f'<a href="{CODE}{head.stdout.strip()}/src">all</a>' in page("")
    assert "[not a link](nowhere.py)" in page("")
    assert "password" not in page("")


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("git@github.com:org/digits.git", CODE),
        (
            "ssh://git@git.example.com:2222/org/digits.git",
            "https://git.example.com/org/digits/blob/",
        ),
        (
            "https://git.example.com:8443/org/digits",
            "https://git.example.com:8443/org/digits/blob/",
        ),
    ],
)
def test_links_to_code_lead_to_where_the_repository_is_read_in_a_browser(
    origin: str, code: str, tmp_path: Path
) -> None:
    shutil.rmtree(".git")
    for command in (["init"], ["remote", "add", "origin", origin]):  # it is but a folder of it
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    assert built().returncode == 0
    assert re.search(f'<a href="{re.escape(code)}\\w*/project/src/run.py">', page(""))


def test_links_to_code_are_plain_text_where_no_repository_is_known() -> None:
    assert "<span>code</span>, <span>all</span>" in page("")


def test_a_link_to_nowhere_is_named_and_nothing_is_built() -> None:
    write({"src/models/README.md": "# Models\n\n[gone](gone.md), [away](../../../outside)\n"})
    done = built()
    assert done.returncode == 1
    assert "'src/models/README.md' contains a link 'gone.md'" in done.stderr
    assert "'../../../outside'" in done.stderr


def test_a_link_to_a_heading_that_is_not_there_is_named() -> None:
    write({"src/models/README.md": "# Models\n\n[gone](../../README.md#gone)\n"})
    done = built()
    assert done.returncode == 1
    assert "does not contain an anchor '#gone'" in done.stderr


def test_reports_and_model_cards_are_shown_where_there_are_any() -> None:
    assert "Reports" not in page("")
    assert "Official models" not in page("")
    write({"reports/m/report.md": REPORT, "reports/zoo.md": "# The zoo\n"})
    write({"reports/m/curves.png": "", "official_models/digits/README.md": CARD})
    write({"reports/.partial-m/report.md": REPORT})
    assert built().returncode == 0
    for shown in ("Reports", "reports/m/report/", "reports/zoo/", "official_models/digits/"):
        assert shown in page("")
    assert ".partial" not in page("")
    report = page("reports/m/report")
    assert re.findall("<h([1-6])", report) == ["1", "2"]  # as a comment it begins with the second
    assert 'src="../curves.png"' in report
    assert "<td>1</td>" in report  # a table inside <details>
    assert Path("site/reports/m/curves.png").is_file()
    assert 'href="../../reports/m/report/"' in page("official_models/digits")
    assert "library_name" not in page("official_models/digits")


def test_a_page_of_the_site_s_own_may_link_to_all_others() -> None:
    write({"docs/team.md": "# Team\n\n[data](../src/data/README.md), [code](../src/run.py)\n"})
    assert "not included in the" in built().stderr
    write({"mkdocs.yml": SETTINGS.replace("nav:\n", "nav:\n  - Team: team.md\n")})
    done = built()
    assert done.returncode == 0, done.stderr
    assert 'href="../src/data/"' in page("team")
    assert "<span>code</span>" in page("team")


def test_an_entry_of_nav_that_is_not_there_is_named() -> None:
    Path("src/models/README.md").unlink()
    done = built()
    assert done.returncode == 1
    assert "'src/models/README.md' is included in the 'nav'" in done.stderr


def test_no_page_asks_another_host_for_anything() -> None:
    address = "https://github.com/org/digits"
    write({"mkdocs.yml": f"repo_url: {address}\n{SETTINGS}"})
    assert built().returncode == 0
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="(https?:[^"]*)"', page(""))
    assert loaded == []
    assert 'data-md-component="source"' not in page("")  # which asks GitHub for stars
    assert f'<a href="{address}"' in page("")


def test_names_in_tables_are_not_broken_within_a_word() -> None:
    assert 'href="site.css"' in page("")
    assert "word-break: normal" in Path("site/site.css").read_text(encoding="utf-8")

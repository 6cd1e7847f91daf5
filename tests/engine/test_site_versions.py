"""A deployment of the site is whole or none, and keeps those of others; every branch is real."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.publishing.site import command as site

SETTINGS = """\
site_name: Digits
docs_dir: pages
strict: true
nav: [{Start: index.md}]
plugins: [{mike: {alias_type: copy}}]
theme: {name: mkdocs, highlightjs: false}
"""
PYPROJECT = """\
[project]
name = "digits"
version = "0.1.0"
[tool.setuptools.package-dir]
digits = "src"
"""


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one page, and a bare origin; Git knows no user."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    project = tmp_path / "project"
    (project / "pages").mkdir(parents=True)
    (project / "pages/index.md").write_text("# Digits\n")
    (project / "mkdocs.yml").write_text(SETTINGS)
    (project / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.chdir(project)
    git("init", "--quiet", "--bare", str(tmp_path / "origin"))
    git("init", "--quiet", "--initial-branch", "main")
    git("add", ".")
    git("commit", "--quiet", "--message", "One page")
    git("remote", "add", "origin", str(tmp_path / "origin"))
    return project


def set_version(version: str) -> None:
    Path("pyproject.toml").write_text(PYPROJECT.replace("0.1.0", version))


def versions(*where: str) -> dict[str, str]:
    """Return the titles on gh-pages by key."""
    listed = json.loads(git(*where, "show", "gh-pages:versions.json"))
    return {one["version"]: one["title"] for one in listed}


def branches(*where: str) -> list[str]:
    return git(*where, "branch", "--format=%(refname:short)").splitlines()


ORIGIN = ("--git-dir", "../origin")


@pytest.mark.usefixtures("project")
def test_versions_stand_side_by_side_and_the_root_leads_to_the_newest_release() -> None:
    assert site.main(["latest", "--push"]) == 0
    assert 'url=~latest/"' in git(*ORIGIN, "show", "gh-pages:index.html")
    for version in ("1.0.0", "1.1.0", "1.0.1"):
        set_version(version)
        Path("pages/index.md").write_text(f"# Digits {version}\n")
        assert site.main(["release", "--push"]) == 0
    assert versions(*ORIGIN) == {"~latest": "latest", "v1.1": "v1.1.0 (stable)", "v1.0": "v1.0.1"}
    assert 'url=stable/"' in git(*ORIGIN, "show", "gh-pages:index.html")
    for folder, version in {"stable": "1.1.0", "v1.1": "1.1.0", "v1.0": "1.0.1"}.items():
        assert f"Digits {version}" in git(*ORIGIN, "show", f"gh-pages:{folder}/index.html")
    assert git(*ORIGIN, "cat-file", "-t", "gh-pages:stable") == "tree"  # no symbolic link
    assert git(*ORIGIN, "log", "-1", "--format=%cn", "gh-pages") == "github-actions[bot]"


@pytest.mark.usefixtures("project")
def test_without_push_nothing_leaves_this_machine() -> None:
    assert site.main(["latest"]) == 0
    assert branches() == ["gh-pages", "main"]
    assert branches(*ORIGIN) == []


def test_what_was_looked_at_here_is_built_again_upon_what_others_deployed(
    project: Path, tmp_path: Path
) -> None:
    set_version("1.1.0")
    assert site.main(["release"]) == 0  # to be looked at
    shutil.copytree(project, tmp_path / "other")
    git("-C", str(tmp_path / "other"), "branch", "--delete", "--force", "gh-pages")
    release_elsewhere(tmp_path / "other")
    assert site.main(["release", "--push"]) == 0
    assert versions(*ORIGIN) == {"v1.1": "v1.1.0 (stable)", "v1.0": "v1.0.0"}


@pytest.mark.usefixtures("project")
def test_a_site_with_a_mistake_changes_no_branch(capfd: pytest.CaptureFixture[str]) -> None:
    Path("pages/index.md").write_text("[gone](gone.md)\n")
    assert site.main(["latest", "--push"]) == 1
    said = capfd.readouterr().err
    assert "contains a link 'gone.md'" in said
    assert "error: The site was not deployed, gh-pages is as it was" in said
    assert branches() == ["main"]
    assert branches(*ORIGIN) == []


@pytest.mark.usefixtures("project")
def test_a_step_that_fails_half_way_undoes_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    set_version("1.0.0")
    assert site.main(["release"]) == 0
    before = git("rev-parse", "gh-pages")
    run = site._mike

    def failing(*arguments: str) -> str:
        return run("set-default", "nothing") if arguments[0] == "set-default" else run(*arguments)

    monkeypatch.setattr(site, "_mike", failing)
    set_version("1.1.0")
    assert site.main(["release"]) == 1
    assert git("rev-parse", "gh-pages") == before


def test_somebody_who_deploys_meanwhile_is_kept(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.main(["latest", "--push"]) == 0
    shutil.copytree(project, tmp_path / "other")
    push = site._push
    tries: list[int] = []

    def late() -> None:
        tries.append(len(tries))
        if tries == [0]:
            release_elsewhere(tmp_path / "other")
        push()

    monkeypatch.setattr(site, "_push", late)
    set_version("1.1.0")
    assert site.main(["release", "--push"]) == 0
    assert len(tries) == 2
    assert versions(*ORIGIN) == {"~latest": "latest", "v1.1": "v1.1.0 (stable)", "v1.0": "v1.0.0"}


def release_elsewhere(folder: Path) -> None:
    """Release 1.0.0 from another clone."""
    text = PYPROJECT.replace("0.1.0", "1.0.0")
    (folder / "pyproject.toml").write_text(text)
    command = [sys.executable, "-m", "modelyard", "site", "release", "--push"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.usefixtures("project")
def test_an_origin_that_refuses_leaves_the_branch_as_it_was(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "TRIES", 2)
    hook = Path("../origin/hooks/update")
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert site.main(["latest", "--push"]) == 1
    assert "error: origin refused gh-pages 2 times" in capfd.readouterr().err
    assert branches() == ["main"]


@pytest.mark.usefixtures("project")
def test_an_origin_that_cannot_be_reached_is_named_before_anything_is_built(
    capfd: pytest.CaptureFixture[str],
) -> None:
    git("remote", "set-url", "origin", "../nothing")
    assert site.main(["latest", "--push"]) == 1
    assert "error: origin cannot be asked for the versions there" in capfd.readouterr().err
    assert branches() == ["main"]


@pytest.mark.usefixtures("project")
def test_an_older_patch_takes_no_page_from_a_later_one(capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1.0.1", "1.0.0"):
        set_version(version)
        assert site.main(["release"]) == 0
    assert versions() == {"v1.0": "v1.0.1 (stable)"}
    assert "shows a later patch than 1.0.0 already" in capsys.readouterr().out

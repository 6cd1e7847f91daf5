"""The documentation is whole, true, and read without any other host."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
import reference
from pydantic import BaseModel
from support import ROOT, bake

from modelyard.__main__ import COMMANDS
from modelyard.config.schema import Config, ProjectConfig
from modelyard.model_tests.definition import ModelTest
from modelyard.publishing.environment_file import EnvironmentSection
from modelyard.zoo.entries import Entry

PAGES = sorted((ROOT / "docs").rglob("*.md"))
TEMPLATES_README = ROOT / "README.md"
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
TARGET = re.compile(r"\bmake ([a-z][a-z_-]*)")
MODULE = re.compile(r"python -m ((?:src|ci)[\w.]*)")
COMMAND = re.compile(r"\bmodelyard ([a-z][a-z0-9-]*(?: [a-z][a-z-]*)?)")
LOADED = {"img": "src", "link": "href", "script": "src", "iframe": "src", "source": "src"}
OTHER_HOST = re.compile(r"(?:https?:)?//")
# Links that a browser does not load by itself.
FOLLOWED = {"canonical", "next", "prev"}
# Programs that a reader may have to install, or has; the rest must be of the project.
KNOWN = {
    ".", "IMAGE=REGISTRY/digit_classifier:$(git", "cd", "conda", "digit-classifier-predict",
    "docker", "dvc", "gcloud", "gh", "git", "kubectl", "make", "model_signing", "modelyard",
    "openssl", "pip", "python", "sed", "sh", "uvx",
}  # fmt: skip
OLD_NAMES = ROOT / "docs/reference/commands.md"


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bake(tmp_path_factory.mktemp("documented"))


class Loaded(HTMLParser):
    """Collects the addresses that a browser asks for as soon as a page is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        address = found.get(LOADED.get(tag, ""), "")
        if address and not FOLLOWED & set((found.get("rel") or "").split()):
            self.addresses.append(address)


def test_every_page_is_built_and_asks_no_other_host(site: Path) -> None:
    built = sorted(site.rglob("*.html"))
    assert len(built) >= len(PAGES)
    for page in built:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert [one for one in loaded.addresses if OTHER_HOST.match(one)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )['\"]?(?:https?:)?//", sheet.read_text("utf-8"))


@pytest.mark.parametrize("module", ["config", "data", "search", "tasks", "training"])
def test_every_public_name_is_on_the_page_of_the_modules(site: Path, module: str) -> None:
    page = (site / "reference/python/index.html").read_text(encoding="utf-8")
    shown = set(re.findall(rf'id="modelyard\.{module}\.([\w.]+)"', page))
    # A function may be called as its module is.
    missing = [name for name in public(module) if not {name, f"{name}.{name}"} & shown]
    assert [name for name in missing if name not in ("SPLITS", "Split")] == []


def public(module: str) -> list[str]:
    """Return what a module says is public, without importing TensorFlow for it."""
    tree = ast.parse(text(ROOT / "src/modelyard" / module / "__init__.py"))
    names = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    found: list[str] = ast.literal_eval(names[0])
    return found


def test_the_reference_is_that_of_today_s_schema() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run `make docs`"


def test_every_key_is_on_the_reference_page_with_its_reason() -> None:
    text = reference.PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    one_per_name = (ModelTest, EnvironmentSection, Entry)
    keys = {*declared(ProjectConfig), *declared(Config)}
    keys |= {f"NAME.{key}" for section in one_per_name for key in declared(section)}
    # A limit of a model test is written in a form of its own.
    keys = {key for key in keys if not key.startswith("NAME.metrics[")}
    assert keys - listed == set()
    assert re.findall(r"^\| `([^`]+)` .*\|\s*\|$", text, re.MULTILINE) == []


def declared(section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield name
        for mark, inner in sections(field.annotation):
            yield from (f"{name}{mark}.{key}" for key in declared(inner))


def sections(annotation: Any, mark: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the sections that an annotation may hold, and what stands before their keys."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield mark, annotation
    origin = getattr(annotation, "__origin__", None)
    mark += {dict: ".NAME", list: "[]"}.get(origin, "") if origin else ""
    for member in get_args(annotation):
        yield from sections(member, mark)


def test_every_command_is_on_a_page_of_its_own_besides_the_list() -> None:
    others = "\n".join(text(page) for page in PAGES if page != OLD_NAMES)
    assert [name for name in COMMANDS if f"modelyard {name}" not in others] == []
    listed = text(OLD_NAMES)
    assert [name for name in COMMANDS if not named(name, listed)] == []


def named(command: str, listed: str) -> bool:
    room, _, word = command.partition(" ")
    return f"`modelyard {room}`" in listed and (not word or f"`{word}`" in listed)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def written(page: Path) -> str:
    """Return the commands of a page: its blocks of shell, and what stands between backticks."""
    return "\n".join([*BLOCK.findall(text(page)), *INLINE.findall(text(page))])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_target_that_a_page_names_exists(page: Path, project: Path) -> None:
    check_names(written(page), targets(project), old_names=page == OLD_NAMES)


def test_every_command_and_target_that_a_readme_names_exists(project: Path) -> None:
    check_names(written(TEMPLATES_README), targets(project) | targets(ROOT))
    for name in ("README.md", "src/data/README.md", "src/models/README.md"):
        check_names(written(project / name), targets(project))


def targets(folder: Path) -> set[str]:
    return set(re.findall(r"^([a-z_-]+):", text(folder / "Makefile"), re.MULTILINE))


def check_names(commands: str, known: set[str], *, old_names: bool = False) -> None:
    assert set(TARGET.findall(commands)) <= known
    first = {name.split()[0] for name in COMMANDS}
    for words in COMMAND.findall(commands):
        room, _, word = words.partition(" ")
        assert room in first, words
        assert room != "cloud" or not word or words in COMMANDS, words
    if not old_names:
        now = {"publish", "unpublish", "run_tests", "publish_models", "withdraw"}
        assert set(MODULE.findall(commands)) <= {"src.run", *(f"ci.{name}" for name in now)}


@pytest.mark.parametrize("page", [*PAGES, TEMPLATES_README], ids=lambda page: page.stem)
def test_a_block_of_shell_runs_programs_that_a_reader_has(page: Path) -> None:
    for block in BLOCK.findall(text(page)):
        lines = block.replace("\\\n", " ").splitlines()
        first = {line.split()[0] for line in lines if line.strip()}
        assert first <= KNOWN, first - KNOWN

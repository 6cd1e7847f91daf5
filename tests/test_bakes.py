"""Every answer set bakes a complete, well-formed project that runs on any system."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import SITE
from ruamel.yaml import YAML
from support import (
    EXPECTED,
    ROOT,
    TEMPLATE,
    Bake,
    bake,
    clean_template,
    expected_files,
    files,
    texts,
)

DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
PARSERS: dict[str, Callable[[str], object]] = {
    ".ipynb": json.loads,
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": YAML(typ="safe").load,
}


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in files(folder)}


def test_a_bake_has_exactly_the_expected_files(project: Path) -> None:
    model = next((project / "models").iterdir()).name
    task = YAML(typ="safe").load((project / "config.yaml").read_text(encoding="utf-8"))
    wanted = expected_files(task["data"]["task"], model)
    wanted -= set() if (project / "mkdocs.yml").exists() else SITE
    assert names(project) == wanted, "amend tests/expected_files.txt"


def test_the_list_of_expected_files_is_sorted() -> None:
    assert sorted(EXPECTED) == EXPECTED


def test_nothing_is_left_unrendered(project: Path) -> None:
    for path, text in texts(project):
        assert "cookiecutter." not in text, path
        if path.suffix not in {".py", ".ipynb"}:
            # ${{ x }} of workflows and ${x} of DVC are meant to be there.
            assert not re.search(r"(?<!\$)\{\{|\{%|\{#", text), path


def test_every_file_parses(project: Path) -> None:
    for path in files(project):
        if parse := PARSERS.get(path.suffix):
            parse(path.read_text(encoding="utf-8"))


def test_rendering_leaves_no_ragged_lines(project: Path) -> None:
    for path, text in texts(project):
        if text and path.name != "LICENSE":
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert not re.search(r"[ \t\r]$|\n\n\n\n", text, re.MULTILINE), path


@pytest.mark.parametrize(
    "folder", [ROOT / "hooks", ROOT / "tests", TEMPLATE], ids=lambda at: at.name
)
def test_every_name_is_legal_on_windows_and_differs_in_more_than_case(folder: Path) -> None:
    found = [path.relative_to(folder) for path in files(folder)]
    assert len({str(path).lower() for path in found}) == len(found)
    for part in {part for path in found for part in path.parts}:
        assert not re.search(r'[<>:"|?*\\]|[. ]$', part), part
        assert not DEVICE.fullmatch(part), part


def test_baking_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    bakes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        project = bake(tmp_path / name)
        bakes.append({name: (project / name).read_bytes() for name in names(project)})
    assert bakes[0] == bakes[1]


def test_python_is_copied_as_it_stands(bake: Bake) -> None:
    project = bake()
    inside = clean_template() / TEMPLATE.name
    copies = sorted((project / "src").rglob("*.py"))
    assert copies
    for copy in copies:
        name = copy.relative_to(project)
        assert copy.read_bytes() == (inside / name).read_bytes(), name


def test_shell_scripts_start_on_any_system(bake: Bake) -> None:
    scripts = sorted(bake().glob("*.sh"))
    assert scripts
    for path in scripts:
        assert path.read_bytes().startswith(b"#!/bin/sh\n"), path
        assert b"\r" not in path.read_bytes(), path

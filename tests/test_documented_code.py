"""Python in the documentation and in a bake's READMEs passes the `make lint` of a bake."""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from documented import Block, blocks
from support import ROOT, TEMPLATE, bake, run

PAGES = ("cookbook", "data", "large", "model", "own_data")
BIN = Path(sys.executable).parent
READMES = ("src/data/README.md", "src/models/README.md")


def python(pages: list[Path]) -> Iterator[Block]:
    """Yield the blocks of Python; each is a whole module and says which."""
    for page in pages:
        found = [block for block in blocks(page) if block.language == "python"]
        assert [block.heading for block in found if not block.file] == [], page
        yield from found


@pytest.fixture(params=("image_classification", "instance_segmentation"))
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a bake with all documented code where the line above it says."""
    project = bake(tmp_path, task=request.param)
    for module in (TEMPLATE / "src/models").glob("*.py"):  # pages are for the other tasks, too
        shutil.copy(module, project / "src/models")
    pages = [ROOT / f"docs/{name}.md" for name in PAGES]
    for block in python([*pages, *(project / name for name in READMES)]):
        file = project / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.code, encoding="utf-8")
    return project


def test_documented_code_passes_make_lint(project: Path) -> None:
    run(project, str(BIN / "ruff"), "check", "--no-cache", ".")
    run(project, str(BIN / "ruff"), "format", "--no-cache", "--check", ".")
    # Errors elsewhere are of libraries without types, which the bake's environment does not check.
    found = run(project, str(BIN / "mypy"), check=False, MYPYPATH=str(ROOT / "src"))
    assert re.findall(r"^(?:src|tests)/.*: error: .*", found, re.MULTILINE) == []
    assert "errors prevented further checking" not in found


def test_the_cookbook_s_stage_stands_between_prepare_and_the_model(tmp_path: Path) -> None:
    project = bake(tmp_path)
    found = [block for block in blocks(ROOT / "docs/cookbook.md") if "distinct" in block.code]
    script, stage, model = found
    (project / script.file).write_text(script.code)
    pipeline, config = project / "dvc.yaml", project / "models/digits_classifier/config.yaml"
    indented = textwrap.indent(stage.code, "  ")
    pipeline.write_text(pipeline.read_text().replace("stages:\n", f"stages:\n{indented}\n", 1))
    before, steps = config.read_text(), config.with_name("dvc.yaml")
    old = re.findall(r"^# input_paths: .*$", before, re.MULTILINE)
    config.write_text(before.replace(old[0], model.code.strip()))
    steps.write_text(steps.read_text().replace("${data.processed}", "data/processed/distinct"))
    run(project, "git", "init", "--quiet")
    graph = run(project, str(BIN / "dvc"), "dag", "--dot")
    edges = set(re.findall(r'"(?:\S+:)?(\w+)" -> "(?:\S+:)?(\w+)"', graph))
    assert {("prepare", "distinct"), ("distinct", "train")} <= edges
    assert ("prepare", "train") not in edges

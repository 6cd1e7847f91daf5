"""One answer decides whether there is a documentation site; without it nothing of one is left."""

import re
from pathlib import Path

import pytest
from answers import SITE
from cookiecutter.main import cookiecutter
from support import Bake, bake, clean_template, files, run, texts

# Of the site's tools, and of where it is built and kept.
WORDS = re.compile(
    r"mkdocs|\bmike\b|gh-pages|modelyard site|docs\.yaml|documentation site|make docs"
)
ASKING = ".github/workflows/release.yaml"  # copied as it is: it looks whether there is a site


def names(project: Path) -> set[str]:
    return {path.relative_to(project).as_posix() for path in files(project)}


def test_without_a_site_exactly_its_files_are_missing(tmp_path: Path) -> None:
    wanted, unwanted = bake(tmp_path / "yes"), bake(tmp_path / "no", docs="no")
    assert names(wanted) - names(unwanted) == SITE
    assert names(unwanted) <= names(wanted)
    assert not (unwanted / "docs").exists()


@pytest.mark.parametrize("task", ["image_classification", "instance_segmentation"])
def test_without_a_site_nothing_mentions_one(bake: Bake, task: str) -> None:
    project = bake(docs="no", task=task)
    for path, text in texts(project):
        name = path.relative_to(project).as_posix()
        said = WORDS.search(text)
        assert not said or name == ASKING, f"{name}: {said}"


@pytest.mark.parametrize(("answer", "offered"), [("yes", True), ("true", True), ("no", False)])
def test_make_offers_what_there_is(bake: Bake, answer: str, *, offered: bool) -> None:
    assert ("docs " in run(bake(docs=answer), "make", "help")) == offered


def test_whoever_changes_their_mind_keeps_pages_of_their_own(tmp_path: Path) -> None:
    project = bake(tmp_path)
    (project / "docs/team.md").write_text("# Team\n")
    cookiecutter(
        str(clean_template()),
        no_input=True,
        overwrite_if_exists=True,
        extra_context={"docs": "no"},
        output_dir=str(tmp_path),
    )
    assert {path.name for path in (project / "docs").iterdir()} == {"team.md"}
    assert not names(project) & SITE

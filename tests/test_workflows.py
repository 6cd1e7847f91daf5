"""Workflows and bots' settings, the template's and the generated ones, are valid and safe."""

import re
import sys
from pathlib import Path

import pytest
from answers import TEXTS, Answers
from support import ROOT, Bake, run

PROGRAMS = Path(sys.executable).parent
BAKED: dict[str, Answers] = {
    "defaults": {},
    "bucket": {"dvc_remote_url": "gs://bucket/path"},
    "nasty": {
        "project_slug": "digits",
        "project_name": TEXTS["shell"],
        "author_name": TEXTS["yaml"],
    },
}


@pytest.fixture(params=["template", *BAKED], name="workflows")
def _workflows(request: pytest.FixtureRequest, bake: Bake) -> list[Path]:
    root = ROOT if request.param == "template" else bake(**BAKED[request.param])
    return sorted((root / ".github/workflows").glob("*"))


def test_workflows_pass_github_s_schema(workflows: list[Path]) -> None:
    checker = (str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows")
    run(ROOT, *checker, *map(str, workflows))


def test_zizmor_finds_nothing_in_workflows(workflows: list[Path]) -> None:
    options = ("--offline", "--no-progress", "--persona", "pedantic")
    run(ROOT, str(PROGRAMS / "zizmor"), *options, *map(str, workflows))


def test_actions_are_pinned_by_commit_and_name_their_version(workflows: list[Path]) -> None:
    for path in workflows:
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", line), (path.name, line)


def test_renovate_understands_its_settings() -> None:
    checker = (str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.renovate")
    run(ROOT, *checker, ".github/renovate.json")

"""Workflows and bots' settings, the template's and the generated ones, are valid and safe."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from answers import TEXTS, Answers
from github.expressions import SOURCES
from nodejs import installed, node
from ruamel.yaml import YAML
from support import ROOT, Bake, run

ENGINE_STEP = "Find the engine"
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


def test_github_s_own_parser_finds_nothing_in_workflows(workflows: list[Path]) -> None:
    assert said_by_github(*workflows) == []


BROKEN = {
    "an unknown context": ("if: github.ref", "if: gitub.ref"),
    "an unknown function": ("if: github.ref", "if: startWith(github.ref, 'x')"),
    "a job that does not exist": ("runs-on:", "needs: nothing\n    runs-on:"),
    "a misspelt key": ("runs-on:", "run-on:"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_github_s_own_parser_would_find_a_mistake(mistake: str, tmp_path: Path) -> None:
    good = "on: push\njobs:\n  job:\n    if: github.ref\n    runs-on: x\n    steps: [{run: ls}]\n"
    path = tmp_path / "workflow.yaml"
    path.write_text(good)
    assert said_by_github(path) == []
    path.write_text(good.replace(*BROKEN[mistake]))
    assert said_by_github(path)


def said_by_github(*paths: Path) -> list[str]:
    """Return the errors that GitHub's parser finds in workflows."""
    command = ("node", "validate.mjs", *map(str, paths))
    found = map(json.loads, node(*command, cwd=installed(SOURCES)).splitlines())
    return [f"{one['path']}:{one['line']}: {one['message']}" for one in found]


def test_zizmor_finds_nothing_in_workflows(workflows: list[Path]) -> None:
    options = ("--offline", "--no-progress", "--persona", "pedantic")
    run(ROOT, str(PROGRAMS / "zizmor"), *options, *map(str, workflows))


def test_actions_are_pinned_by_commit_and_name_their_version(workflows: list[Path]) -> None:
    for path in workflows:
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", line), (path.name, line)


def found_engine(project: Path) -> str:
    """Run the step that three jobs have in common; return the PYTHONPATH that it sets."""
    documents = [YAML(typ="safe").load(path) for path in project.glob(".github/workflows/*")]
    jobs = [job for document in documents for job in document["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"] if step.get("name") == ENGINE_STEP]
    assert len(steps) == 3
    (script,) = {step["run"] for step in steps}
    variables, path = project.parent / "variables", project.parent / "path"
    run(project, "bash", "-e", "-c", script, GITHUB_ENV=str(variables), GITHUB_PATH=str(path))
    assert path.read_text() == f"{project}/.venv/bin\n"
    name, _, value = variables.read_text().strip().partition("=")
    assert name == "PYTHONPATH"
    return value


def test_jobs_without_an_environment_run_the_engine_from_its_wheel(bake: Bake) -> None:
    project = bake()
    (project / "setup.sh").write_text("exit 1\n")
    bare = (sys.executable, "-S", "-m", "modelyard")  # without site-packages
    said = run(project, *bare, "cloud", "reap", "--help", PYTHONPATH=found_engine(project))
    assert said.startswith("usage: modelyard cloud reap")


def test_jobs_without_an_environment_install_the_engine_where_there_is_no_wheel(bake: Bake) -> None:
    project = bake()
    shutil.rmtree(project / "vendor")
    (project / "setup.sh").write_text('echo "$@" >asked\n')
    found_engine(project)
    assert (project / "asked").read_text() == "--only-group check\n"


def test_renovate_understands_its_settings() -> None:
    checker = (str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.renovate")
    run(ROOT, *checker, ".github/renovate.json")

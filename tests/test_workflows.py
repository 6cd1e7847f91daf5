"""Workflows and bots' settings, the template's and the generated ones, are valid and safe."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from answers import TEXTS, Answers
from github.expressions import SOURCES, condition, interpolate
from nodejs import installed, node
from ruamel.yaml import YAML
from support import ROOT, Bake, run

CHECK_STEP, ENGINE_STEP = "Check the settings", "Find the engine"
# GitHub announced that Node 20 leaves its runners on 2026-09-16:
# https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/
OLDEST_NODE = 24
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
        for line in re.findall(r"\buses: (.*@.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", line), (path.name, line)


def pinned() -> dict[str, set[tuple[str, str]]]:
    """Return commit and version of every action in the template's and the bakes' workflows."""
    found: dict[str, set[tuple[str, str]]] = {}
    for folder in (ROOT, ROOT / "{{cookiecutter.project_slug}}"):
        for path in folder.glob(".github/workflows/*"):
            for name, *pin in re.findall(r"uses: ([^@]+)@(\S+) # (\S+)", path.read_text("utf-8")):
                found.setdefault(name, set()).add((pin[0], pin[1]))
    return found


def test_the_runtime_of_every_pinned_action_is_known_and_current() -> None:
    table = YAML(typ="safe").load(ROOT / "tests/actions.yaml")
    assert pinned() == {name: {(one["commit"], one["version"])} for name, one in table.items()}
    for name, one in table.items():
        node = re.fullmatch(r"node(\d+)", one["runtime"])
        assert "reason" in one or (node and int(node[1]) >= OLDEST_NODE), (name, one["runtime"])


APPS: list[tuple[dict[str, str], str]] = [
    ({"CML_APP_CLIENT_ID": "Iv1.0a"}, "Iv1.0a"),
    ({"CML_APP_ID": "77"}, "77"),  # as projects before client IDs have it
    ({"CML_APP_CLIENT_ID": "Iv1.0a", "CML_APP_ID": "77"}, "Iv1.0a"),
    ({}, ""),
]


def test_the_app_is_named_by_its_client_id_or_by_its_number(bake: Bake) -> None:
    document = YAML(typ="safe").load(bake() / ".github/workflows/cml.yaml")
    steps = document["jobs"]["deploy_runner"]["steps"]
    (app,) = [step for step in steps if step.get("id") == "app"]
    (checked,) = [step["env"]["CML_APP"] for step in steps if step.get("name") == CHECK_STEP]
    for variables, expected in APPS:
        contexts = {
            "vars": {"GCP_PROJECT": "a-project", **variables},
            "secrets": {"CML_APP_PRIVATE_KEY": "a-key"},
        }
        assert condition(app["if"], contexts, "success") == bool(expected)
        assert interpolate(app["with"]["client-id"], contexts) == expected
        assert interpolate(checked, contexts) == expected


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

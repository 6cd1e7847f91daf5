"""The package reaches every kind of environment, is taken back, and works where it is installed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from registries.index import package_index
from registries.store import FileServer, file_store
from support import Bake, ProjectEnvironment, run

from pipeline.stages import MODEL, Project, equipped

TOKENS = {"INDEX_TOKEN": "index-token-not-to-be-seen", "STORE_TOKEN": "store-token-not-to-be-seen"}
WHEEL = "digit_classifier-0.1.0-py3-none-any.whl"
NAMES = ("folder", "index", "store", "bucket")
ENVIRONMENTS = """
folder: {{host: "file://..", path: packages}}
index: {{host: "pypi+http://publisher@{index}", token: "${{INDEX_TOKEN}}"}}
store: {{host: "http://{store}", path: team a/digits, token: "${{STORE_TOKEN}}"}}
bucket: {{host: "gs://bucket", path: packages}}
"""


@dataclass(frozen=True)
class Registries:
    """A project with four environments, and the servers behind them."""

    project: Project
    store: FileServer
    index: str
    root: Path
    variables: dict[str, str]

    def ask(self, module: str, *arguments: str, project: Project | None = None) -> tuple[bool, str]:
        """Run a command; return whether it succeeded, and what it printed."""
        program = ("python", "-c", f"import sys, {module} as m; print('exit', m.main())")
        printed = (project or self.project).run(*program, *arguments, variables=self.variables)
        assert not [token for token in TOKENS.values() if token in printed]
        return "exit 0" in printed, printed

    def publish(self, *arguments: str, project: Project | None = None) -> tuple[bool, str]:
        """Run `python -m ci.publish`."""
        return self.ask("ci.publish", *arguments, project=project)

    def unpublish(self, *arguments: str) -> tuple[bool, str]:
        """Run `python -m ci.unpublish` for version 0.1.0."""
        package = ("--package", "digit-classifier", "--version", "0.1.0")
        return self.ask("ci.unpublish", *package, *arguments)


def committed(path: Path, environment: ProjectEnvironment) -> Project:
    """Give a bake the common environment and a first commit."""
    project = equipped(path, environment)
    project.run("git", "init", "--quiet")
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "Begin")
    return project


def rows(printed: str) -> dict[str, str]:
    """Return the results by environment, as the table shows them."""
    cells = [line.split("│")[1:-1] for line in printed.splitlines() if line.startswith("│")]
    return {row[0].strip(): row[1].strip() for row in cells if row[0].strip()}


@pytest.fixture
def registries(
    bake: Bake,
    project_environment: ProjectEnvironment,
    bucket: dict[str, str],
    tmp_path: Path,
) -> Iterator[Registries]:
    """Serve an index, a store of files and a bucket."""
    with ExitStack() as servers:
        token = TOKENS["INDEX_TOKEN"]
        index = servers.enter_context(package_index(tmp_path / "index", "publisher", token))
        store = servers.enter_context(file_store(tmp_path / "store", TOKENS["STORE_TOKEN"]))
        path = bake()
        text = ENVIRONMENTS.format(index=index, store=store.address)
        (path / "environments.yaml").write_text(text)
        project = committed(path, project_environment)
        variables = {**bucket, **TOKENS, "COLUMNS": "200"}
        yield Registries(project, store, index, tmp_path, variables)


def test_a_version_is_published_everywhere_taken_back_and_published_again(
    registries: Registries,
) -> None:
    stored = registries.root / "store/team a/digits/digit_classifier/0.1.0"
    for _ in range(2):
        assert (True, dict.fromkeys(NAMES, "published")) == outcome(registries.publish())
        folder = registries.root / "packages/digit_classifier/0.1.0"
        wheels = [path / WHEEL for path in (folder, stored, registries.root / "index/packages")]
        assert {sha256(wheel.read_bytes()).hexdigest() for wheel in wheels} == {
            json.loads((stored / "package.json").read_text())["sha256"]
        }
        received = registries.store.received
        success, printed = registries.publish()
        assert success
        assert rows(printed) == dict.fromkeys(NAMES, "already present")
        assert "Skipping index: version 0.1.0 is already present." in printed
        assert registries.store.received == received  # not a byte of a file was sent
        assert (True, dict.fromkeys(NAMES, "removed")) == outcome(registries.unpublish())
        assert not [path for path in wheels if path.exists()]
        assert (False, dict.fromkeys(NAMES, "was not there")) == outcome(registries.unpublish())


def outcome(result: tuple[bool, str]) -> tuple[bool, dict[str, str]]:
    return result[0], rows(result[1])


def test_environments_that_refuse_fail_alone_and_the_next_run_repairs_them(
    registries: Registries,
) -> None:
    registries.variables.update(dict.fromkeys(TOKENS, "wrong-token"))
    success, printed = registries.publish()
    assert not success
    assert rows(printed) == {
        "folder": "published",
        "index": "failed",
        "store": "failed",
        "bucket": "published",
    }
    assert "error: index: the token in ${INDEX_TOKEN} may not do this" in printed
    assert "error: store: the token in ${STORE_TOKEN} may not do this" in printed
    assert "wrong-token" not in printed
    registries.variables.update(TOKENS)
    success, printed = registries.publish()
    assert success
    assert rows(printed)["store"] == rows(printed)["index"] == "published"


def test_another_commit_of_the_same_version_is_refused_until_the_version_is_raised(
    registries: Registries,
) -> None:
    assert registries.publish()[0]
    registries.project.replace("src/__init__.py", "All else", "Everything else")
    success, printed = registries.publish()
    assert not success
    assert "without what changed since: src/__init__.py; commit it" in printed
    registries.project.run("git", "commit", "--quiet", "--all", "--message", "Change")
    success, printed = registries.publish()
    assert (success, rows(printed)) == (False, dict.fromkeys(NAMES, "failed"))
    assert printed.count("version 0.1.0 is there with other content") == len(NAMES)
    registries.project.replace("pyproject.toml", 'version = "0.1.0"', 'version = "0.1.1"')
    registries.project.run("git", "commit", "--quiet", "--all", "--message", "Raise")
    assert (True, dict.fromkeys(NAMES, "published")) == outcome(registries.publish())


def test_of_two_who_publish_different_commits_at_once_exactly_one_succeeds(
    registries: Registries,
) -> None:
    projects = [registries.project, registries.project.clone()]
    projects[1].run("git", "commit", "--quiet", "--allow-empty", "--message", "Another")
    command = [str(registries.project.environment.folder / "bin/python"), "-m", "ci.publish"]
    variables = registries.project.environment.variables | registries.variables
    started = [
        subprocess.Popen(
            [*command, "--env", "store"],
            cwd=project.path,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for project in projects
    ]
    printed = [process.communicate()[0].decode() for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 1], printed
    winner = projects[codes.index(0)].path / "dist" / WHEEL
    stored = registries.root / "store/team a/digits/digit_classifier/0.1.0" / WHEEL
    assert stored.read_bytes() == winner.read_bytes()


@pytest.mark.parametrize("task", ["image_classification", "object_detection"])
def test_a_new_project_publishes_to_a_folder_beside_it_and_its_clone_builds_the_same(
    task: str, bake: Bake, project_environment: ProjectEnvironment
) -> None:
    project = committed(bake(task=task), project_environment)
    project.run("python", "-m", "ci.publish")
    name = project.path.name
    packages = project.path.parent / f"{name}_packages"
    (wheel,) = packages.rglob(f"{name}-*.whl")
    (engine,) = packages.rglob("modelyard-*.whl")
    assert engine.read_bytes() == (project.path / "vendor" / engine.name).read_bytes()
    clone = equipped(project.clone().path, project_environment)
    clone.run("git", "config", "core.autocrlf", "true")
    clone.run("sh", "-c", "umask 077; find . -name '*.py' -exec touch -t 200101010101 {} +")
    clone.run("sh", "-c", "umask 077; TZ=Asia/Tokyo python -m ci.publish")
    assert (clone.path / "dist" / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.fixture
def installed(
    registries: Registries,
    finished: Project,
    project_environment: ProjectEnvironment,
    tmp_path: Path,
) -> ProjectEnvironment:
    """Publish a trained model, then its project's package, and install that in an environment.

    The environment has what both need, and both come from the index.
    """
    shutil.copy(registries.project.path / "environments.yaml", finished.path)
    finished.replace("config.yaml", "buckets: []", f"buckets: ['file://{tmp_path}/official']")
    finished.run("git", "commit", "--quiet", "--all", "--message", "Buckets")
    finished.run("python", "-m", "ci.publish_models")
    finished.run("git", "add", "--all")
    finished.run("git", "commit", "--quiet", "--allow-empty", "--message", "Publish")
    assert registries.publish("--env", "index", project=finished)[0]
    folder = tmp_path / "fresh"
    run(tmp_path, sys.executable, "-m", "venv", str(folder))
    (site,) = folder.glob("lib/python*/site-packages")
    (dependencies,) = project_environment.folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    index = f"http://{registries.index}/simple/"
    options = ("--quiet", "--no-deps", "--disable-pip-version-check", "--index-url", index)
    packages = ("digit-classifier==0.1.0", "modelyard")  # not the checkout's, which is on the path
    run(tmp_path, str(folder / "bin/pip"), "install", "--ignore-installed", *options, *packages)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return ProjectEnvironment(folder, {"PATH": path, "MODELYARD_CACHE": str(tmp_path / "cache")})


ASK = f"""
from modelyard.pipeline.provenance import git_commit
from modelyard.serving.predictor import load_predictor
print(git_commit(), load_predictor("{MODEL}@v1.0.0").file)
"""


def test_the_installed_package_works_without_the_project(
    installed: ProjectEnvironment, finished: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for command in ("run", "predict", "serve"):
        said = installed.run(elsewhere, f"digit-classifier-{command}", "--help")
        assert said.startswith(f"usage: digit-classifier-{command} ")
    official = finished.yaml(f"official_models/{MODEL}/config.yaml")["public_checkpoint"]
    image = next((finished.path / "data/raw/digits").rglob("*.png"))
    installed.run(elsewhere, "digit-classifier-predict", MODEL, str(image))
    finished.run("modelyard", "predict", f"models/{MODEL}", str(image))
    here, there = (path / "predictions.csv" for path in (finished.path, elsewhere))
    assert there.read_text() == here.read_text()
    shutil.rmtree(tmp_path / "official")  # from now on it comes from the cache
    head = finished.run("git", "rev-parse", "HEAD").strip()
    cached = tmp_path / "cache/official" / official
    assert installed.run(elsewhere, "python", "-c", ASK).split() == [head, str(cached)]
    listed = installed.run(elsewhere, "modelyard", "models").splitlines()
    assert listed[0] == f"The package digit-classifier 0.1.0, from file://{tmp_path}/official"
    assert listed[1].startswith(f"  {MODEL}@v1.0.0  accuracy 0.9")
    shutil.copy(finished.path / "config.yaml", elsewhere)
    shutil.copytree(finished.path / "models", elsewhere / "models")
    assert installed.run(elsewhere, "python", "-m", "digit_classifier.run", "check").split() == [
        MODEL
    ]
    assert installed.run(elsewhere, "digit-classifier-run", "check").split() == [MODEL]

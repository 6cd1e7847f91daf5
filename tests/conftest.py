"""Fixtures: bakes that leave nothing behind, and one environment for all that run."""

import gc
import hashlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from answers import ANSWER_SETS
from github import expressions
from pipeline import warm
from support import ROOT, Bake, ProjectEnvironment, bake, isolated, run, shared

LONGEST = (ROOT / "tests/longest_files.txt").read_text(encoding="utf-8").split()
# Two workers on two cores: a second thread of OpenBLAS, which numpy loads after this, would only
# wait for a core. It made a Bayesian search take ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
BUCKETS = ("adlfs>=2025.8", "s3fs>=2025.3")  # what DVC brings for az:// and s3://


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave out of later garbage collections what lives as long as the session.

    Keras collects garbage whenever a training begins. With thousands of collected tests and all of
    TensorFlow to look through, that was a third of the time of a training.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that all workers end at about the same time.

    This needs `--no-loadscope-reorder`, or pytest-xdist begins with the files of most tests.
    """
    ranks = {ROOT / "tests" / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which files took longest, for longest_files.txt."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.partition("::")[0]] += report.duration  # type: ignore[assignment]
    if terminalreporter.config.option.durations:
        terminalreporter.section("longest files")
        for name, total in seconds.most_common(40):
            terminalreporter.write_line(f"{total:7.1f} s  {name}")


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        # cookiecutter leaves a temporary file behind for every hook.
        patch.setattr(tempfile, "tempdir", str(scratch))
        for name, value in isolated(scratch).items():
            patch.setenv(name, value)
        # No test is cut off from power: waiting for the disk would take a minute of all.
        patch.setattr(os, "fsync", lambda _: None)
        # Without compiled files every start of TensorFlow takes twice as long.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    """End the processes that tests have started for all: for GitHub's expressions, for stages."""
    yield
    expressions.stop()
    warm.stop()


@pytest.fixture(name="bake")
def _bake(tmp_path: Path) -> Bake:
    """Bake a project of the test's own."""
    return lambda **answers: bake(tmp_path, **answers)


@pytest.fixture(params=ANSWER_SETS)
def project(request: pytest.FixtureRequest) -> Path:
    """Every answer set's project in turn, to be read only."""
    return _baked(request.param)


@cache
def _baked(answers: str) -> Path:
    """Bake an answer set once in a session, whichever files ask for it."""
    return bake(Path(tempfile.mkdtemp()), **ANSWER_SETS[answers])


@pytest.fixture(scope="session")
def project_environment(tmp_path_factory: pytest.TempPathFactory) -> ProjectEnvironment:
    """The one environment for bakes: their requirements with dvc[gs], their groups, the engine.

    Those of segmentation: the other tasks need no more. The engine is that of the checkout, so that
    a change in it needs no other environment; that a bake's own wheel works, `first_run` shows.
    """
    answers = {"task": "instance_segmentation", "dvc_remote_url": "gs://bucket/path"}
    project = bake(tmp_path_factory.mktemp("required"), **answers)
    required = [project / "requirements.txt", project / "pyproject.toml", ROOT / "pyproject.toml"]
    content = b"".join(path.read_bytes() for path in required) + sys.version.encode()
    name = f"project-environment-{hashlib.sha256(content).hexdigest()[:12]}"
    folder = shared(ROOT / ".cache", name, lambda folder: _install(project, folder))
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    variables = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder),
        "UV_NO_SYNC": "1",  # no run.sh may change what all share
    }
    return ProjectEnvironment(folder, variables)


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _install(project: Path, folder: Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    run(project, uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder))
    listed = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    packages = [line.partition("#")[0].strip() for line in listed]
    others = [name for name in packages if name and not name.startswith("modelyard")]
    engine = f"{ROOT}[docs,objects,publish,report,serve,train]"
    tools = [name for name in _group(project, "dev") if not name.startswith("modelyard")]
    install = (uv, "pip", "install", "--quiet", *others, *tools, *BUCKETS, "--editable", engine)
    run(project, *install, VIRTUAL_ENV=str(folder))


def _group(project: Path, name: str) -> list[str]:
    document = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return [str(requirement) for requirement in document["dependency-groups"][name]]

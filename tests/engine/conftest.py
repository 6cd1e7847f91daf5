"""Fixtures: a prepared workspace for each test, one trained workspace for all."""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from src.run import main

from .annotated import write_blanks
from .tiny import write_project

ROOT = Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"  # whose src is tested
# They train, install, deploy or start many processes; without them the rest takes a minute.
SLOW = {
    "adapters", "augmentation", "augmented_objects", "backup", "cookbook", "devices", "elsewhere",
    "engine_start", "evaluation", "exports", "keras_search", "model_tests", "model_tests_code",
    "model_tests_processes", "model_tests_training", "notebook", "objects", "other_kinds",
    "own_layer", "predict", "predict_adapters", "predict_kinds", "predict_mistakes", "recipe",
    "rehearsal", "resume", "scenes", "search", "search_hosts", "search_oracles", "search_pruning",
    "search_reasons", "serve_model", "serve_page", "site_versions", "stages", "task_validation",
    "text_tokens", "text_training", "tracked", "trainer", "zoo",
}  # fmt: skip
CACHES = itertools.count()
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long, so that `make test-fast` leaves it out."""
    slow = {Path(__file__).with_name(f"test_{name}.py") for name in SLOW}
    for item in items:
        if item.path in slow:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache of official models, each test's own; the first to write makes it."""
    folder = tmp_path_factory.getbasetemp() / f"cache-{next(CACHES)}"
    monkeypatch.setenv("MODELYARD_CACHE", str(folder))
    return folder / "official"


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prepared")
    write_project(root)
    stages(root, "prepare", "tune")
    return root


@pytest.fixture(scope="session")
def _trained(_prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(_prepared, root)
    stages(root, "train", "evaluate", "summary")
    return root


def stages(root: Path, *names: str) -> None:
    """Run stages in a project; each must succeed."""
    before = Path.cwd()
    os.chdir(root)
    try:
        for stage in names:
            assert main([stage]) == 0
    finally:
        os.chdir(before)


@pytest.fixture
def workspace(_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a prepared, untrained project; it is the working directory."""
    root = tmp_path / "workspace"
    shutil.copytree(_prepared, root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def trained(_trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a trained and evaluated project; it is the working directory."""
    root = tmp_path / "trained"
    shutil.copytree(_trained, root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def python() -> Run:
    """Return a function that runs Python on this code in a process of its own."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of blank images to annotate, below the working directory."""
    monkeypatch.chdir(tmp_path)
    write_blanks(Path("raw"))
    return Path("raw")

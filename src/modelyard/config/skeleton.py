"""`tool.modelyard` in the project's pyproject.toml: which engine its skeleton was made for."""

import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from modelyard import RESULTS, SKELETON
from modelyard.errors import UserError, did_you_mean

from .mistakes import shown
from .project import find_project

PYPROJECT = Path("pyproject.toml")
KEYS = ("skeleton", "results")
LARGEST = 1_000_000


def check_skeleton() -> None:
    """Refuse a project that was made for another major version of the engine.

    Raises:
        UserError: naming both versions and the command that brings them together; or `results` is
            not a whole number.
    """
    for key in _table():
        if key not in KEYS:
            hint = did_you_mean(key, KEYS)
            raise UserError(
                f"{PYPROJECT}: tool.modelyard.{key} is not a known key{hint}; allowed here: "
                f"{', '.join(KEYS)}."
            )
    wanted = _table().get("skeleton", SKELETON)
    if wanted != SKELETON or isinstance(wanted, bool):
        raise UserError(
            f"{PYPROJECT}: tool.modelyard.skeleton is {shown(wanted)}, but the installed modelyard "
            f"{version('modelyard')} works with skeletons of version {SKELETON}; bring the project "
            "up to date with `uvx cruft update`, or install the engine it was made for with "
            "`sh setup.sh`."
        )
    results()


def results() -> int:
    """Return what says that equal inputs give equal outputs.

    It is pyproject.toml's, as skeletons of version 1.0 have it, else that of src/run.py.

    Raises:
        UserError: it is not a whole number.
    """
    project, place = find_project(), "src/run.py: results"
    found = project.results if project else RESULTS
    if names_results():
        place, found = f"{PYPROJECT}: tool.modelyard.results", _table()["results"]
    if type(found) is not int or not 0 < found <= LARGEST:
        raise UserError(f"{place} is {shown(found)}; write {RESULTS}.")
    return found


def names_results() -> bool:
    """Say whether pyproject.toml has `results`, as it has in skeletons of version 1.0."""
    return "results" in _table()


def _table() -> dict[str, Any]:
    try:
        stat = PYPROJECT.stat()
    except OSError:  # an installed package, or a folder of a model test
        return {}
    return _read(str(PYPROJECT.resolve()), stat.st_mtime_ns)


@cache
def _read(path: str, _changed: int) -> dict[str, Any]:
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{PYPROJECT} is not valid TOML: {error}.") from None
    table = document.get("tool", {})
    table = table.get("modelyard", {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise UserError(f"{PYPROJECT}: tool.modelyard is {shown(table)}; write [tool.modelyard].")
    return table

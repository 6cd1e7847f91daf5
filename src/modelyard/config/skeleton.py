"""`tool.modelyard` in the project's pyproject.toml: which engine its skeleton was made for."""

import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from modelyard import RESULTS, SKELETON
from modelyard.errors import UserError

PYPROJECT = Path("pyproject.toml")


def check_skeleton() -> None:
    """Refuse a project that was made for another major version of the engine.

    Raises:
        UserError: naming both versions and the command that brings them together; or `results` is
            not a whole number.
    """
    wanted = _table().get("skeleton", SKELETON)
    if wanted != SKELETON:
        raise UserError(
            f"{PYPROJECT}: tool.modelyard.skeleton is {wanted!r}, but the installed modelyard "
            f"{version('modelyard')} works with skeletons of version {SKELETON}; bring the project "
            "up to date with `uvx cruft update`, or install the engine it was made for with "
            "`sh setup.sh`."
        )
    results()


def results() -> int:
    """Return what says that equal inputs give equal outputs: pyproject.toml's, else the engine's.

    Raises:
        UserError: it is not a whole number.
    """
    found = _table().get("results", RESULTS)
    if not isinstance(found, int) or isinstance(found, bool):
        raise UserError(f"{PYPROJECT}: tool.modelyard.results is {found!r}; write {RESULTS}.")
    return found


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
    table = document.get("tool", {}).get("modelyard", {})
    return table if isinstance(table, dict) else {}

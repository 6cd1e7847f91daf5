"""The environment of a project, read from outside: it may be half made, or another Python's."""

import os
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .finding import DamageError
from .requirement import Requirement, normalized, requirements

FOLDER = Path(".venv")
STAMP = FOLDER / ".set-up"
PYPROJECT = Path("pyproject.toml")
REQUIREMENTS = Path("requirements.txt")
LOCK = Path("uv.lock")
WITHOUT_TOOLS = re.compile(r"--(no-dev|no-default-groups|no-group[ =]dev|only-)")


@dataclass(frozen=True)
class Environment:
    """Where the packages of the project are.

    Attributes:
        folder: .venv, or another one that this Python belongs to.
        python: its interpreter.
        site: its folder of packages; None where it has none yet.
    """

    folder: Path
    python: Path
    site: Path | None

    @cached_property
    def versions(self) -> dict[str, str]:
        """The installed packages by normalised name."""
        found = (one.stem for one in self.site.glob("*.dist-info")) if self.site else ()
        parted = (name.rpartition("-") for name in found)
        return {normalized(name): version for name, _, version in parted}

    @cached_property
    def python_version(self) -> str:
        """Such as 3.12.3; empty where it is not known."""
        if self.folder.resolve() == Path(sys.prefix).resolve():
            return version_of_this()
        found = re.search(
            r"^version(?:_info)?\s*=\s*(\S+)", "\n".join(_lines(self.folder / "pyvenv.cfg")), re.M
        )
        return found[1] if found else ""

    def engine_requires(self) -> list[Requirement]:
        """Return what the installed engine needs, its extras included."""
        version = self.versions.get("modelyard")
        if self.site is None or version is None:
            return []
        metadata = _lines(self.site / f"modelyard-{version}.dist-info/METADATA")
        start = "Requires-Dist:"
        return list(requirements(line[len(start) :] for line in metadata if line.startswith(start)))


@dataclass(frozen=True)
class Stamp:
    """What setup.sh has left in .venv: its options, the folder, then of what it was made."""

    options: str
    folder: str
    inputs: tuple[str, ...]

    @property
    def unfinished(self) -> bool:
        """Whether the set-up that wrote it has not ended."""
        return bool(self.inputs) and self.inputs[0].startswith("unfinished")


def version_of_this() -> str:
    """Return the version of this Python."""
    return ".".join(map(str, sys.version_info[:3]))


def find_environment() -> Environment | None:
    """Return .venv; where setup.sh makes none (UV_NO_SYNC), that of this Python."""
    if FOLDER.is_dir():
        site = next(iter(sorted(FOLDER.glob("lib/python*/site-packages"))), None)
        return Environment(FOLDER, FOLDER / "bin/python", site)
    site = Path(sysconfig.get_path("purelib"))
    if is_set_up_elsewhere() and next(site.glob("modelyard-*.dist-info"), None):
        return Environment(Path(sys.prefix), Path(sys.executable), site)
    return None


def read_stamp() -> Stamp | None:
    """Return what setup.sh has left; None where another program made the environment."""
    lines = _lines(STAMP)
    return Stamp(lines[0], lines[1], tuple(lines[2:])) if len(lines) > 1 else None


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML document.

    Raises:
        DamageError: it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DamageError(path, f"cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise DamageError(path, f"is not valid TOML: {error}") from None


def required() -> Iterator[tuple[str, Requirement]]:
    """Yield what requirements.txt asks for, then the group `dev`, each with the file's name.

    Options of setup.sh may leave the group out, as in an image that only serves.
    """
    for one in requirements(_lines(REQUIREMENTS)):
        yield REQUIREMENTS.name, one
    stamp = read_stamp()
    if stamp and WITHOUT_TOOLS.search(stamp.options):
        return
    groups = read_toml(PYPROJECT).get("dependency-groups", {})
    for one in requirements(line for line in groups.get("dev", []) if isinstance(line, str)):
        yield PYPROJECT.name, one


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def is_set_up_elsewhere() -> bool:
    """Say whether setup.sh leaves the environment alone, as where one is shared."""
    return bool(os.environ.get("UV_NO_SYNC"))

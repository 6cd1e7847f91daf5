"""What pyproject.toml says of the package; nothing else says it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import UserError

from .names import check_package, check_version

PYPROJECT = Path("pyproject.toml")
CODE = "src"


@dataclass(frozen=True)
class Project:
    """The package of this project.

    Attributes:
        name: as `pip install` takes it.
        version: MAJOR.MINOR.PATCH.
        import_name: what the folder src is called in the wheel.
        entry_points: the commands that an installation brings, with their functions.
    """

    name: str
    version: str
    import_name: str
    entry_points: dict[str, str]


def read_project(root: Path = Path()) -> Project:
    """Read pyproject.toml in a folder.

    Raises:
        UserError: it lacks a name or folder, or its version is not MAJOR.MINOR.PATCH.
    """
    document = read_pyproject(root)
    try:
        project = document["project"]
        folders: dict[str, str] = document["tool"]["setuptools"]["package-dir"]
        name, version = project["name"], project["version"]
        import_name = next(name for name, folder in folders.items() if folder == CODE)
        entry_points = dict(project.get("scripts", {}))
    except KeyError as error:
        raise UserError(f"{PYPROJECT} lacks the key {error}; restore it from Git.") from None
    except (AttributeError, TypeError, ValueError):
        tables = "project, project.scripts and tool.setuptools.package-dir"
        raise UserError(f"{PYPROJECT}: {tables} must be tables.") from None
    except StopIteration:
        raise UserError(f'{PYPROJECT}: tool.setuptools.package-dir names no "{CODE}".') from None
    check_package(name, f"{PYPROJECT}: project.name")
    check_version(version, f"{PYPROJECT}: project.version")
    return Project(name, version, import_name, entry_points)


def read_version(root: Path = Path()) -> str:
    """Read the version in a folder's pyproject.toml, whatever builds the package.

    Raises:
        UserError: there is none, or it is not MAJOR.MINOR.PATCH.
    """
    try:
        version = read_pyproject(root)["project"]["version"]
    except (KeyError, TypeError):
        raise UserError(
            f"{PYPROJECT} lacks the key project.version; restore it from Git."
        ) from None
    check_version(version, f"{PYPROJECT}: project.version")
    return str(version)


def read_pyproject(root: Path = Path()) -> dict[str, Any]:
    """Read all of pyproject.toml in a folder.

    Raises:
        UserError: it is not there, or not TOML.
    """
    try:
        return tomllib.loads((root / PYPROJECT).read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{PYPROJECT} does not exist; run this in the project's root.") from None
    except ValueError as error:  # or not UTF-8
        raise UserError(f"{PYPROJECT} is not valid TOML: {error}.") from None

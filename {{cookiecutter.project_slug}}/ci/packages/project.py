"""What pyproject.toml says of the package; nothing else says it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from src.utils.utils import UserError

from .names import check_package, check_version

FILE = Path("pyproject.toml")
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
        UserError: it lacks a name or folder, or its version is no MAJOR.MINOR.PATCH.
    """
    try:
        document = tomllib.loads((root / FILE).read_text("utf-8"))
        project = document["project"]
        folders: dict[str, str] = document["tool"]["setuptools"]["package-dir"]
        name, version = project["name"], project["version"]
        import_name = next(name for name, folder in folders.items() if folder == CODE)
        entry_points = dict(project.get("scripts", {}))
    except FileNotFoundError:
        raise UserError(f"{FILE} does not exist; run this in the project's root.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{FILE} is no valid TOML: {error}.") from None
    except KeyError as error:
        raise UserError(f"{FILE} lacks the key {error}; restore it from Git.") from None
    except (AttributeError, TypeError, ValueError):
        tables = "project, project.scripts and tool.setuptools.package-dir"
        raise UserError(f"{FILE}: {tables} must be tables.") from None
    except StopIteration:
        raise UserError(f'{FILE}: tool.setuptools.package-dir names no "{CODE}".') from None
    check_package(name, f"{FILE}: project.name")
    check_version(version, f"{FILE}: project.version")
    return Project(name, version, import_name, entry_points)

"""The project: what its `src/run.py` hands over, and where its code lies."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from modelyard import RESULTS

from .schema import Config

MODULE = "src.run"  # of a checkout; an installed package has its own name in place of `src`


@dataclass(frozen=True)
class Project:
    """What a project hands over.

    Attributes:
        module: runs the stages, as `python -m MODULE STAGE`.
        schema: the class of a model's configuration, with the team's own keys.
        results: what says that equal inputs give equal outputs.
    """

    module: str
    schema: type[Config]
    results: int = RESULTS

    @property
    def package(self) -> str:
        """The package of the project's code: `src`, or its own name where it is installed."""
        return self.module.rpartition(".")[0]

    @property
    def folder(self) -> Path:
        """The folder of that package."""
        return Path(sys.modules[self.package].__file__ or "").parent


_handed_over: list[Project] = []  # the latest one is last


def hand_over(project: Project) -> None:
    """Make a project known to the engine; `modelyard.cli.stages` does it."""
    _handed_over.append(project)


def find_project() -> Project | None:
    """Return the project of this process, of the working directory, or the one installed, or None.

    This is where the engine imports a project: by name, `src.run` of a checkout, or what an
    installed package names in the group of entry points `modelyard.projects`.
    """
    if not _handed_over:
        if Path(*MODULE.split(".")).with_suffix(".py").is_file():
            import_module(MODULE)
        elif entry := _installed():
            entry.load()
    return _handed_over[-1] if _handed_over else None


def import_own(name: str) -> None:
    """Import a module of the project by its name in a checkout or in an installed package.

    Modules of anything else, and those that the project does not have, are left alone.
    """
    project = find_project()
    package = project.package if project else MODULE.partition(".")[0]
    top, _, rest = name.partition(".")
    if rest and top in (MODULE.partition(".")[0], package):
        with suppress(ModuleNotFoundError):
            import_module(f"{package}.{rest}")


def import_architecture(name: str) -> ModuleType:
    """Import the module src/models/NAME.py of the project, or of the installed package."""
    project = find_project()
    package = project.package if project else MODULE.partition(".")[0]
    return import_module(f"{package}.models.{name}")


def _installed() -> EntryPoint | None:
    """Return what an installed project hands over; of several, the one whose command this is."""
    found = list(entry_points(group="modelyard.projects"))
    command = Path(sys.argv[0]).name
    mine = [one for one in found if one.dist and command.startswith(f"{one.dist.name}-")]
    return next(iter(mine if len(found) > 1 else found), None)


def source_folder() -> Path:
    """Return the folder of the project's code."""
    project = find_project()
    return project.folder if project else Path("src")

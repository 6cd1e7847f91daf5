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

ENTRY_POINTS = "modelyard.projects"  # by which an installed package is found
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
_preferred: list[str] = []  # at most one installed package


def hand_over(project: Project) -> None:
    """Make a project known to the engine; `modelyard.cli.stages` does it."""
    _handed_over.append(project)


def find_project() -> Project | None:
    """Return the project of this process, of the working directory, or the one installed, or None.

    This is where the engine imports a project: by name, `src.run` of a checkout, or what an
    installed package names in the group of entry points `modelyard.projects`. A command that a
    package brings runs the package's code in every folder, also in a checkout.
    """
    if not _handed_over:
        if entry := _running():
            entry.load()
        elif Path(*MODULE.split(".")).with_suffix(".py").is_file():
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


def prefer(package: str) -> None:
    """Choose one of several installed projects, where nothing else does: its models are used."""
    _preferred[:] = [package]


def is_running(package: str) -> bool:
    """Say whether this process is a command of an installed package, such as NAME-predict."""
    return Path(sys.argv[0]).name.startswith(f"{package}-")


def _installed() -> EntryPoint | None:
    """Return what an installed project hands over; of several, the one whose model is used."""
    found = [one for one in entry_points(group=ENTRY_POINTS) if one.dist]
    used = [one for one in found if one.dist and one.dist.name in _preferred]
    return next(iter(used if len(found) > 1 else found), None)


def _running() -> EntryPoint | None:
    """Return what the installed project hands over whose command this process is."""
    found = entry_points(group=ENTRY_POINTS) if "-" in Path(sys.argv[0]).name else ()
    return next((one for one in found if one.dist and is_running(one.dist.name)), None)


def source_folder() -> Path:
    """Return the folder of the project's code."""
    project = find_project()
    return project.folder if project else Path("src")

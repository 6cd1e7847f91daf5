"""Where official models are described: the project here, then the packages that are installed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel, ValidationError

from modelyard.config.loading import ROOT_CONFIG, load_project
from modelyard.config.mistakes import explain
from modelyard.config.project import ENTRY_POINTS, is_running
from modelyard.config.schema import PublishConfig
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .record import DESCRIPTION

OFFICIAL_MODELS = Path("official_models")
PROJECT = "project"  # the folder of a team's package that has what lies in the checkout's root


class _Settings(BaseModel):
    publish: PublishConfig


@dataclass(frozen=True)
class Place:
    """Descriptions of official models, and where their checkpoints are fetched from.

    Attributes:
        title: what messages and tables call it.
        folder: has MODEL/config.yaml and what else describes each model.
        settings: reads `publish` of its config.yaml; may raise UserError.
        settings_file: which says so in messages.
        has_history: its Git may know earlier versions.
        package: the installed package that brings it.
        trusted: False: no model with code in it is taken from there.
    """

    title: str
    folder: Path
    settings: Callable[[], PublishConfig]
    settings_file: Path
    has_history: bool = False
    package: str | None = None
    trusted: bool = True

    def names(self) -> list[str]:
        """Return the names of the models that are described here; MODEL@STAGE is not one."""
        found = [path.parent.name for path in self.folder.glob("*/config.yaml")]
        return sorted(name for name in found if "@" not in name)

    def config(self, model: str) -> Path:
        """Return the path of a model's official config.yaml."""
        return self.folder / model / "config.yaml"

    def description(self, model: str) -> Path:
        """Return the path of a model's predict_configuration.yaml."""
        return self.folder / model / DESCRIPTION


def places() -> list[Place]:
    """Return where official models are described; of equal names the first one counts."""
    return [*_project(), *_installed()]


def official_names() -> list[str]:
    """Return the names of the official models of the project here."""
    return [name for place in _project() for name in place.names()]


def _project() -> Iterator[Place]:
    if OFFICIAL_MODELS.is_dir():
        yield Place("this project", OFFICIAL_MODELS, _of_project, ROOT_CONFIG, has_history=True)


def _of_project() -> PublishConfig:
    return load_project().publish


def _installed() -> Iterator[Place]:
    """Yield the installed projects that bring models, first the one whose command this is."""
    found = [(entry.dist, _root(entry)) for entry in entry_points(group=ENTRY_POINTS) if entry.dist]
    for package, root in sorted(found, key=lambda one: (not is_running(one[0].name), one[0].name)):
        if root and (root / OFFICIAL_MODELS).is_dir():
            title, file = f"the package {package.name} {package.version}", root / ROOT_CONFIG
            settings = partial(_of_package, file)
            yield Place(title, root / OFFICIAL_MODELS, settings, file, package=package.name)


def _root(entry: EntryPoint) -> Path | None:
    """Return the folder of an installed package that has what lies in its project's root.

    Its metadata is not asked where that is: building a wheel leaves some in a checkout, too.
    """
    found = find_spec(entry.module.partition(".")[0])
    folders = list(found.submodule_search_locations or ()) if found else []
    return Path(folders[0], PROJECT) if folders else None


def _of_package(file: Path) -> PublishConfig:
    """Read `publish` of a package; keys of a newer engine do not matter to this one.

    Raises:
        UserError: it is broken.
    """
    document = read_yaml(file, "install the package again")
    found = (document.get("publish") if isinstance(document, dict) else None) or {}
    known = {key: found[key] for key in PublishConfig.model_fields if key in found}
    document = {"publish": known}
    try:
        return _Settings.model_validate(document).publish
    except ValidationError as error:
        raise UserError(explain(error, file, document, _Settings, set())) from None

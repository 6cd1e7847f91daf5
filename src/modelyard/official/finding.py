"""Which official model is meant by a name: of which place, which version, described where."""

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from modelyard.config.project import is_running, prefer
from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_yaml

from .history import tagged_here, version_folder
from .lifecycle import Withdrawal, load_lifecycle, plain
from .naming import STAGES, Asked, parse_name
from .places import Place, places
from .record import DESCRIPTION, OfficialConfig, load_official, predict_config
from .zoo import zoo_place


@dataclass(frozen=True)
class Official:
    """One version of an official model.

    Attributes:
        name: the model's.
        config: what its official config.yaml says.
        folder: the files that describe it.
        place: where it was found.
    """

    name: str
    config: OfficialConfig
    folder: Path
    place: Place

    @property
    def description(self) -> Path:
        """The path of its predict_configuration.yaml."""
        return self.folder / DESCRIPTION


def find_official(text: str) -> Official:
    """Return the model that NAME, NAME@VERSION or NAME@STAGE stands for.

    Raises:
        UserError: no place has it, or not that version, which ones there are; or it was withdrawn.
    """
    asked = parse_name(text)
    place = _place(asked)
    version = asked.version
    if version is None and place.has_history:
        version = _checked_out(place, asked.model)
    if version in STAGES:
        official = _promoted(place, asked.model, version)
    else:
        official = _version(place, asked.model, version)
    _check_not_withdrawn(official)
    return official


def _promoted(place: Place, model: str, stage: str) -> Official:
    """Return the version that a stage names; what describes it is in a folder of its own."""
    folder = place.folder / f"{model}@{stage}"
    if not (folder / "config.yaml").is_file():
        command = f"`modelyard promote {model}@v1.0.0 {stage}` does it, "
        raise UserError(
            f"No version of {model} was promoted to {stage} in {place.title}; "
            f"{command if place.has_history else ''}{model} is the version that it has."
        )
    return _described_in(folder, model, place)


def _check_not_withdrawn(official: Official) -> None:
    lifecycle = load_lifecycle(official.place.folder, official.name)
    if found := lifecycle.withdrawal(official.config.version):
        raise withdrawn(official, found)


def withdrawn(official: Official, found: Withdrawal) -> UserError:
    """Return what to say to whoever asks for a version that was withdrawn: why, what instead."""
    place, name = official.place, official.name
    lifecycle = load_lifecycle(place.folder, name)
    here = load_official(place.config(name)).version
    folders = {one.name.partition("@")[2] for one in place.folder.glob(f"{name}@v*")}
    others = {here, found.instead, *folders, *(one.version for one in lifecycle.promoted)}
    instead = lifecycle.newest(others - {found.version})
    remedy = f"use {name}@{instead}" if instead else "no other version is known here"
    return UserError(
        f"{name}@{found.version} was withdrawn on {plain(found.when)[:10]}: "
        f"{found.why.rstrip('.')}; {remedy}."
    )


def _place(asked: Asked) -> Place:
    """Return the place that describes a model: a zoo, the project here, or an installed package."""
    model, found = asked.model, [zoo_place(asked.zoo)] if asked.zoo else places()
    having = [place for place in found if place.config(model).is_file()]
    if not having:
        known = list(dict.fromkeys(name for place in found for name in place.names()))
        if asked.zoo:
            nothing = f"{found[0].title[:1].upper()}{found[0].title[1:]} has no model {model}"
        else:
            nothing = f"There is no file or folder {model}, and no official model of that name"
        raise UserError(
            f"{nothing}{did_you_mean(model, known)}; official models: {', '.join(known) or 'none'}."
        )
    first = having[0]
    packages = [place.package for place in having if place.package]
    if len(packages) > 1 and first.package and not is_running(first.package):
        raise UserError(
            f"Several installed packages bring an official model {model}: {', '.join(packages)}; "
            f"use the command of one, such as {first.package}-predict."
        )
    if first.package:
        prefer(first.package)  # layers of the project's own come from there
    return first


def _checked_out(place: Place, model: str) -> str | None:
    """Return the version whose tag is checked out where the tree names another, else None.

    Tags of before were set on the commit ahead of the one that names their version.
    """
    tags = tagged_here(model)
    said = load_official(place.config(model)).version
    if not tags or said in tags:
        return None
    _note(
        f"{model}@{tags[0]} is checked out, so that version is used, not {said}, which "
        f"{place.config(model)} names."
    )
    return tags[0]


@cache
def _note(text: str) -> None:
    """Print a note once; a command may look a model up several times."""
    print(text, file=sys.stderr)


def _version(place: Place, model: str, version: str | None) -> Official:
    path = place.config(model)
    config = load_official(path)
    if version not in (None, config.version):
        for name in (version, *load_lifecycle(place.folder, model).stages(version)):
            folder = place.folder / f"{model}@{name}"
            if (folder / path.name).is_file():
                return _described_in(folder, model, place)
        if not place.package and not place.has_history:
            known = [one.name.partition("@")[2] for one in place.folder.glob(f"{model}@v*")]
            raise UserError(
                f"There is no {model}@{version} in {place.title}; versions: "
                f"{', '.join(sorted(known)) or 'none'}."
            )
        if not place.has_history:
            raise UserError(
                f"There is no {model}@{version} in {place.title}: a package has the version that "
                f"was published when it was built, here {config.version or 'one without a number'};"
                " install another version of the package."
            )
        folder = version_folder(path, str(version))
        return Official(model, load_official(folder / path.name), folder, place)
    return _described_in(path.parent, model, place)


def _described_in(folder: Path, model: str, place: Place) -> Official:
    """Return the version of a model that a folder describes."""
    official = Official(model, load_official(folder / "config.yaml"), folder, place)
    _check_description(official)
    return official


def _check_description(official: Official) -> None:
    """Refuse a description that is not the published one: it names the classes."""
    path = official.description
    found = read_yaml(path)
    if not isinstance(found, dict) or predict_config(found) != official.config.predict_config:
        remedy = (
            f"restore it, such as by `git checkout -- {path}`"
            if official.place.has_history
            else "install the package again"
            if official.place.package
            else f"ask whoever keeps {official.place.title}"
        )
        raise UserError(
            f"{path} is not what was published with {official.config.public_checkpoint}; {remedy}."
        )

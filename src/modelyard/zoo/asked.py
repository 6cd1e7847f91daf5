"""What a command of the zoo is asked for: its options, then a configs.json, then config.yaml."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from modelyard.config.annotation_section import AnnotationType
from modelyard.config.data_section import DataConfig, Positive, Task, task_of
from modelyard.config.loading import ROOT_CONFIG, load_project, validate
from modelyard.config.schema import Rating
from modelyard.config.section import Section
from modelyard.errors import UserError

from .entries import AXES

RAW = Path("data/raw")  # where `modelyard adopt` copies a folder of another place to


class SearchData(Section):
    """`data` of a configs.json: what the search should learn from."""

    coco_path: str | None = Field(default=None, min_length=1)
    annotation_type: AnnotationType | None = None


class SearchConfig(Section):
    """configs.json as ZazuML has it; what it leaves out is `zoo` of the root config.yaml."""

    max_trials: Positive | None = None
    max_instances_at_once: Positive | None = None
    model_priority_space: list[Rating] | None = Field(default=None, min_length=3, max_length=3)
    task: Task | None = None
    data: SearchData = SearchData()


class Asked(NamedTuple):
    """What is wished for, and how it is searched."""

    task: str
    priority: list[float]
    tuning: dict[str, Any]


def asked(options: argparse.Namespace) -> Asked:
    """Return what the command line asks for, with the files' values for what it leaves out.

    Raises:
        UserError: a file is wrong, or its `data` is not what this project learns from.
    """
    file: Path | None = getattr(options, "config", None)
    project = load_project()
    given, zoo = validate(SearchConfig, file, {}) if file else SearchConfig(), project.zoo
    found = Asked(
        task_of(options.task) or given.task or zoo.task,
        options.priority or given.model_priority_space or zoo.model_priority_space,
        {
            "tune": True,
            "max_trials": given.max_trials or zoo.max_trials,
            "max_instances_at_once": given.max_instances_at_once or zoo.max_instances_at_once,
        },
    )
    if file:
        _check_data(file, given.data, project.data)
        print(_said(file, found, project.data))
    return found


def _check_data(file: Path, given: SearchData, data: DataConfig) -> None:
    """Refuse other data than the project's, which all its models learn from."""
    folder = Path(given.coco_path) if given.coco_path else None
    if folder and data.root.resolve() not in (folder.resolve(), (RAW / folder.name).resolve()):
        raise UserError(
            f"{file}: data.coco_path is {given.coco_path!r}, but all models of this project learn "
            f"from {data.root}, data.root in {ROOT_CONFIG}; run `modelyard adopt {folder}`, which "
            "brings that folder into the project, or remove the key."
        )
    kind = given.annotation_type
    annotated = getattr(data, "annotation_type", None)
    if kind and kind != annotated:
        raise UserError(
            f"{file}: data.annotation_type is {kind!r}, but data.annotation_type in {ROOT_CONFIG} "
            f"is {annotated!r}; {data.root} is annotated in one way, "
            "write it in both files."
        )


def _said(file: Path, found: Asked, data: DataConfig) -> str:
    """Say what each key of the file means here."""
    axes = zip(AXES, found.priority, strict=True)
    wish = ", ".join(f"{axis} {rating:g}" for axis, rating in axes)
    trials, at_once = found.tuning["max_trials"], found.tuning["max_instances_at_once"]
    return (
        f"{file}: {found.task}; wished for: {wish}; {trials} trials, {at_once} at once; "
        f"data: {data.root}, as {ROOT_CONFIG} says."
    )

"""What an adoption will change, worked out before anything is changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.config.annotation_section import AnnotationSource
from modelyard.config.data_section import DataConfig
from modelyard.config.loading import ROOT_CONFIG, override
from modelyard.config.mistakes import explain
from modelyard.data.looking.choosing import look
from modelyard.data.looking.tree import Tree
from modelyard.errors import UserError

from .applying import Plan
from .changes import MODEL_TESTS, model_configs, model_tests, root_config
from .fitting import best_exif, fitted
from .images import examine
from .summary import Seen
from .trial import try_out


def plan_adoption(
    folder: Path, root: Path, old: DataConfig, asked: Mapping[str, Any]
) -> tuple[Plan, list[str]]:
    """Return what to do with a folder that will lie at `root`, and the lines of its summary.

    `asked` are keys of `data`, dotted, that beat what is seen.

    Raises:
        UserError: nothing can be learned from it.
    """
    tree, wanted = Tree(folder), _nested(asked)
    described = {key: one for key, one in wanted.items() if key in AnnotationSource.model_fields}
    found = look(tree, old.task, described)
    images = examine(folder, tree.images)
    if not images.facts:
        first = next(iter(images.unreadable.values()))
        raise UserError(
            f"{folder}: not one of {len(tree.images)} images can be read, first {first}"
        )
    data = {**fitted(old, found.keys, root, images), **wanted}
    _check(data, asked)
    if "exif" not in wanted:
        data = best_exif(data, folder, images)
    trial = try_out(data, folder, wanted)
    lines = list(Seen(tree, found, images, trial, data).lines())
    texts = {ROOT_CONFIG: root_config(data), **dict(model_configs(old, data, trial.indices))}
    if MODEL_TESTS.is_file():
        texts[MODEL_TESTS] = model_tests(old.task)
    return Plan(folder, root, old, texts), lines


def _nested(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted keys as sections."""
    document: dict[str, Any] = {}
    for key, value in asked.items():
        override(document, key.removeprefix("data."), value)
    return document


def _check(data: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse a section that config.yaml could not have."""
    try:
        DataConfig.model_validate(dict(data))
    except ValidationError as error:
        raise UserError(explain(error, ROOT_CONFIG, dict(data), DataConfig, set(asked))) from None

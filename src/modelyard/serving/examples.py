"""Examples of the test split for the page: of a model whose data lies in this project."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.data.manifest import Manifest, read_manifest
from modelyard.data.rows import open_rows
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.tasks.kinds import Kind
from modelyard.tasks.kinds.sent import as_sent

from .predicting import Predicting
from .strokes import strokes_of

RECORD = "train_configuration.yaml"
MOST = 20  # examples
EACH = 2  # of a class
LARGEST, ALL = 500_000, 3_000_000  # bytes of an example, and of all: a phone fetches them
DRAWABLE = 64  # pixels a side: the page lets people draw images of this size
LOOKED_AT = 400  # images that tell how lines are drawn
LABELS = {"labels", "values", "boxes"}  # targets that are said in words
NAMED = 3  # classes in a label
SEED = 0


def examples_of(predictor: Predicting, *, offered: bool = True) -> dict[str, Any]:
    """Return what /examples answers: a few examples to try, and how people draw such images.

    Returns:
        `examples`: each `label`, what the annotations say of it, and `given`, see `as_sent`; none
        where they are not `offered`, or the data is not here or has changed its form.
        `strokes`, of images that can be drawn: see `strokes_of`; missing without the data.
    """
    found: dict[str, Any] = {"examples": []}
    try:
        folder = _data_of(predictor.folder)
        manifest = read_manifest(folder) if folder else None
        if not folder or not manifest or not _fits(manifest, predictor):
            return found
        if offered:
            found["examples"] = [*_examples(folder, manifest, predictor.kind)]
        if _is_drawable(manifest):
            found["strokes"] = strokes_of(_some_images(folder, manifest))
    except (LookupError, OSError, UserError, ValueError):
        return {"examples": []}  # of damaged data; the server predicts all the same
    return found


def _fits(manifest: Manifest, predictor: Predicting) -> bool:
    """Say whether data has the form of what a model learned from: it may be newer."""
    same = manifest.inputs == predictor.kind.inputs
    return same and manifest.classes == predictor.classes


def _data_of(folder: Path) -> Path | None:
    """Return the prepared data that a model was trained on, if it is in this project."""
    record = folder / RECORD
    try:
        data = Path(read_yaml(record)["config"]["input_paths"]["data"])
    except (KeyError, OSError, TypeError, UserError):
        return None
    here = Path.cwd()  # not elsewhere: the record of an official model is somebody else's
    inside = Path(os.path.normpath(here / data)).is_relative_to(here)
    return data if inside and data.is_dir() else None


def _examples(folder: Path, manifest: Manifest, kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield examples that are not too large, in the order of their classes or numbers."""
    rows = {name: open_rows(folder, "test", name, spec) for name, spec in manifest.inputs.items()}
    labels = {
        name: open_rows(folder, "test", name, spec)
        for name, spec in manifest.targets.items()
        if name in LABELS
    }
    left = ALL
    found = []
    for at in _chosen(manifest, labels.get("labels")):
        given = as_sent(kind, {name: one[[at]][0] for name, one in rows.items()})
        size = len(json.dumps(given))
        if given is None or size > min(LARGEST, left):
            continue
        left -= size
        target = {name: one[[at]][0] for name, one in labels.items()}
        found.append((_label(manifest, target), given))
    if manifest.head == "class":
        found.sort(key=lambda one: manifest.classes.index(one[0]))
    if manifest.head == "number":
        found.sort(key=lambda one: float(one[0]))
    yield from ({"label": label, "given": given} for label, given in found)


def _chosen(manifest: Manifest, labels: Any) -> list[int]:
    """Return positions in the test split: one of each class, then a second, as many as fit."""
    random = np.random.default_rng(SEED)
    shuffled = random.permutation(manifest.size("test"))
    if manifest.head != "class":
        return [*map(int, shuffled[:MOST])]
    known = np.asarray(labels[:])[shuffled]
    by_class = [shuffled[known == label][:EACH].tolist() for label in np.unique(known)]
    by_class = [by_class[at] for at in random.permutation(len(by_class))[:MOST]]
    rounds = [[one[place] for one in by_class if place < len(one)] for place in range(EACH)]
    return [at for one in rounds for at in one][:MOST]


def _label(manifest: Manifest, target: dict[str, Any]) -> str:
    """Return what the annotations say of an example, in a few words."""
    if manifest.head == "class":
        return manifest.classes[int(target["labels"])]
    if manifest.head == "number":
        return f"{float(target['values']):.6g}"
    if manifest.head == "labels":
        places = np.flatnonzero(target["labels"]).tolist()
    else:
        kinds = target["boxes"][:, -1]
        places = sorted(kinds[kinds >= 0].astype(int).tolist())
    names = [manifest.classes[place] for place in places]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (", ".join(names[:NAMED]) + more) or "none"


def _is_drawable(manifest: Manifest) -> bool:
    if manifest.kind != "image":
        return False
    height, width, channels = manifest.input_shape
    return bool(channels == 1 and max(height, width) <= DRAWABLE)


def _some_images(folder: Path, manifest: Manifest) -> np.ndarray:
    count = manifest.size("train")
    random = np.random.default_rng(SEED)
    places = np.sort(random.permutation(count)[:LOOKED_AT])
    [(name, spec)] = manifest.inputs.items()
    return open_rows(folder, "train", name, spec)[places]

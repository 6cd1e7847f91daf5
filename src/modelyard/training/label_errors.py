"""label_errors.json: training and test examples whose labels are probably wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from modelyard.config.data_section import Split
from modelyard.data.manifest import Head, read_manifest
from modelyard.files import read_csv, write_json
from modelyard.tasks import Judged
from modelyard.tasks.batches import in_batches
from modelyard.tasks.suspects import Suspect, of_one_class, of_several

FILE = "label_errors.json"
MOST = 50  # that are listed of a split: the file is kept in Git
DIGITS = 6
SEARCHED: tuple[Split, ...] = ("train", "test")
COLUMN: Mapping[Head, str] = {"class": "class", "labels": "labels"}  # of <split>.csv


def write_label_errors(judged: Judged) -> None:
    """Write how many labels are probably wrong, and the surest; of numbers and objects none.

    A model that has learned wrong labels by heart finds few in the training split: those that it
    finds there it could not believe even then.
    """
    config = judged.config
    head = read_manifest(config.input_paths.data).head
    if head in ("boxes", "masks"):
        return
    found: dict[str, Any] = {"found": {}, "examples": []}
    if head in COLUMN:
        for split in SEARCHED:
            suspects, examples = _of(judged, split, head)
            found["found"][split] = len(suspects)
            found["examples"] += examples[:MOST]
    write_json(config.output_paths.training_metrics / FILE, found)


def _of(judged: Judged, split: Split, head: Head) -> tuple[list[Suspect], list[dict[str, Any]]]:
    folder, classes = judged.config.input_paths.data, judged.data.classes
    labels = np.load(folder / f"{split}_labels.npy")
    search = of_one_class if head == "class" else of_several
    suspects = search(labels, _outputs(judged, split))
    listed = read_csv(folder / f"{split}.csv", ("path", COLUMN[head]), len(labels))
    examples = [
        {
            "split": split,
            "path": listed[one.place]["path"],
            "label": listed[one.place][COLUMN[head]],
            "likelier": _likelier(one, labels, classes),
            "probability_of_label": round(one.probability_of_label, DIGITS),
            "probability": round(one.probability, DIGITS),
        }
        for one in suspects[:MOST]
    ]
    return suspects, examples


def _likelier(one: Suspect, labels: np.ndarray, classes: list[str]) -> str:
    """Return the class that is likelier; of several labels, which one should come or go."""
    name = classes[one.likelier]
    if labels.ndim == 1:
        return name
    return f"without {name}" if labels[one.place, one.likelier] else f"with {name}"


def _outputs(judged: Judged, split: Split) -> Iterator[np.ndarray]:
    """Yield what the saved model says of a split as it was prepared."""
    inputs = in_batches(inputs for inputs, _ in judged.data.in_order(split))
    return (np.asarray(judged.predict(one)) for one in inputs)

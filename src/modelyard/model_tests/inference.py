"""Compare what every form of a saved model predicts with what was predicted at training time."""

import math
from pathlib import Path
from typing import Any

from modelyard.config.export_section import NOT_RUN
from modelyard.files import read_json

from .data import records
from .definition import Case
from .parity import difference, read_predictions

REDUCED = {"float16": 2e-2, "dynamic": math.inf, "int8": math.inf}  # precisions, as for exports
PERTURBED = "perturbed.json"
STORED = "test_predictions.npy"  # which training writes, of the model in memory


def forms_of(case: Case, root: Path) -> dict[str, Path]:
    """Return the files of a model that must predict, by form: those of `params.export`.

    An ONNX file that the team's own code wrote beside `model.keras` must predict as well.
    """
    keras = case.config.output_paths.model.keras_model
    own = keras.with_suffix(".onnx")
    found = {"keras": keras, **({"onnx": own} if (root / own).is_file() else {})}
    return {form: root / path for form, path in (found | case.config.exports).items()}


def compare_forms(
    case: Case, root: Path, predictions: Path, silence: str
) -> tuple[dict[str, str], list[str]]:
    """Return what was found by form of the model, and a sentence for each that differs.

    `predictions` holds FORM.npy, or FORM.txt that says why there is none; `silence` is said of a
    form that has neither.
    """
    found, failures = {}, []
    for form, file in forms_of(case, root).items():
        try:
            found[file.name], problem = _compare(case, root, predictions, form, silence)
        except ValueError as error:
            found[file.name], problem = "nothing", str(error)
        if problem:
            failures.append(f"inference with {file.name}: {problem}")
    return found, failures


def read_scores(predictions: Path, silence: str) -> tuple[dict[str, Any], str | None]:
    """Return the metrics of perturbed images, and why there are none; `silence` if nobody said."""
    if (predictions / PERTURBED).is_file():
        return read_json(predictions / PERTURBED), None
    for name in (PERTURBED, "keras"):
        if (reason := (predictions / name).with_suffix(".txt")).is_file():
            return {}, reason.read_text("utf-8")
    return {}, silence


def _compare(
    case: Case, root: Path, predictions: Path, form: str, silence: str
) -> tuple[str, str | None]:
    """Return the largest difference, and what is wrong with it.

    Raises:
        ValueError: there is nothing to compare.
    """
    config, tolerance = case.config, _tolerance(case, form)
    reason = predictions / f"{form}.txt"
    if reason.is_file():
        said = reason.read_text("utf-8")
        if NOT_RUN in said:
            return NOT_RUN, None
        raise ValueError(said)
    if not (predictions / f"{form}.npy").is_file():
        raise ValueError(silence)
    stored = read_predictions(root / config.output_paths.model.root / STORED)
    apart = difference(stored, read_predictions(predictions / f"{form}.npy"), tolerance)
    largest = f"{apart.largest:.2g} apart"
    if apart.alone:
        largest += f", {apart.alone} unsure objects only in one"
    if apart.record is None:
        return largest, None
    path = records(root / config.input_paths.data)[apart.record]
    return largest, (
        f"{apart.examples} of {len(stored)} predictions differ from those at training time by more "
        f"than {tolerance:g}, at most by {apart.largest:.3g}; the first is of {path}"
    )


def _tolerance(case: Case, form: str) -> float:
    """Return the test's tolerance; more for a form of less than float32, none of 8 bits.

    What an 8-bit form loses depends on the data: a limit for `tflite.max_difference` judges it.
    """
    found = [one.precision for one in case.config.params.export if one.format == form]
    return max(case.asked.tolerance, *(REDUCED.get(one, 0.0) for one in found), 0.0)

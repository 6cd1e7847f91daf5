"""Compare what every form of a saved model predicts with what was predicted at training time."""

from pathlib import Path

from .data import records
from .definition import Case
from .parity import difference, read_predictions

STORED = "test_predictions.npy"  # which training writes, of the model in memory


def forms_of(case: Case, root: Path) -> dict[str, Path]:
    """Return the files of a model that must predict, by form; ONNX only where it was exported."""
    paths = case.config.output_paths.model
    forms = {"keras": root / paths.keras_model, "tflite": root / paths.tflite_model}
    onnx = forms["keras"].with_suffix(".onnx")
    return forms | ({"onnx": onnx} if onnx.is_file() else {})


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


def _compare(
    case: Case, root: Path, predictions: Path, form: str, silence: str
) -> tuple[str, str | None]:
    """Return the largest difference, and what is wrong with it.

    Raises:
        ValueError: there is nothing to compare.
    """
    config, tolerance = case.config, case.asked.tolerance
    reason = predictions / f"{form}.txt"
    if reason.is_file():
        raise ValueError(reason.read_text("utf-8"))
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
        f"{apart.images} of {len(stored)} predictions differ from those at training time by more "
        f"than {tolerance:g}, at most by {apart.largest:.3g}; the first is of {path}"
    )

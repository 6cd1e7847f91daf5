"""Write a trained model in the forms that `params.export` lists, and try them before training."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.export_section import Export
from modelyard.config.schema import Config
from modelyard.errors import UserError
from modelyard.files import whole_file

from .converting import Batches, ConversionError, write_form
from .encoding import encoder_of, encoding, without_encoder
from .forms import FORMS, NotRunError
from .known_layers import known_to_export

__all__ = ["TOLERANCES", "check_forms", "export_forms", "known_to_export", "needs_rehearsal"]

# How far an output may be from the model's; of numbers above 1, as a share of them. An 8-bit form
# has no such limit: what it loses depends on the data, and `acceptance` may limit it.
TOLERANCES = {"float32": 1e-3, "float16": 2e-2}
OBJECTS = 3  # axes of what was found: images, objects, columns
SCORE = 4  # the column of an object's score


def export_forms(model: keras.Model, config: Config, representative: Batches) -> None:
    """Write the forms that `params.export` lists, and remove the others' files.

    `representative` returns batches of what the network has learned from.

    Raises:
        UserError: a form cannot be written.
    """
    paths = config.output_paths.model
    paths.exports.mkdir(parents=True, exist_ok=True)  # DVC wants it, also where it is empty
    for form in FORMS:
        if form not in config.exports:
            paths.form(form).unlink(missing_ok=True)
    for wanted in config.params.export:
        with whole_file(paths.form(wanted.format)) as temporary:
            _write(model, config, wanted, temporary, representative)


def needs_rehearsal(model: keras.Model, config: Config) -> bool:
    """Say whether an export may fail: of layers or forms that are not known to work."""
    plain = [Export(format="tflite")]
    return config.params.export not in ([], plain) or not known_to_export(model)


def check_forms(model: keras.Model, config: Config, batch: Any, folder: Path) -> None:
    """Export a model, trained or not, to a folder; each form must repeat its outputs on a batch.

    Forms hold what stands behind the model's encoder.

    Raises:
        UserError: a form cannot be written, or predicts something else.
    """
    batch, model = encoding(encoder_of(model))(batch), without_encoder(model)
    batch = keras.tree.map_structure(np.asarray, batch)
    expected = np.asarray(model.predict_on_batch(batch))
    for wanted in config.params.export:
        file = folder / config.output_paths.model.form(wanted.format).name
        _write(model, config, wanted, file, lambda: [batch])
        try:
            found = FORMS[wanted.format](file)(batch)
        except NotRunError:
            continue  # its operators were asked for
        except Exception as error:  # interpreters raise errors of many kinds
            reason = " ".join(str(error).split())[:300].rstrip(".")
            raise UserError(_sentence(config, wanted, f"cannot be run here ({reason})")) from None
        if problem := _difference(expected, found, wanted.precision):
            raise UserError(_sentence(config, wanted, problem))


def _write(
    model: keras.Model, config: Config, wanted: Export, file: Path, batches: Batches
) -> None:
    try:
        write_form(model, wanted, file, batches)
    except ConversionError as error:
        raise UserError(f"{config.file}: params.export: {error}.") from None


def _sentence(config: Config, wanted: Export, problem: str) -> str:
    return (
        f"{config.file}: params.export: {wanted.format} of precision {wanted.precision} {problem}; "
        f"write the network with other layers, or leave {wanted.format} out of params.export."
    )


def _difference(expected: np.ndarray, found: np.ndarray, precision: str) -> str | None:
    """Say how outputs differ; of objects, whose order rounding decides, the best score counts."""
    if expected.shape != found.shape:
        return f"gives outputs of shape {found.shape}, the model {expected.shape}"
    if not np.isfinite(found).all():
        return "gives numbers that are not finite (NaN or infinity)"
    if expected.ndim == OBJECTS:
        expected, found = (one[..., SCORE].max(axis=-1) for one in (expected, found))
    apart = (np.abs(expected - found) / np.maximum(1, np.abs(expected))).max(initial=0)
    if apart <= TOLERANCES.get(precision, np.inf):
        return None
    return f"gives outputs {apart:.2g} from the model's, more than {TOLERANCES[precision]:g}"

"""A model of another framework that predicts through its own adapter.py."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.adapter import ModelSpecs
from modelyard.adapter.description import predicts
from modelyard.adapter.loading import adapter_class
from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.loading import load_config
from modelyard.config.models import CONFIG_NAME, MODELS, adapter_of
from modelyard.errors import UserError
from modelyard.official.record import DESCRIPTION
from modelyard.tasks.answers import answers_of
from modelyard.tasks.kinds import Inputs, kind_of

from .predicting import AGAIN, Predicting, described

NUMBERS = "fiu"  # kinds of NumPy's
TOLERANCE = 1e-3  # of probabilities that should be 0 to 1


class AdapterPredictor(Predicting):
    """The saved model of an adapter that defines `predict`.

    Its code and its pickle run when they are loaded: they must be those of this project.
    """

    ANY_THREAD = False  # its framework may mind

    def __init__(self, folder: Path) -> None:
        """Load the model by the adapter's `load`, without its data.

        Raises:
            UserError: the folder is not one of this project's models, its adapter does not
                predict, or the model cannot be loaded.
        """
        _check_own(folder)
        self.folder = folder
        config = load_config(folder / CONFIG_NAME)
        self.adapter: Path = config.file.with_name("adapter.py")
        found = adapter_class(config)
        self.about = described(folder / DESCRIPTION)
        self.kind = kind_of(self.about)
        if not predicts(found):
            raise UserError(
                f"{self.adapter} defines no predict({self.kind.MANY}), which returns what the "
                f"model says of {self.kind.BATCH}; define it in {found.__name__}, then train it "
                "again."
            )
        root, params = config.output_paths.model.root, config.params
        self.file = root / "model.pkl"  # unless its `save` writes another
        specs = ModelSpecs(config, params.seed, params.epochs, split="test")
        self.model = found(specs, chosen_hyperparameters(config))
        try:
            self.model.load(root)
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"{self._place(error)}: the model in {root} cannot be loaded ({_said(error)}); "
                f"{AGAIN}."
            ) from None
        self.task = answers_of(self.about)

    def _say(self, inputs: Inputs) -> np.ndarray:
        try:
            outputs = np.asarray(self.model.predict(inputs))
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"{self._place(error)}: predict failed ({_said(error)}).") from None
        columns = [*inputs.values()] if isinstance(inputs, dict) else [inputs]
        self._check(outputs, len(columns[0]))
        return outputs

    def _check(self, outputs: np.ndarray, count: int) -> None:
        """Refuse what is not in the form of the task's outputs."""
        described = self.about["output"]
        columns, number = described.get("columns"), described.get("activation") == "number"
        given: tuple[int, ...] = outputs.shape
        wanted: tuple[Any, ...] = (count, 1 if number else len(self.classes))
        what, fits = "a number" if number else "a probability for each class", given == wanted
        if columns:
            wanted = (count, "objects", len(columns))
            what = f"{', '.join(columns)}, and of masks the cells"
            fits = given[:1] == (count,) and len(given) == len(wanted) and given[2] >= wanted[2]
        if not fits or outputs.dtype.kind not in NUMBERS:
            raise UserError(
                f"{self.adapter}: predict returned {outputs.dtype} of the shape {_shape(given)}; "
                f"return numbers of the shape {_shape(wanted)}: {what}."
            )
        shares = outputs[..., columns.index("score")] if columns else outputs
        wrong = shares[(shares < -TOLERANCE) | (shares > 1 + TOLERANCE)]
        if wrong.size and not number:
            raise UserError(
                f"{self.adapter}: predict returned {wrong.flat[0]:g} as a probability; return "
                "numbers from 0 to 1."
            )

    def _place(self, error: Exception) -> str:
        """Return the line of the project's own code that failed, if it is one; else the file."""
        here = self.adapter.parent.absolute()
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if Path(frame.filename).is_relative_to(here):
                name = self.adapter.parent / Path(frame.filename).relative_to(here)
                return f"{name}, line {frame.lineno}"
        return str(self.adapter)


def adapter_folder(path: Path) -> Path | None:
    """Return the folder of a model that predicts by its adapter.py, None for one of Keras.

    `path` is the folder, or a file in it other than `.keras`. Where there is a `.keras` file too,
    predict_configuration.yaml says which of them was trained last.
    """
    folder = path if path.is_dir() else path.parent
    if path.suffix == ".keras" or not path.exists() or adapter_of(folder / CONFIG_NAME) is None:
        return None
    keras = any(folder.glob("[!.]*.keras"))
    description = folder / DESCRIPTION
    trained = "adapter" in described(description) if keras and description.is_file() else not keras
    return folder if trained else None


def _check_own(folder: Path) -> None:
    if folder.absolute().parent.resolve() != MODELS.resolve():
        raise UserError(
            f"{folder} holds a model that only its adapter.py can load, and both are code, which "
            "runs when it is loaded; only models in models/ of this project are: copy it there if "
            "you trust it."
        )


def _shape(sizes: Sequence[object]) -> str:
    return f"({', '.join(map(str, sizes))})"


def _said(error: Exception) -> str:
    first: Any = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first.strip()}".removesuffix(": ").rstrip(".")

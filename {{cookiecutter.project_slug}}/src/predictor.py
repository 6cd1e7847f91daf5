"""A saved model that predicts, and what is known of its inputs and outputs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .official import fetch_official
from .utils.quiet import import_tensorflow
from .utils.utils import UserError, read_yaml

Size = tuple[int, int]


class Predictor:
    """A saved model that turns images into rows of a table.

    Attributes:
        file: the `.keras` file.
        folder: where its predict_configuration.yaml lies, and what else is known of it.
        about: its predict_configuration.yaml.
        classes: their names, in the order of the outputs.
        task: what its outputs mean.
        model: the Keras model.
        shape: (height, width, channels) of the images that it takes.
    """

    def __init__(self, file: Path, description: Path) -> None:
        """Load a `.keras` file and its predict_configuration.yaml.

        Raises:
            UserError: one of them is damaged.
        """
        self.file, self.folder = file, description.parent
        self.about = read_yaml(description)
        if not isinstance(self.about, dict) or not {"task", "output"} <= self.about.keys():
            raise UserError(
                f"{description} does not describe a model; `dvc pull` or train it again."
            )
        self.classes: list[str] = self.about["output"]["classes"]
        import_tensorflow()
        import keras

        from .tasks import load_task

        self.task = load_task(self.about["task"])
        try:
            self.model: keras.Model = keras.models.load_model(file)
        except (OSError, TypeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0].partition(". ")[0]
            raise UserError(
                f"{file} is no model that Keras can load ({reason}); `dvc pull` or train it again."
            ) from None
        self.shape: tuple[int, int, int] = self.model.input_shape[1:]

    def __call__(self, images: np.ndarray, sizes: Sequence[Size]) -> list[list[dict[str, object]]]:
        """Return the rows of each of the images (batch, *shape) that were `sizes` before."""
        outputs = self.model.predict_on_batch(images)
        pairs = zip(outputs, sizes, strict=True)
        return [self.task.rows(one, self.classes, size, self.shape[:2]) for one, size in pairs]


def load_predictor(name: str) -> Predictor:
    """Load a model by its folder or its `.keras` file, or an official model by its name.

    Raises:
        UserError: there is no such model, or it cannot be fetched.
    """
    path = Path(name)
    if not path.exists() and path.name == name and not path.suffix:
        return Predictor(*fetch_official(name))
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise UserError(f"{file} does not exist; train it or `dvc pull` it, or name another.")
    return Predictor(file, file.with_name("predict_configuration.yaml"))

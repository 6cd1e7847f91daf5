"""k nearest neighbours of scikit-learn: the training images most like an image say its class.

Hyperparameters: neighbours, how many of them vote; weights, uniform or distance.
"""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from modelyard.adapter import AdapterModel
from modelyard.data import Split, open_array

BRIGHTEST = 255


class Neighbours(AdapterModel):
    """Compares images pixel by pixel."""

    def data_loader(self) -> None:
        """Read the training images, and those that `get_metrics` judges by."""
        self.known = self._read("train")
        self.asked = self._read(self.model_specs.split)

    def preprocess(self) -> None:
        """Turn images into rows of numbers."""
        self.known, self.asked = (
            (rows(images), labels) for images, labels in (self.known, self.asked)
        )

    def build(self) -> None:
        """Make a classifier that knows nothing yet."""
        values = self.hp_values
        self.model = KNeighborsClassifier(values["neighbours"], weights=values["weights"])

    def train(self) -> None:
        """Remember the training images."""
        self.model.fit(*self.known)

    def get_metrics(self) -> dict[str, float]:
        """Return the share of images that are given their own class."""
        return {"accuracy": self.model.score(*self.asked)}

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return probabilities (images, classes): how many of the neighbours are of each class."""
        return np.asarray(self.model.predict_proba(rows(images)))

    def reported(self) -> list[str]:
        """Return the metric's name, known before training."""
        return ["accuracy"]

    def _read(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        folder = self.model_specs.config.input_paths.data
        return open_array(folder, split, "images")[:], open_array(folder, split, "labels")[:]


def rows(images: np.ndarray) -> np.ndarray:
    """Turn images (examples, height, width, channels) into rows of numbers from 0 to 1."""
    return images.reshape(len(images), -1) / BRIGHTEST

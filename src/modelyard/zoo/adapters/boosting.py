"""Histogram gradient boosting of scikit-learn: trees, each of which mends what the others leave.

Hyperparameters: learning_rate; trees, how many there are at most; leaves, of each tree at most.
It takes the columns as they are prepared, missing values too, and predicts a class or a number.
"""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_absolute_error, r2_score, root_mean_squared_error

from modelyard.adapter import AdapterModel
from modelyard.data import open_array, read_manifest
from modelyard.files import read_json

MOST_CATEGORIES = 255  # of a column, that these trees tell apart


class Boosting(AdapterModel):
    """Trees on numbers and the codes of categories."""

    def data_loader(self) -> None:
        """Read the training rows, and those that `get_metrics` judges by."""
        self.folder = self.model_specs.config.input_paths.data
        self.manifest = read_manifest(self.folder)
        self.is_number = self.manifest.head == "number"
        columns = read_json(self.folder / "columns.json")["columns"]
        known = [one["values"][: MOST_CATEGORIES - 1] for one in columns if "values" in one]
        self.codes = [{value.encode(): code for code, value in enumerate(one)} for one in known]
        self.known, self.asked = self._read("train"), self._read(self.model_specs.split)

    def build(self) -> None:
        """Make a model that knows nothing yet."""
        values, numbers = self.hp_values, self.known[0].shape[1] - len(self.codes)
        kind = HistGradientBoostingRegressor if self.is_number else HistGradientBoostingClassifier
        trees = kind(
            learning_rate=values["learning_rate"],
            max_iter=values["trees"],
            max_leaf_nodes=values["leaves"],
            categorical_features=[*range(numbers, numbers + len(self.codes))] or None,
            early_stopping=True,  # on a tenth of the training rows
            random_state=self.model_specs.seed,
        )
        self.model = {"trees": trees, "codes": self.codes}

    def train(self) -> None:
        """Grow the trees."""
        self.model["trees"].fit(*self.known)

    def get_metrics(self) -> dict[str, float]:
        """Return the loss, and of a class the accuracy, of a number mae, rmse and r2."""
        rows, targets = self.asked
        trees = self.model["trees"]
        if self.is_number:
            said, deviation = trees.predict(rows), self.known[1].std()
            rmse = root_mean_squared_error(targets, said)
            absolute, explained = mean_absolute_error(targets, said), r2_score(targets, said)
            found = [rmse**2 / deviation**2, absolute, rmse, explained]
        else:
            labels = range(len(self.manifest.classes))
            loss = log_loss(targets, trees.predict_proba(rows), labels=labels)
            found = [loss, trees.score(rows, targets)]
        return dict(zip(self.reported(), map(float, found), strict=True))

    def reported(self) -> list[str]:
        """Return the metrics' names, known before training."""
        return ["loss", "mae", "rmse", "r2"] if self.is_number else ["loss", "accuracy"]

    def predict(self, inputs: Any) -> np.ndarray:
        """Return probabilities (batch, classes), or numbers (batch, 1)."""
        trees = self.model["trees"]
        rows = table(inputs, self.model["codes"])
        if hasattr(trees, "predict_proba"):
            return np.asarray(trees.predict_proba(rows))
        return np.asarray(trees.predict(rows))[:, None]

    def _read(self, split: Any) -> tuple[np.ndarray, np.ndarray]:
        positions = np.arange(self.manifest.size(split))
        inputs = {name: open_array(self.folder, split, name)[positions]
                  for name in self.manifest.inputs}  # fmt: skip
        target = next(iter(self.manifest.targets))
        return table(inputs, self.codes), np.load(self.folder / f"{split}_{target}.npy")


def table(inputs: Any, codes: list[dict[bytes, int]]) -> np.ndarray:
    """Return one table (rows, columns) of numbers and codes; NaN is missing or unknown."""
    if not isinstance(inputs, dict):
        inputs = {"categories" if codes else "numbers": inputs}
    parts = [inputs["numbers"]] if "numbers" in inputs else []
    if codes:
        columns = zip(codes, inputs["categories"].T, strict=True)
        coded = [[known.get(cell, np.nan) for cell in cells] for known, cells in columns]
        parts.append(np.array(coded, np.float64).T)
    return np.concatenate(parts, axis=1)

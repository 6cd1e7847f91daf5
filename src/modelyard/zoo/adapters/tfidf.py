"""TF-IDF and logistic regression of scikit-learn: words, or pieces of them, weighed and added up.

Hyperparameters: analyzer, word or char; ngrams, up to so many in a row; features, how many are
kept at most; c, how far weights may go: the larger, the further.
"""

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from modelyard.adapter import AdapterModel
from modelyard.data import open_array, read_manifest

WORDS = r"\w+|[^\w\s]"  # marks are words, too
STEPS = 1000  # of the solver, at most


class Tfidf(AdapterModel):
    """Counts what is in a text; the order is lost but for a few tokens in a row."""

    def data_loader(self) -> None:
        """Read the training texts, and those that `get_metrics` judges by."""
        self.manifest = read_manifest(self.model_specs.config.input_paths.data)
        self.known, self.asked = self._read("train"), self._read(self.model_specs.split)

    def build(self) -> None:
        """Make a classifier that knows nothing yet."""
        values, several = self.hp_values, self.manifest.head == "labels"
        counts = TfidfVectorizer(
            analyzer=values["analyzer"],
            ngram_range=(1, values["ngrams"]),
            max_features=values["features"],
            lowercase=False,
            sublinear_tf=True,
            token_pattern=WORDS if values["analyzer"] == "word" else None,
        )
        regression = LogisticRegression(C=values["c"], max_iter=STEPS)
        self.model = make_pipeline(
            counts, OneVsRestClassifier(regression) if several else regression
        )

    def train(self) -> None:
        """Count the training texts, and weigh what is in them."""
        self.model.fit(*self.known)

    def get_metrics(self) -> dict[str, float]:
        """Return loss and accuracy: the share of texts that are given their own class or labels."""
        texts, labels = self.asked
        said = self.model.predict_proba(texts)
        single = labels.ndim == 1
        loss = log_loss(labels, said, labels=range(said.shape[1])) if single else np.nan
        return {"loss": float(loss), "accuracy": self.model.score(texts, labels)}

    def reported(self) -> list[str]:
        """Return the metrics' names, known before training."""
        return ["loss", "accuracy"]

    def predict(self, texts: np.ndarray) -> np.ndarray:
        """Return probabilities (texts, classes) of texts, bytes of UTF-8 (texts,)."""
        return np.asarray(self.model.predict_proba(decoded(texts)))

    def _read(self, split: Any) -> tuple[list[str], np.ndarray]:
        folder = self.model_specs.config.input_paths.data
        texts = open_array(folder, split, "text")[np.arange(self.manifest.size(split))]
        return decoded(texts), np.load(folder / f"{split}_labels.npy")


def decoded(texts: np.ndarray) -> list[str]:
    """Return texts of UTF-8 as strings."""
    return [text.decode() for text in texts]

"""Texts through all stages: strings in, probabilities out, for plain Keras and for exports."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from modelyard.config import Options
from modelyard.data import vocabulary_size
from modelyard.errors import UserError
from modelyard.files import read_csv, read_json, read_yaml, write_csv, write_yaml
from modelyard.recipe.weights import _taken
from modelyard.saved.encoding import without_encoder
from modelyard.serving.predict import main as predict
from src.run import main

from .texts import SHARES, rows
from .tiny import METRICS, MODEL, TINY

KNOWN = "the quick fox and 3"
VALUES = {
    "learning_rate": 0.02, "embedding_dim": 8, "filters": 8, "window": 2, "units": 8, "step": 2,
    "dropout_rate": 0.0,
}  # fmt: skip


def write_project(architecture: str) -> None:
    """Write a project of texts of three languages, whose model learns them in some epochs."""
    data = {
        "task": "text_classification", "format": "csv", "root": "raw", "file": "texts.csv",
        "processed": "prepared", "splits": SHARES, "seed": 1, "max_tokens": 6,
    }  # fmt: skip
    summary = {"metric": "test.accuracy", "direction": "max"}
    write_yaml(Path("config.yaml"), {"model": "tiny", "data": data, "summary": summary})
    hyperparams = {name: {"default_value": value} for name, value in VALUES.items()}
    model: dict[str, Any] = TINY | {
        "architecture": architecture, "task": "text_classification",
        "params": TINY["params"] | {"export": ["tflite"], "epochs": 8},
        "tuning": TINY["tuning"] | {"hyperparams": hyperparams},
        "input_paths": {"data": "prepared", "vocabulary": "prepared/vocabulary.txt"},
    }  # fmt: skip
    write_yaml(MODEL / "config.yaml", model)
    Path("raw").mkdir()
    write_csv(Path("raw/texts.csv"), [{"text": text, "class": label} for text, label in rows(20)])


@pytest.mark.parametrize("architecture", ["embedding", "recurrent"])
def test_texts_are_learned_and_predicted(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(architecture)
    for stage in ("prepare", "tune", "train", "evaluate"):
        assert main([stage]) == 0
    metrics = read_json(METRICS / "metrics.json")
    assert metrics["test"]["accuracy"] == 1
    assert metrics["tflite"]["max_difference"] < 1e-5
    assert [row["predicted"] for row in read_csv(METRICS / "predictions.csv")]
    _predicts(keras.models.load_model(MODEL / "model.keras"))
    _names_its_vocabulary()
    Path("some.txt").write_text(f"{KNOWN}\nder schnelle Fuchs\n")
    assert predict([str(MODEL), "some.txt", "--output", "said.csv"]) == 0
    said = read_csv(Path("said.csv"))
    assert [(row["row"], row["class"]) for row in said] == [("1", "english"), ("2", "german")]
    assert read_yaml(MODEL / "predict_configuration.yaml")["input"]["kind"] == "text"
    if architecture == "embedding":
        _begins_with_what_means_the_same()


def _begins_with_what_means_the_same() -> None:
    """Rows of an embedding are of tokens: they fit where the vocabulary is the same."""
    config = Options("train").config
    given = keras.models.load_model(MODEL / "model.keras")
    network = keras.models.clone_model(without_encoder(given))
    assert "at random" not in _taken(network, given, config)
    file = Path("prepared/vocabulary.txt")
    file.write_text(file.read_text().replace("the", "thy"))
    said = _taken(network, given, config)
    assert "at random: embedding/embeddings (of another vocabulary)" in said


def _predicts(model: keras.Model) -> None:
    """Plain Keras takes texts; what stands behind the encoder takes tokens, as exports do."""
    said = model.predict(tf.constant([KNOWN, "le renard 5", ""]), verbose=0)
    assert said.argmax(axis=1)[:2].tolist() == [0, 1]
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    tokens = model.get_layer("encoder")(tf.constant(["the zebra", ""]))
    known = Path("prepared/vocabulary.txt").read_text().split("\n").index("the") + 2
    assert tokens.numpy().tolist() == [[known, 1, 0, 0, 0, 0], [0] * 6]
    reader = Interpreter(str(MODEL / "model.tflite"))
    (taken,) = reader.get_input_details()
    assert (taken["dtype"], taken["shape"].tolist()) == (np.int32, [1, 6])


def _names_its_vocabulary() -> None:
    lines = Path("prepared/vocabulary.txt").read_text().splitlines()
    assert vocabulary_size(Options("train").config) == len(lines) + 2
    config = Options("train", overrides=("input_paths.vocabulary=other.txt",)).config
    with pytest.raises(UserError, match=r"input_paths.vocabulary is other.txt, but the texts were"):
        vocabulary_size(config)

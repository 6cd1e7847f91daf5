"""Models of several inputs, of texts and of lengths that differ, in files, rows and requests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelyard.files import read_csv, write_yaml
from modelyard.publishing.official.plain_keras import foreign_code, plain_keras
from modelyard.serving.predict import main
from modelyard.serving.predictor import load_predictor
from modelyard.tasks.kinds import kind_of

from .official import ran_in
from .serving import served

INPUTS = {
    "sound": {"shape": [None, 2], "dtype": "float32"},
    "age": {"shape": [], "dtype": "float32"},
    "word": {"shape": [], "dtype": "string"},
}
ABOUT = {
    "model": "sums",
    "task": "custom",
    "input": {"kind": "arrays", "inputs": INPUTS},
    "output": {"activation": "number", "target": "sum"},
}


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a model that adds up the mean of a sound, an age, and how often a word is `yes`."""
    import keras

    layers, folder = keras.layers, tmp_path_factory.mktemp("sums")
    sound = keras.Input((None, 2), name="sound")
    age = keras.Input((), name="age")
    word = keras.Input((), name="word", dtype="string")
    known = layers.StringLookup(vocabulary=["yes"])(word)  # 1, or 0 for others
    numbers = [layers.Reshape((1,))(layers.Rescaling(1.0)(one)) for one in (age, known)]
    mean = layers.GlobalAveragePooling1D()(sound)
    sums = layers.Dense(1, kernel_initializer="ones")(layers.Concatenate()([mean, *numbers]))
    keras.Model({"sound": sound, "age": age, "word": word}, sums).save(folder / "model.keras")
    write_yaml(folder / "predict_configuration.yaml", ABOUT)
    return folder


def example(length: int, age: float, word: str) -> dict[str, Any]:
    """Return an example of which the model says length + age, and 1 more for `yes`."""
    return {"sound": [[length / 2, length / 2]] * length, "age": age, "word": word}


def test_rows_become_rows_of_predictions(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [example(1 + n % 3, n, "yes" if n % 2 else "no") for n in range(70)]
    lines = [json.dumps(one) for one in given]
    wrong = [json.dumps(example(3, 3e38, "no") | {"sound": [[3e38, 3e38]] * 2}), "{}"]
    Path("a.jsonl").write_text("\n".join([*lines[:5], *wrong, *lines[5:]]))
    arrays: dict[str, Any] = {k: np.array(value) for k, value in example(2, 3, "yes").items()}
    np.savez("b.npz", **arrays)
    assert main([str(folder), "a.jsonl", "b.npz"]) == 0
    rows = read_csv(Path("predictions.csv"))
    assert [(row["path"], row["row"]) for row in rows] == [
        *(("a.jsonl", str(row)) for row in range(1, 73) if row not in (6, 7)),
        ("b.npz", ""),
    ]
    wanted = [1 + n % 3 + n + n % 2 for n in range(70)]
    assert [float(row["value"]) for row in rows] == pytest.approx([*wanted, 6])
    captured = capsys.readouterr()
    assert captured.out == "predictions.csv: 71 examples; 2 skipped\n"
    assert (
        "skipped: a.jsonl, row 6: the model's answer to this example is not finite (NaN or infin"
    ) in captured.err


def test_the_card_asks_a_model_of_any_kind_with_keras_alone(folder: Path, tmp_path: Path) -> None:
    for name, model, taken in (*_others(), ("model", None, ABOUT["input"])):
        path = folder if model is None else tmp_path
        if model is not None:
            model.save(path / f"{name}.keras")
        kind = kind_of({"input": taken})
        code = plain_keras(kind, f"{name}.keras", path / f"{name}.keras")
        assert len(code.splitlines()) == 3
        said = ran_in(path, code)
        assert said.shape == (1, 1)
        assert np.isfinite(said).all()
        assert not foreign_code(path / f"{name}.keras")


def _others() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield models of a text and of a table of both kinds of columns, with what they take."""
    import keras

    from modelyard.saved.encoding import with_encoder
    from modelyard.tasks.table_encoder import table_encoder

    layers = keras.layers
    tokens = layers.TextVectorization(output_sequence_length=4, vocabulary=["a", "text"])
    text, numbers = keras.Input((), dtype="string"), keras.Input((4,))
    counted = keras.Model(numbers, layers.Dense(1)(numbers))
    encoder = keras.Model(text, keras.ops.cast(tokens(text), "float32"), name="encoder")
    yield "texts", with_encoder(encoder, counted), {"kind": "text", "max_tokens": 4}
    age = {"name": "age", "type": "number"}
    hue = {"name": "hue", "type": "category"}
    fitted: list[dict[str, Any]] = [
        age | {"missing": False, "mean": 1.0, "variance": 1.0},
        hue | {"missing": False, "values": ["x", "y"], "other": False},
    ]
    features = table_encoder(fitted)
    width = features.output_shape[-1]
    row = keras.Input((width,))
    columns = [age | {"example": 3.5}, hue | {"example": 'a "x"'}]
    taken = {"kind": "table", "columns": columns, "missing": [], "target": "class"}
    yield "rows", with_encoder(features, keras.Model(row, layers.Dense(1)(row))), taken


def test_requests_of_different_lengths_are_answered(folder: Path) -> None:
    predictor = load_predictor(str(folder))
    predictor.outputs(predictor.kind.blank(2))  # as before it is served
    with served(predictor) as client:
        for length in (1, 4):
            answer = client.post("/predict", json=example(length, 0.5, "yes")).json()
            assert answer == {"predictions": [{"target": "sum", "value": length + 1.5}]}


def test_a_model_of_other_inputs_is_named(folder: Path, tmp_path: Path, capsys: Any) -> None:
    other = {name: spec for name, spec in INPUTS.items() if name != "age"}
    (tmp_path / "model.keras").symlink_to(folder / "model.keras")
    write_yaml(
        tmp_path / "predict_configuration.yaml",
        ABOUT | {"input": {"kind": "arrays", "inputs": other}},
    )
    np.save(tmp_path / "a.npy", np.zeros(2))
    output = ["--output", str(tmp_path / "a.csv")]
    assert main([str(tmp_path), str(tmp_path / "a.npy"), *output]) == 1
    assert "which are not examples; name another model.\n" in capsys.readouterr().err

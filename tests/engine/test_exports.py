"""What is written besides `.keras`: which forms, in which precision, and that each predicts."""

import copy
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modelyard.config.export_section import NOT_RUN
from modelyard.config.loading import load_config
from modelyard.config.schema import Config
from modelyard.errors import UserError
from modelyard.files import read_json
from modelyard.saved.converting import flex_operators
from modelyard.saved.exporting import check_forms, export_forms, known_to_export, needs_rehearsal
from modelyard.saved.forms import LiteModel, NotRunError, OnnxModel
from src.run import main

from .tiny import METRICS, MODEL, TINY, write_model

CONFIG = MODEL / "config.yaml"
SHAPE = (6, 6, 1)
IMAGES = np.random.default_rng(0).random((40, *SHAPE)).astype("float32")
LITE, ONNX = MODEL / "exports/model.tflite", MODEL / "exports/model.onnx"
with_onnx = pytest.mark.skipif(not find_spec("tf2onnx"), reason="needs the extra onnx")

Layer = Callable[[], keras.layers.Layer]


@keras.saving.register_keras_serializable("exports")
class Cholesky(keras.layers.Layer):
    """TFLite has its operator only from TensorFlow."""

    def call(self, rows: Any) -> Any:
        return tf.linalg.cholesky(tf.matmul(rows, rows, transpose_b=True) + tf.eye(SHAPE[0]))


@keras.saving.register_keras_serializable("exports")
class InverseError(keras.layers.Layer):
    """TFLite has its operator not at all."""

    def call(self, rows: Any) -> Any:
        return keras.ops.erfinv(rows / 2)


def network(*layers: keras.layers.Layer) -> keras.Model:
    """Build a classifier of three classes that reads an image's rows one after the other."""
    keras.utils.set_random_seed(1)
    rows = [keras.Input(SHAPE), keras.layers.Reshape(SHAPE[:2]), *layers]
    return keras.Sequential(
        [*rows, keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )


def plain() -> keras.Model:
    return network(keras.layers.Dense(64, activation="relu"), keras.layers.Dense(64))


def with_exports(*exports: object) -> Config:
    document = copy.deepcopy(TINY)
    document["params"]["export"] = list(exports)
    document["output_paths"]["model"]["tflite_model"] = str(LITE)
    write_model(document)
    return load_config()


def exported(model: keras.Model, *exports: object) -> Config:
    config = with_exports(*exports)
    export_forms(model, config, lambda: [IMAGES])
    return config


def refusal(model: keras.Model, *exports: object) -> str:
    with pytest.raises(UserError) as caught:
        exported(model, *exports)
    return str(caught.value)


def apart(model: keras.Model) -> float:
    found = LiteModel(LITE)(IMAGES)
    return float(np.abs(found - model.predict_on_batch(IMAGES)).max())


@pytest.mark.usefixtures("workspace")
class TestForms:
    def test_float32_is_byte_for_byte_what_keras_exports(self, tmp_path: Path) -> None:
        model = plain()
        exported(model, "tflite")
        model.export(tmp_path / "keras.tflite", format="litert", verbose=False)
        assert LITE.read_bytes() == (tmp_path / "keras.tflite").read_bytes()

    @pytest.mark.parametrize(
        "layer",
        [
            lambda: keras.layers.LSTM(5),
            lambda: keras.layers.Bidirectional(keras.layers.GRU(5)),
            lambda: keras.layers.LSTM(5, unroll=True),
        ],
        ids=["LSTM", "bidirectional GRU", "unrolled"],
    )
    def test_a_recurrent_network_needs_no_operator_of_tensorflow(
        self, layer: Layer, capfd: pytest.CaptureFixture[str]
    ) -> None:
        model = network(layer())
        capfd.readouterr()
        exported(model, "tflite")
        captured = capfd.readouterr()
        assert captured.out + captured.err == ""
        assert flex_operators(LITE) == []
        assert apart(model) < 1e-5

    def test_only_what_needs_it_predicts_one_image_at_a_time(self) -> None:
        exported(network(keras.layers.LSTM(5)), "tflite")
        assert LiteModel(LITE)._one_at_a_time
        exported(network(keras.layers.LSTM(5, unroll=True)), "tflite")
        assert not LiteModel(LITE)._one_at_a_time

    def test_each_precision_is_smaller_and_close(self) -> None:
        model = plain()
        exported(model, "tflite")
        full = LITE.stat().st_size
        for precision, share, tolerance in [
            ("float16", 0.75, 2e-3),
            ("dynamic", 0.75, 5e-2),
            ("int8", 0.75, 5e-2),
        ]:
            exported(model, {"format": "tflite", "precision": precision})
            assert LITE.stat().st_size < share * full, precision
            assert apart(model) < tolerance, precision

    def test_int8_takes_and_gives_floats_and_is_8_bit_inside(self) -> None:
        exported(plain(), {"format": "tflite", "precision": "int8"})
        interpreter = LiteModel(LITE)._interpreter
        ends = [*interpreter.get_input_details(), *interpreter.get_output_details()]
        assert {one["dtype"] for one in ends} == {np.float32}
        kinds = [one["dtype"] for one in interpreter.get_tensor_details()]
        assert kinds.count(np.int8) > kinds.count(np.float32)

    def test_int8_is_measured_on_the_first_100_images(self) -> None:
        seen = 0

        def images() -> Any:
            nonlocal seen
            for image in np.repeat(IMAGES, 5, axis=0):
                seen += 1
                yield image[None]

        config = with_exports({"format": "tflite", "precision": "int8"})
        export_forms(plain(), config, images)
        assert seen == 100

    def test_int8_refuses_the_loops_that_would_crash_the_converter(self) -> None:
        said = refusal(network(keras.layers.LSTM(5)), {"format": "tflite", "precision": "int8"})
        assert said == (
            f"{CONFIG}: params.export: tflite of precision int8 cannot be written for a network "
            "with loops, as recurrent layers have; build them with unroll=True, or write "
            "precision: dynamic."
        )
        assert not LITE.exists()

    @with_onnx
    def test_onnx_predicts_what_keras_does(self, capfd: pytest.CaptureFixture[str]) -> None:
        model = network(keras.layers.LSTM(5))  # a Sequential that was never called
        capfd.readouterr()
        exported(model, "onnx")
        assert capfd.readouterr().err == ""
        found = OnnxModel(ONNX)(IMAGES)
        assert np.abs(found - model.predict_on_batch(IMAGES)).max() < 1e-5
        assert not LITE.exists()

    def test_without_its_package_onnx_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("modelyard.saved.converting.find_spec", lambda _: None)
        assert refusal(plain(), "onnx") == (
            f"{CONFIG}: params.export: onnx needs the package tf2onnx; add `onnx` to modelyard's "
            "extras in requirements.txt and run `sh setup.sh`."
        )

    def test_forms_no_longer_listed_are_removed_and_the_folder_stays(self) -> None:
        exported(plain(), "tflite")
        ONNX.write_text("of an earlier training")
        exported(plain(), "tflite")
        assert [file.name for file in LITE.parent.iterdir()] == ["model.tflite"]
        exported(plain())
        assert list(LITE.parent.iterdir()) == []


@pytest.mark.usefixtures("workspace")
class TestOperators:
    def test_tensorflows_own_operators_are_refused_by_name_and_layer(self) -> None:
        said = refusal(network(Cholesky(name="roots")), "tflite")
        assert said.startswith(
            f"{CONFIG}: params.export: tflite needs TensorFlow's own operators (Cholesky) in the "
            "layer roots; "
        )
        assert "select_tf_ops: true" in said
        assert "unroll=True" in said
        assert not LITE.exists()

    def test_where_they_are_allowed_the_file_is_written_and_says_why_it_cannot_run(self) -> None:
        model = network(Cholesky(name="roots"))
        config = exported(model, {"format": "tflite", "select_tf_ops": True})
        assert flex_operators(LITE) == ["Cholesky"]
        with pytest.raises(NotRunError, match="this interpreter has no TensorFlow operators"):
            LiteModel(LITE)(IMAGES)
        check_forms(model, config, IMAGES, LITE.parent)

    def test_an_operator_that_does_not_exist_is_named_with_its_layer(self) -> None:
        allowed = {"format": "tflite", "select_tf_ops": True}
        assert refusal(network(InverseError(name="inverse")), allowed) == (
            f"{CONFIG}: params.export: tflite cannot be written: it has no operator for Erfinv in "
            "the layer inverse; write the network with other operators, or leave tflite out of "
            "params.export."
        )

    @with_onnx
    def test_an_operator_that_onnx_lacks_is_named_with_its_layer(self) -> None:
        expected = "onnx cannot be written: it has no operator for Cholesky in the layer roots; "
        assert expected in refusal(network(Cholesky(name="roots")), "onnx")
        assert not ONNX.exists()


@pytest.mark.usefixtures("workspace")
class TestConfiguration:
    @pytest.mark.parametrize(
        ("exports", "said"),
        [
            (["tflit"], "export[0] is 'tflit': not a known format (did you mean 'tflite'?); known: "
                        "tflite, onnx"),
            ([{"format": "onx"}], "export[0].format is 'onx': not a known format (did you mean "
                                  "'onnx'?); known: tflite, onnx"),
            ([{"format": "tflite", "precision": "float61"}],
             "export[0].precision is 'float61': not a known precision (did you mean 'float16'?); "
             "known: float32, float16, dynamic, int8"),
            ([{"format": "onnx", "precision": "int8"}],
             "export[0]: onnx is written in float32 only, not int8; drop precision, or write "
             "format: tflite"),
            ([{"format": "onnx", "select_tf_ops": True}],
             "export[0]: select_tf_ops is of tflite only; drop it, or write format: tflite"),
            (["tflite", {"format": "tflite", "precision": "int8"}],
             "export is ['tflite', {'format': 'tflite', 'precision': 'int8'}]: names tflite more "
             "than once; each format is written once"),
            ([{"format": "tflite", "precison": "int8"}],
             "export[0].precison is not a known key (did you mean 'precision'?); allowed here: "
             "format, precision, select_tf_ops"),
        ],
    )  # fmt: skip
    def test_a_mistake_is_one_sentence(self, exports: list[object], said: str) -> None:
        with pytest.raises(UserError) as caught:
            with_exports(*exports)
        assert str(caught.value) == f"{CONFIG}: params.{said}."

    def test_tflite_alone_is_what_a_file_without_the_key_means(self) -> None:
        assert load_config().exports == {"tflite": load_config().output_paths.model.tflite_model}

    def test_an_empty_list_is_fine(self) -> None:
        assert with_exports().exports == {}


@pytest.mark.usefixtures("workspace")
class TestRehearsal:
    def test_what_works_is_silent(self, tmp_path: Path) -> None:
        model, forms = plain(), [{"format": "tflite", "precision": "int8"}]
        check_forms(model, with_exports(*forms), IMAGES, tmp_path)
        assert not LITE.exists()

    def test_a_form_that_predicts_something_else_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(LiteModel, "_run", lambda _, images: np.zeros((len(images), 3)))
        with pytest.raises(UserError, match=f"^{CONFIG}: params.export: tflite of precision "):
            check_forms(plain(), with_exports("tflite"), IMAGES, tmp_path)

    def test_a_default_network_needs_none(self) -> None:
        config = with_exports("tflite")
        assert not needs_rehearsal(plain(), config)
        assert needs_rehearsal(network(keras.layers.LSTM(5)), config)
        assert needs_rehearsal(plain(), with_exports({"format": "tflite", "precision": "int8"}))
        assert not needs_rehearsal(plain(), with_exports())


def test_every_known_layer_exports(tmp_path: Path) -> None:
    model, images = every_layer(), np.random.default_rng(0).random((5, 8, 8, 3)) * 255
    assert known_to_export(model)
    model.save(tmp_path / "model.keras")
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)
    expected = keras.models.load_model(tmp_path / "model.keras").predict_on_batch(images)
    assert np.abs(LiteModel(tmp_path / "model.tflite")(images) - expected).max() < 1e-5


def test_what_was_never_tried_is_not_known_to_export() -> None:
    unknown = [
        keras.layers.LSTM(5),
        keras.layers.Lambda(lambda rows: rows),
        Cholesky(),
        keras.layers.Dense(2, activation="gelu"),
        keras.layers.Dense(2, dtype="mixed_float16"),
        keras.Sequential([keras.layers.Dense(2), Cholesky()]),
    ]
    assert [known_to_export(network(layer)) for layer in unknown] == [False] * len(unknown)


def every_layer() -> keras.Model:
    """Build a network of all that `known_to_export` knows."""
    layers, first = keras.layers, keras.Input((8, 8, 3))
    at_front = [
        layers.Rescaling(1 / 255), layers.Normalization(mean=0.5, variance=2.0),
        layers.Resizing(16, 16), layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(),
        layers.ReLU(), layers.DepthwiseConv2D(3, activation="relu"), layers.LeakyReLU(),
        layers.SeparableConv2D(4, 3, strides=2), layers.LayerNormalization(),
        layers.ZeroPadding2D(),
    ]  # fmt: skip
    found: Any = keras.Sequential([first, *at_front])(first)
    highest, mean = layers.MaxPooling2D()(found), layers.AveragePooling2D(2)(found)
    found = layers.Multiply()([layers.Add()([highest, mean]), mean])
    found = layers.Activation("sigmoid")(layers.Concatenate()([found, mean]))
    found = layers.Dropout(0.1)(layers.UpSampling2D(interpolation="bilinear")(found))
    ends = [layers.Flatten(), layers.Reshape((-1,)), layers.GlobalAveragePooling2D(),
            layers.GlobalMaxPooling2D()]  # fmt: skip
    joined = layers.Concatenate()([end(found) for end in ends])
    return keras.Model(first, layers.Dense(3, activation="softmax")(joined))


def test_an_empty_list_trains_and_is_judged(workspace: Path) -> None:
    with_exports()
    for stage in ("train", "evaluate", "summary"):
        assert main([stage]) == 0
    metrics = read_json(METRICS / "metrics.json")
    assert "tflite" not in metrics
    assert list(metrics["latency_ms"]) == ["keras", "keras_batch_32"]
    assert list(metrics["size_bytes"]) == ["keras"]
    assert list((workspace / LITE.parent).iterdir()) == []


def test_a_form_that_cannot_be_run_here_is_a_fact_not_a_failure(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_exports({"format": "tflite", "select_tf_ops": True})
    assert main(["train"]) == 0

    def invoke(*_: object) -> None:
        raise RuntimeError("Select TensorFlow op(s), included in the given model, is(are) not …")

    monkeypatch.setattr(LiteModel, "_invoke", invoke)
    assert main(["evaluate"]) == 0
    metrics = read_json(METRICS / "metrics.json")
    assert metrics["tflite"] == {"not_run": NOT_RUN}
    assert list(metrics["latency_ms"]) == ["keras", "keras_batch_32"]
    assert metrics["size_bytes"]["tflite"] == (workspace / LITE).stat().st_size


@with_onnx
def test_every_form_of_the_list_is_measured(workspace: Path) -> None:
    with_exports({"format": "tflite", "precision": "float16"}, "onnx")
    assert main(["train"]) == main(["evaluate"]) == 0
    metrics = read_json(METRICS / "metrics.json")
    assert 1e-7 < metrics["tflite"]["max_difference"] < 2e-2
    assert metrics["onnx"]["max_difference"] < 1e-5
    assert list(metrics["size_bytes"]) == ["keras", "tflite", "onnx"]
    assert metrics["size_bytes"]["onnx"] == (workspace / ONNX).stat().st_size
    assert set(metrics["latency_ms"]) == {
        f"{form}{batch}" for form in ("keras", "tflite", "onnx") for batch in ("", "_batch_32")
    }


def test_a_failed_export_does_not_cost_the_training(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_exports("onnx")
    monkeypatch.setattr("modelyard.saved.converting.find_spec", lambda _: None)
    assert main(["train"]) == 1  # before the first epoch
    said = capsys.readouterr()
    assert "needs the package tf2onnx" in said.err
    assert "Epoch 1/" not in said.out
    monkeypatch.setattr("modelyard.training.rehearsal.needs_rehearsal", lambda *_: False)
    assert main(["train"]) == 1  # after the last
    assert "needs the package tf2onnx" in capsys.readouterr().err
    with_exports("tflite")
    assert main(["train"]) == 0
    assert "Resuming tiny after epoch 15." in capsys.readouterr().out
    assert (workspace / LITE).is_file()

"""Convert a Keras model to one other form, quietly, and say in a sentence why one cannot be."""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from modelyard.config.export_section import Export
from modelyard.startup import quiet

from .encoding import taken
from .onnx import INSTALL, OnnxModel

MEASURED = 100  # training examples that say how large a network's values get, for int8
LONGEST = 300  # characters of what a converter says
FLEX = "Flex"  # how TFLite names an operator of TensorFlow's own
LOOPS = {schema.BuiltinOperator.WHILE, schema.BuiltinOperator.IF}
LOCATION = re.compile(r'"([^"\s@]*)/([^"\s@/]+)@')  # scopes and operator, in a converter's error
NODE = re.compile(r'In Node, \("([^"]*)", (\w+),')  # the same of ONNX Runtime
NAMED = re.compile(r"(?:TF Select|Custom) ops: ([\w, ]+)")

Batches = Callable[[], Iterable[Any]]


class ConversionError(Exception):
    """A model cannot be written in a form; the message says why and what to do, no full stop."""


def write_form(model: keras.Model, wanted: Export, file: Path, batches: Batches) -> None:
    """Write a model in one form.

    Raises:
        ConversionError: it cannot be.
    """
    WRITERS[wanted.format](model, wanted, file, batches)


def _write_tflite(model: keras.Model, wanted: Export, file: Path, batches: Batches) -> None:
    """Write with builtin operators only, unless TensorFlow's own are allowed.

    Loops, as recurrent layers have, need TensorFlow's own where the batch is free, and none where
    it is fixed: such a file takes one example at a time.
    """
    if wanted.precision == "int8":
        _refuse_loops(model, file)
    options = _options(model, wanted, batches)
    fixed = None if wanted.select_tf_ops else _batch_of_one(model)
    try:
        _export(model, file, "litert", **options)
        if wanted.select_tf_ops or not flex_operators(file):
            return
    except ConversionError:
        if not fixed:  # nothing else to try
            raise
    if fixed:
        _export(model, file, "litert", input_signature=fixed, **options)
    if flex_operators(file):
        raise _why_flex(model, file, fixed)


def _refuse_loops(model: keras.Model, file: Path) -> None:
    """Refuse int8 for a model with loops: measuring their values crashes TensorFlow 2.21."""
    _export(model, file, "litert")
    if LOOPS & {code.BuiltinCode() for code in _operators(file)}:
        raise ConversionError(
            "tflite of precision int8 cannot be written for a network with loops, as recurrent "
            "layers have; build them with unroll=True, or write precision: dynamic"
        )


def _why_flex(model: keras.Model, file: Path, signature: list[Any] | None) -> ConversionError:
    """Ask the converter, which names operators and layers only when it refuses them."""
    operators, layers = ", ".join(flex_operators(file)), ""
    try:
        builtin = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
        _export(model, file, "litert", input_signature=signature, target_spec=builtin)
    except ConversionError as error:
        layers = _layers(model, str(error.__cause__))
    return ConversionError(
        f"tflite needs TensorFlow's own operators ({operators}){layers}; write it with others (a "
        "recurrent layer with unroll=True), write {format: tflite, select_tf_ops: true} if the "
        "device's interpreter has them, or leave tflite out of params.export"
    )


def _write_onnx(model: keras.Model, wanted: Export, file: Path, _: Batches) -> None:
    if lacking := [name for name in ("tf2onnx", "onnxruntime") if not find_spec(name)]:
        raise ConversionError(f"{wanted.format} needs the package {lacking[0]}; {INSTALL}")
    if not getattr(model, "_called", True):  # Keras refuses a Sequential that was never called
        model(np.zeros((1, *model.input_shape[1:]), np.float32), training=False)
    _export(model, file, "onnx")
    try:
        OnnxModel(file)  # tf2onnx writes a graph also where it does not know an operator
    except Exception as error:
        raise _refused(model, "onnx", error) from error


def _export(model: keras.Model, file: Path, form: str, **options: Any) -> None:
    problem = None
    with quiet(), warnings.catch_warnings(action="ignore"):
        try:
            model.export(file, format=form, verbose=False, **options)
        except Exception as error:  # converters raise errors of many kinds
            problem = error
    if isinstance(problem, OSError | MemoryError):  # a full disk is not the network's fault
        raise problem
    if problem:
        raise _refused(model, "tflite" if form == "litert" else form, problem) from problem


def _refused(model: keras.Model, form: str, error: Exception) -> ConversionError:
    text = str(error)
    named = {name.strip() for names in NAMED.findall(text) for name in names.split(",")}
    operators = named | {operator for _, operator in NODE.findall(text)}
    reason = " ".join(text.split())[:LONGEST].rstrip(".")
    why = f"it has no operator for {', '.join(sorted(operators))}" if operators else reason
    return ConversionError(
        f"{form} cannot be written: {why}{_layers(model, text)}; write the network with other "
        f"operators, or leave {form} out of params.export"
    )


def _layers(model: keras.Model, text: str) -> str:
    """Return " of the layer x" for the layers in a converter's text; nothing if it names none."""
    scopes = [scope for scope, _ in LOCATION.findall(text)]
    scopes += [node.rpartition("/")[0] for node, _ in NODE.findall(text)]
    parts = {part for scope in scopes for part in scope.split("/")}
    # A layer's scope is its name, with a number if the model was traced before.
    known = [
        layer.name
        for layer in model._flatten_layers(include_self=False)
        if parts & {layer.name}
        or any(re.fullmatch(f"{re.escape(layer.name)}_\\d+", one) for one in parts)
    ]
    return f" in the layer {', '.join(dict.fromkeys(known))}" if known else ""


def _options(model: keras.Model, wanted: Export, batches: Batches) -> dict[str, Any]:
    """Return what the converter is told; nothing for float32, whose file is Keras' own."""
    if wanted.precision == "float32":
        return {}
    options: dict[str, Any] = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if wanted.precision == "float16":
        options["target_spec"] = {"supported_types": [tf.float16]}
    if wanted.precision == "int8":
        select = [tf.lite.OpsSet.SELECT_TF_OPS] if wanted.select_tf_ops else []
        options["target_spec"] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, *select]}
        options["representative_dataset"] = lambda: _one_by_one(model, batches())
    return options


def _one_by_one(model: keras.Model, batches: Iterable[Any]) -> Iterator[list[np.ndarray]]:
    """Yield examples as a converter takes them: each input in the order of the model's."""
    dtypes = [one.dtype for one in model.inputs]
    examples = (
        [
            np.asarray(part)[at : at + 1].astype(dtype)
            for part, dtype in zip(parts, dtypes, strict=True)
        ]
        for parts in map(keras.tree.flatten, batches)
        for at in range(len(parts[0]))
    )
    return islice(examples, MEASURED)


def _batch_of_one(model: keras.Model) -> list[Any]:
    """Return a signature with a fixed batch; nothing for a model that does not know its inputs."""
    if not getattr(model, "inputs", None):
        return []

    def fixed(one: Any) -> tf.TensorSpec:
        return tf.TensorSpec((1, *one.shape[1:]), one.dtype, one.name)

    return [keras.tree.map_structure(fixed, taken(model))]


def flex_operators(file: Path) -> list[str]:
    """Return the names of TensorFlow's own operators in a TFLite file, without their prefix."""
    names = {(code.CustomCode() or b"").decode() for code in _operators(file)}
    return sorted(name.removeprefix(FLEX) for name in names if name.startswith(FLEX))


def _operators(file: Path) -> list[Any]:
    model = schema.Model.GetRootAsModel(file.read_bytes(), 0)
    return [model.OperatorCodes(at) for at in range(model.OperatorCodesLength())]


WRITERS = {"tflite": _write_tflite, "onnx": _write_onnx}

"""The Open Inference Protocol V2: tensors of requests become the model's inputs, and back."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from modelyard.errors import UserError
from modelyard.serving.inference import encoded, read_request, response
from modelyard.tasks.kinds import kind_of

KIND = kind_of(
    {
        "input": {"kind": "arrays"},
        "inputs": {
            "image": {"shape": [2, 1], "dtype": "uint8"},
            "age": {"shape": [], "dtype": "float32"},
            "name": {"shape": [1], "dtype": "string"},
            "sound": {"shape": [None], "dtype": "int64"},
        },
    }
)
IMAGE = {"name": "image", "shape": [2, 2, 1], "datatype": "UINT8", "data": [0, 255, 1, 2]}
AGE = {"name": "age", "shape": [2], "datatype": "FP32", "data": [0.5, 3]}
NAME = {"name": "name", "shape": [2, 1], "datatype": "BYTES", "data": [["Zoë"], [""]]}
SOUND = {"name": "sound", "shape": [2, 3], "datatype": "INT64", "data": [[1, 2, 3], [4, 5, 6]]}
GIVEN: dict[str, dict[str, Any]] = {str(one["name"]): one for one in (IMAGE, AGE, NAME, SOUND)}


def read(document: Any, rest: bytes = b"", length: str | None = None) -> Any:
    head = json.dumps(document).encode()
    return read_request(head + rest, str(len(head)) if rest and not length else length, KIND)


def test_tensors_are_flat_or_nested_and_one_example_each() -> None:
    found = read({"inputs": [*GIVEN.values()], "id": "7"})
    assert (len(found.givens), found.id, found.binary) == (2, "7", False)
    first, second = (one.values for one in found.givens)
    assert first["image"].tolist() == [[0], [255]]
    assert second["image"].dtype == np.uint8
    assert (float(first["age"]), second["name"].tolist()) == (0.5, [b""])
    assert first["name"].tolist() == ["Zoë".encode()]
    assert second["sound"].tolist() == [4, 5, 6]
    batch = KIND.batch(found.givens)
    assert isinstance(batch, dict)
    assert {name: array.shape for name, array in batch.items()} == {
        "image": (2, 2, 1), "age": (2,), "name": (2, 1), "sound": (2, 3)
    }  # fmt: skip


def test_bytes_may_follow_the_json() -> None:
    texts = b"".join(struct.pack("<I", len(one)) + one for one in ("Zoë".encode(), b""))
    raw = {
        "image": bytes([0, 255, 1, 2]),
        "age": struct.pack("<2f", 0.5, float("nan")),
        "name": texts,
        "sound": struct.pack("<6q", *range(1, 7)),
    }
    inputs = [
        {key: value for key, value in one.items() if key != "data"}
        | {"parameters": {"binary_data_size": len(raw[name])}}
        for name, one in GIVEN.items()
    ]
    document = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    found = read(document, b"".join(raw.values()))
    assert found.binary
    assert found.givens[0].values["name"].tolist() == ["Zoë".encode()]
    assert np.isnan(found.givens[1].values["age"])
    assert found.givens[1].values["sound"].tolist() == [4, 5, 6]
    for size, message in ((7, "end within a value"), (3, "ends within a text"), (99, "than was s")):
        inputs[3 if size == 7 else 2]["parameters"] = {"binary_data_size": size}
        with pytest.raises(UserError, match=message):
            read(document, b"".join(raw.values()))


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "The JSON is a list where it must be an object"),
    "nothing": ({}, "The JSON has no list `inputs` of tensors: send the JSON of an inference"),
    "no tensors": ({"inputs": [1]}, "has no list `inputs` of tensors"),
    "one missing": ({"inputs": [IMAGE, AGE, NAME]}, "The input 'sound' must be there once."),
    "one twice": ({"inputs": [*GIVEN.values(), AGE]}, "The input 'age' must be there once."),
    "a typo": ({"inputs": [{"name": "imag"}]}, "no input 'imag' (did you mean 'image'?); it has "),
    "no name": ({"inputs": [{"name": [1]}]}, "The model has no input '[1]'; it has image, age"),
    "a number as id": ({"inputs": [], "id": 1}, "`id` must be a text."),
    "parameters": ({"inputs": [*GIVEN.values()], "parameters": 1}, "must be an object"),
    "no list": ({"inputs": [*GIVEN.values()], "outputs": {}}, "`outputs` must be a list"),
    "an object": ({"inputs": [*GIVEN.values()], "parameters": []}, "must be an object"),
    "outputs": ({"inputs": [*GIVEN.values()], "outputs": "a"}, "`outputs` must be a list"),
    "an output": (
        {"inputs": [*GIVEN.values()], "outputs": [{"name": "x"}]},
        "no output 'x', only predictions.",
    ),
}
CHANGED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (IMAGE, {"datatype": "FP32"}, "'image' must have the datatype UINT8, not 'FP32'"),
    (IMAGE, {"datatype": None}, "'image' must have the datatype UINT8, not 'None'"),
    (IMAGE, {"shape": [2, 2]}, "'image' must have the shape [-1, 2, 1], in which -1 is any size"),
    (IMAGE, {"shape": [2, 1, 2]}, "must have the shape [-1, 2, 1]"),
    (IMAGE, {"shape": [0, 2, 1]}, "must have the shape [-1, 2, 1]"),
    (IMAGE, {"shape": [True, 2, 1]}, "must have the shape [-1, 2, 1]"),
    (IMAGE, {"shape": [2**62, 2, 1]}, "'image' needs 9223372036854775808 values for its shape"),
    (IMAGE, {"shape": "x"}, "must have the shape [-1, 2, 1]"),
    (IMAGE, {"data": [0, 1, 2, 256]}, "has the value 256, which is not UINT8"),
    (IMAGE, {"data": [0, 1, 2, -1]}, "has the value -1, which is not UINT8"),
    (IMAGE, {"data": [0, 1, 2, 0.5]}, "has the value 0.5, which is not UINT8"),
    (IMAGE, {"data": [0, 1, 2]}, "'image' needs 4 values for its shape [2, 2, 1], not 3"),
    (IMAGE, {"data": [[0], [1, 2]]}, "The lists in `data` of the input 'image' differ in length"),
    (IMAGE, {"data": ["a"] * 4}, "`data` of the input 'image' is not UINT8 throughout"),
    (IMAGE, {"data": [True] * 4}, "is not UINT8 throughout"),
    (IMAGE, {"data": [[True], [0], [1], [2]]}, "is not UINT8 throughout"),
    (IMAGE, {"data": [2**70] * 4}, "is not UINT8 throughout"),
    (IMAGE, {"data": None}, "'image' has no list `data`"),
    (IMAGE, {"parameters": {"binary_data_size": 4}}, "of the input 'image' is more than was sent"),
    (AGE, {"data": [1e300, 0]}, "'age' has a value that is too large for FP32"),
    (AGE, {"shape": [1], "data": [1]}, "The inputs differ in the first size of their shapes"),
    (NAME, {"data": [1, 2]}, "`data` of the input 'name' is not text throughout"),
    (NAME, {"data": ["\ud800", ""]}, "'name' has half a character, such as \\ud800"),
    (NAME, {"data": [["a"], ["b", "c"]]}, "is not text throughout"),
]  # fmt: skip


def test_what_is_not_a_request_is_named() -> None:
    changes = [({"inputs": [*(GIVEN | {one["name"]: one | change}).values()]}, message)
               for one, change, message in CHANGED]  # fmt: skip
    for document, message in [*WRONG.values(), *changes]:
        with pytest.raises(UserError) as caught:
            read(document)
        assert message in str(caught.value), caught.value
    for length in ("-1", "99999999999", "x", "²"):
        with pytest.raises(UserError, match="must be a number of bytes up to those of the body"):
            read({}, b"", length)
    with pytest.raises(UserError, match="1 bytes behind the JSON belong to no input"):
        read({"inputs": [*GIVEN.values()]}, b"x")


def test_an_answer_is_json_or_bytes_behind_it() -> None:
    wanted = read({"inputs": [*GIVEN.values()], "id": "7"})
    values = np.array([[0.25, 0.75], [1, 0]], np.float32)
    document = response("net", "1.0.0", wanted, values)
    assert document == {
        "model_name": "net",
        "model_version": "1.0.0",
        "id": "7",
        "outputs": [
            {"name": "predictions", "datatype": "FP32", "shape": [2, 2], "data": [0.25, 0.75, 1, 0]}
        ],
    }
    body, length = encoded(document, values, binary=False)
    assert (json.loads(body), length) == (document, len(body))
    body, length = encoded(document, values, binary=True)
    assert body[length:] == values.tobytes()
    [output] = json.loads(body[:length])["outputs"]
    assert output["parameters"] == {"binary_data_size": 16}
    assert "data" not in output

"""Requests with texts, rows and arrays: answered in batches, refused with what to send."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.errors import UserError
from modelyard.tasks.kinds import kind_of

from .serving import served
from .stub_kinds import Says

JSON = {"Content-Type": "application/json"}
ARRAYS = kind_of(
    {
        "input": {"kind": "arrays"},
        "inputs": {
            "image": {"shape": [2, 1], "dtype": "uint8"},
            "age": {"shape": [], "dtype": "float32"},
            "name": {"shape": [], "dtype": "string"},
            "sound": {"shape": [None], "dtype": "float32"},
        },
    }
)
GIVEN = {"image": [[0], [255]], "age": 3, "name": "Zoë", "sound": [0.5, 1, 2]}


def says(folder: Path, kind: str, activation: str = "probabilities") -> Says:
    return Says(folder, kind, activation)


def test_a_text_is_json_a_body_or_a_field(tmp_path: Path) -> None:
    model = says(tmp_path, "text")
    with served(model) as client:
        for request in (
            {"json": {"text": "Zoë"}},
            {"content": "Zoë".encode(), "headers": {"Content-Type": "text/plain; charset=utf-8"}},
            {"data": {"text": "Zoë"}},
            {"files": {"text": ("a.txt", "Zoë".encode())}},
        ):
            answer = client.post("/predict", **request)
            assert answer.status_code == 200, answer.text
            assert [*answer.json()] == ["predictions"]
            assert model.given == ["Zoë"]


def test_a_row_is_json_and_a_number_is_answered(tmp_path: Path) -> None:
    model = says(tmp_path, "table", "number")
    with served(model) as client:
        answer = client.post("/predict", json={"age": 3, "city": None})
        about = client.get("/model").json()
    assert answer.json() == {"predictions": [{"target": "pressure", "value": 3}]}
    assert json.loads(model.given[0]) == {"age": 3, "city": None}
    assert (about["input"]["kind"], about["classes"]) == ("table", [])
    assert [one["name"] for one in about["input"]["columns"]][:2] == ["age", "city"]
    assert about["output"] == {"activation": "number"}


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "half of it": ({"content": '{"age": ', "headers": JSON}, 422, "The JSON is not valid (Exp"),
    "nothing": ({"content": b"", "headers": JSON}, 422, "not valid (Expecting value, line 1, "),
    "bytes": ({"content": b"\xff{}", "headers": JSON}, 422, "not UTF-8 (byte 1 is 0xff): send"),
    "a list": ({"json": [1]}, 422, "The JSON is a list where it must be an object: send a JSON"),
    "null": ({"content": "null", "headers": JSON}, 422, "The JSON is null where it must be an ob"),
    "no age": ({"json": {"city": "Rome"}}, 422, "The JSON lacks the key 'age': send a JSON"),
    "a wrong key": ({"json": {"age": 1, "citty": ""}}, 422, "key 'citty' (did you mean 'city'?)"),
    "two wrong": ({"json": {"x1": 1, "x2": 1}}, 422, "has the unknown keys 'x1', 'x2': send"),
    "a key twice": ({"content": '{"age":1,"age":2}', "headers": JSON}, 422, "'age' is there twice"),
    "NaN": ({"content": '{"age": NaN}', "headers": JSON}, 422, "NaN is not a number of JSON"),
    "infinity": ({"content": '{"age": 1e999}', "headers": JSON}, 422, "1e999 is too large"),
    "long": ({"content": '{"age": ' + "9" * 5000 + "}", "headers": JSON}, 422, "cannot be used"),
    "deep": ({"content": "[" * 10**5, "headers": JSON}, 422, "nested too deeply"),
    "a text": ({"json": {"age": "old"}}, 422, "'age' is 'old', not a number: send a JSON"),
    "a form": ({"data": {"age": "3"}}, 415, "Content-Type is application/x-www-form-urlencoded: s"),
    "a form with files": ({"files": {"age": b"3"}}, 415, "multipart/form-data: send a JSON object"),
    "no type": ({"content": b"{}"}, 415, "The Content-Type is missing: send a JSON object such"),
    "much": ({"content": bytes(11_000_000), "headers": JSON}, 413, "MB; send a smaller row."),
}  # fmt: skip


def test_what_is_no_row_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with served(says(tmp_path, "table", "number")) as client:
        for case, (arguments, status, sentence) in REFUSED.items():
            answer = client.post("/predict", **arguments)
            assert (case, answer.status_code, [*answer.json()]) == (case, status, ["error"])
            assert sentence in answer.json()["error"]
        assert client.post("/predict", json={"age": 1}).status_code == 200
        assert client.get("/health").json() == {"status": "ok", "model": "says"}


def test_what_is_no_text_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with served(says(tmp_path, "text")) as client:
        for arguments, status, sentence in (
            ({"json": {"text": " "}}, 422, "The text is empty: send JSON such as"),
            ({"json": {"text": "a" * 1001}}, 413, "more than 1000 characters; send a"),
            (
                {"files": [("text", b"a"), ("text", b"b")]},
                422,
                "has 2 fields `text` where",
            ),
            (
                {"content": b"a", "headers": {"Content-Type": "text/html"}},
                415,
                "text/html: send",
            ),
        ):
            answer = client.post("/predict", **arguments)
            assert (answer.status_code, sentence in answer.json()["error"]) == (status, True)


def test_one_that_the_model_cannot_answer_spoils_no_batch(tmp_path: Path) -> None:
    model, start = says(tmp_path, "table", "number"), threading.Event()
    say = model._say

    def slowly(inputs: Any) -> np.ndarray:
        start.wait()
        found = say(inputs)
        return np.where(found == 7, np.nan, found)

    model._say = slowly  # type: ignore[method-assign]
    with served(model) as client, ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(client.post, "/predict", json={"age": age}) for age in range(20)]
        assert client.get("/health").status_code == 200
        start.set()
        answers = [one.result() for one in asked]
    assert [answer.status_code for answer in answers] == [200] * 7 + [422] + [200] * 12
    assert answers[19].json()["predictions"][0]["value"] == 19
    assert answers[7].json()["error"] == (
        "The model's answer to this row is not finite (NaN or infinity); look for extreme values "
        "in it."
    )
    assert max(model.batches) > 1


def test_arrays_are_decoded_and_batched_by_name() -> None:
    one = ARRAYS.decode(json.dumps(GIVEN).encode(), "application/json")
    batch = ARRAYS.batch([one, one])
    assert isinstance(batch, dict)
    assert batch["image"].tolist() == [[[0], [255]]] * 2
    assert (str(batch["image"].dtype), str(batch["age"].dtype)) == ("uint8", "float32")
    assert batch["name"].tolist() == ["Zoë".encode()] * 2
    blank = ARRAYS.blank(3)
    assert isinstance(blank, dict)
    assert {name: array.shape for name, array in blank.items()} == {
        "image": (3, 2, 1), "age": (3,), "name": (3,), "sound": (3, 1)
    }  # fmt: skip


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a byte too large": ({"image": [[0], [256]]}, "'image' has the value 256, which is not uint8"),
    "half a byte": ({"image": [[0], [0.5]]}, "'image' has the value 0.5, which is not uint8"),
    "another shape": ({"image": [[0]]}, "'image' has the shape (1, 1), which is not"),
    "ragged": (
        {"image": [[0], [1, 2]]},
        "'image' is not numbers from 0 to 255 of the",
    ),
    "a text": ({"age": "3"}, "'age' is not a number: send a JSON object"),
    "true": ({"age": True}, "'age' is not a number"),
    "true among numbers": ({"image": [[True], [0]]}, "'image' is not numbers from 0 to 255"),
    "null": ({"age": None}, "'age' is not a number"),
    "too large": ({"age": 1e300}, "'age' has the value 1e+300, which is not float32"),
    "a number": ({"name": 3}, "'name' is not a text"),
    "half a character": ({"name": "\ud800"}, "'name' has half a character, such as \\ud800"),
    "texts": ({"name": ["a"]}, "'name' has the shape (1,), which is not a text"),
    "no length": (
        {"sound": []},
        "'sound' has the shape (0,), which is not numbers",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_an_input_is_named(case: str) -> None:
    change, message = WRONG[case]
    with pytest.raises(UserError) as caught:
        ARRAYS.decode(json.dumps(GIVEN | change).encode(), "application/json")
    assert message in str(caught.value)


def read(folder: Path) -> tuple[list[Any], int]:
    found = ARRAYS.find([folder])
    givens = [*ARRAYS.read(found)]
    rows = [(Path(str(one.where["path"])).name, one.where["row"]) for one in givens]
    assert all(one.values["image"].tolist() == [[0], [255]] for one in givens)
    assert all(one.values["sound"].tolist() == [0.5, 1, 2] for one in givens)
    return rows, found.skipped


def npz(folder: Path) -> None:
    arrays: dict[str, Any] = {name: np.array(value) for name, value in GIVEN.items()}
    np.savez(folder / "a.npz", **arrays)
    np.savez(folder / "b.npz", image=np.zeros((2, 1)))


def csv(folder: Path) -> None:
    np.save(folder / "sounds.npy", np.array([0.5, 1, 2]))
    row = 'x,"[[0], [255]]",3,Zoë,'
    (folder / "a.csv").write_text(
        f'id,image,age,name,sound\n{row}"[0.5, 1, 2]"\n\n{row}sounds.npy\n{row}gone.npy\n'
        "x,1\nx,[[0]],3,a,sounds.npy\n",
        encoding="utf-8",
    )
    (folder / "notes.txt").touch()


def jsonl(folder: Path) -> None:
    line = json.dumps(GIVEN)
    (folder / "a.jsonl").write_text(
        f"{line}\n{{\n{line}\n" + '{"image": [[0], [1]]}\n', encoding="utf-8"
    )


FILES: list[tuple[Callable[[Path], None], list[Any], int, str]] = [
    (npz, [("a.npz", "")], 1, "b.npz: it lacks the array 'age'; it has image."),
    (csv, [("a.csv", 1), ("a.csv", 2)], 3, "a.csv, row 4: it has 2 cells, but the header has 5."),
    (jsonl, [("a.jsonl", 1), ("a.jsonl", 3)], 2, "a.jsonl, row 4: it lacks the column 'age'; "),
]


@pytest.mark.parametrize("case", FILES, ids=["npz", "csv", "jsonl"])
def test_arrays_are_read_from_files_and_rows(
    case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write, wanted, skipped, said = case
    write(tmp_path)
    assert read(tmp_path) == (wanted, skipped)
    warnings = capsys.readouterr().err
    assert said in warnings
    assert warnings.count("warning: skipped: ") == skipped == warnings.count("\n")


def test_one_input_is_an_array_or_an_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"shape": [2, 2, 3], "dtype": "uint8"}
    photos = kind_of({"input": {"kind": "arrays", "inputs": {"photo": spec}}})
    np.save(tmp_path / "a.npy", np.full((2, 2, 3), 7.0))
    (tmp_path / "b.npy").write_bytes(b"no array")
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "c.png")
    (tmp_path / "d.csv").write_text("photo\nc.png\na.npy\ngone.png\n")
    found = photos.find([tmp_path])
    said = [[*one.values["photo"][0, 0]] for one in photos.read(found)]
    assert said == [[7, 7, 7], [1, 2, 3], [7, 7, 7]]
    assert (found.skipped, found.said()) == (2, "left out: 1 .png")
    warnings = capsys.readouterr().err
    assert f"skipped: {tmp_path / 'b.npy'}: cannot be read as an array (" in warnings
    assert f"{tmp_path / 'd.csv'}, row 3: {tmp_path / 'gone.png'} cannot be read" in warnings


def test_a_table_of_another_encoding_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'image,age,name,sound\n"[[0], [255]]",3,Zo\xeb,"[0.5, 1, 2]"\n')
    assert read(tmp_path) == ([], 1)
    assert f"skipped: {file} is not UTF-8 after row 0 (invalid" in capsys.readouterr().err

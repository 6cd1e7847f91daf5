"""A trained model served by a process of its own, as `modelyard serve` starts it."""

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import psutil
import pytest

from modelyard.config.image_section import ImageReading
from modelyard.errors import UserError
from modelyard.files import read_csv, read_json, sha256
from modelyard.saved.lite import LiteModel
from modelyard.serving import predictor
from modelyard.serving.about import describe, html
from modelyard.serving.logs import MOST
from modelyard.serving.predict import main as predict
from modelyard.serving.predictor import load_predictor
from modelyard.serving.serve import Reach, serve

from .conftest import ROOT
from .tiny import CLASSES, METRICS, MODEL

EXPORT = MODEL / "model.tflite"
IMAGES = Path("data/raw/stripes/images")
FIELD = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: "


@contextmanager
def started(*options: str) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """Yield the process and its address; it is told to end with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "modelyard", "serve", str(MODEL), "--port", "0", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    with process:
        try:
            said = process.stdout.readline()
            assert said.startswith("Serving tiny at http://127.0.0.1:"), said
            yield process, said.split()[3]
        finally:
            process.terminate()


@pytest.mark.usefixtures("trained")
def test_the_answers_are_those_of_predict_and_the_last_one_is_given_at_the_end() -> None:
    assert predict([str(MODEL), str(IMAGES)]) == 0
    wanted = read_csv(Path("predictions.csv"))
    with started() as (process, url):
        with httpx.Client(base_url=url) as client:
            assert len(client.get("/examples").json()["examples"]) == 2 * len(CLASSES)
            for row in wanted:
                file = {"image": Path(row["path"]).read_bytes()}
                found = client.post("/predict", files=file).json()["predictions"]
                assert sorted(one["class"] for one in found) == sorted(CLASSES)
                shares = [one["probability"] for one in found]
                assert shares == sorted(shares, reverse=True)
                assert sum(shares) == pytest.approx(1, abs=1e-5)
                assert found[0]["class"] == row["class"]
                assert shares[0] == pytest.approx(float(row["probability"]), abs=1e-5)
            known = client.get("/model").json()
        assert known["sha256"] == sha256(MODEL / "model.keras")
        assert known["metrics"]["test"] == read_json(METRICS / "metrics.json")["test"]
        assert _told_to_end_in_the_middle(process, url, signal.SIGINT).startswith("HTTP/1.1 200 OK")
        assert process.wait() == 0
        assert process.stdout
        assert process.stdout.read() == ""  # neither TensorFlow nor the server has more to say


@pytest.mark.usefixtures("trained")
def test_an_export_answers_as_its_model_does_without_tensorflow() -> None:
    images = sorted(IMAGES.glob("*.png"))
    keras = load_predictor(str(MODEL))
    given = [*keras.kind.read(keras.kind.find(images))]
    wanted = [keras.told(*one) for one in zip(given, keras.said(given), strict=True)]
    with started("--engine", "tflite") as (process, url):
        with httpx.Client(base_url=url) as client:
            for image, one in zip(images, wanted, strict=True):
                body, kind = image.read_bytes(), {"Content-Type": "image/png"}
                found = client.post("/predict", content=body, headers=kind).json()["predictions"]
                for said, expected in zip(found, one["predictions"], strict=True):
                    assert said["class"] == expected["class"]
                    assert said["probability"] == pytest.approx(expected["probability"], abs=1e-5)
        assert psutil.Process(process.pid).memory_info().rss < 150 * 2**20  # TensorFlow has more


def without_export() -> None:
    EXPORT.unlink()


def with_encoder() -> None:
    keras = MODEL / "model.keras"
    with zipfile.ZipFile(keras) as file:
        members = {name: file.read(name) for name in file.namelist()}
    document = json.loads(members["config.json"])
    document["config"]["layers"][0]["config"]["name"] = "encoder"
    with zipfile.ZipFile(keras, "w") as file:
        for name, content in (members | {"config.json": json.dumps(document).encode()}).items():
            file.writestr(name, content)


FALLS_BACK: dict[str, tuple[Any, str]] = {
    "no export": (without_export, "`params.export: [tflite]` writes it"),
    "an encoder": (with_encoder, "lacks the encoder that models/tiny/model.keras begins with"),
    "half the precision": ("is_exact", "is less exact than the model; `precision: float32` of"),
    "operators": ("_invoke", "needs operators of TensorFlow that LiteRT does not have"),
    "another shape": ("input_shapes", "takes (None, 3), which are not images"),
}


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("case", FALLS_BACK)
def test_keras_answers_where_an_export_would_not_answer_alike(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change, why = FALLS_BACK[case]
    replaced: Any = False if case == "half the precision" else (None, 3)
    if case == "operators":
        lacks = RuntimeError("Select TensorFlow op(s), included in the given model, is(are) not")
        monkeypatch.setattr(LiteModel, change, Mock(side_effect=lacks))
    elif isinstance(change, str):
        monkeypatch.setattr(LiteModel, change, replaced)
    else:
        change()
    loaded: list[Path] = []
    monkeypatch.setattr(predictor, "Predictor", lambda file, _: loaded.append(file))
    load_predictor(str(MODEL), "tflite")
    assert loaded == [MODEL / "model.keras"]
    said = capsys.readouterr().err
    assert said.startswith(f"warning: --engine tflite: {MODEL}/model.")
    assert why in said
    assert said.endswith("; Keras answers instead.\n")


@pytest.mark.usefixtures("trained")
def test_told_to_end_it_finishes_what_it_has_accepted() -> None:
    with started() as (process, url):
        for _ in range(30):
            assert httpx.get(f"{url}/health", headers={"Host": "evil.example"}).status_code == 421
        answer = _told_to_end_in_the_middle(process, url, signal.SIGTERM)
        assert answer.startswith("HTTP/1.1 200 OK")
        assert '"predictions"' in answer
        assert process.wait() == 0
        assert process.stdout
        said = [json.loads(line) for line in process.stdout]
    assert [one["status"] for one in said] == [421] * MOST  # and not one line for each request
    assert said[0]["message"].startswith("This server does not answer for the host 'evil.example'")


def _told_to_end_in_the_middle(
    process: "subprocess.Popen[str]", url: str, told: signal.Signals
) -> str:
    """Send half an image, the signal, and the other half; return the answer."""
    image = (IMAGES / "rows_0.png").read_bytes()
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 0)) as connection:
        connection.sendall(f"{FIELD}{len(image)}\r\n\r\n".encode() + image[:50])
        httpx.get(f"{url}/health")  # by now it knows of the other one
        process.send_signal(told)
        while not refuses(address):
            time.sleep(0.01)
        connection.sendall(image[50:])
        answer = b""
        while more := connection.recv(9999):
            answer += more
    return answer.decode()


def refuses(address: httpx.URL) -> bool:
    with socket.socket() as probe:
        return bool(probe.connect_ex((address.host, address.port or 0)))


@pytest.mark.usefixtures("trained")
def test_what_is_known_of_a_model_is_told(tmp_path: Path) -> None:
    metrics = read_json(METRICS / "metrics.json")
    metrics["test"]["loss"] = math.nan
    (METRICS / "metrics.json").write_text(json.dumps(metrics))
    known = describe(load_predictor(str(MODEL)))
    assert known["name"] == "tiny"
    assert known["classes"] == list(CLASSES)
    reading = ImageReading(image_size=[8, 8], channels=1)
    assert known["input"] == {"kind": "image", **reading.described()}
    assert known["card"] is known["card_html"] is None
    assert known["metrics"]["validation"]["val_accuracy"] > 0.5
    assert known["metrics"]["test"]["loss"] is None  # NaN is not JSON
    with (MODEL / "config.yaml").open("a") as file:
        file.write("card:\n  intended_use: Look.\n  limits: All.\n")
    assert describe(load_predictor(str(MODEL)))["card"] == "Intended use: Look.\n\nLimits: All."
    away = MODEL.rename(tmp_path / "away")
    (away / "README.md").write_text("---\nlicense: mit\n---\n# Card\n\nText\n")
    known = describe(load_predictor(str(away)))
    assert known["card"] == "# Card\n\nText"
    assert known["card_html"] == "<h1>Card</h1>\n<p>Text</p>\n"
    assert known["metrics"]["test"] == {}  # those in this project may be another model's


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("name", "content", "card"),
    [
        ("README.md", "caf\xe9\n---\nText".encode("latin-1"), "caf\ufffd\n---\nText"),
        ("README.md", b"---\nnever ends", "---\nnever ends"),
        ("config.yaml", b"", None),
        ("config.yaml", b"card: text", None),
        ("config.yaml", b"card: [", None),
        ("config.yaml", b"card: {1: 2}", "1: 2"),
        ("val_metrics.json", b"[1, 2]", None),
        ("val_metrics.json", b"{", None),
        ("val_metrics.json", b"\xe9", None),
    ],
)
def test_what_lies_beside_a_model_may_be_anybody_s(
    name: str, content: bytes, card: str | None
) -> None:
    (MODEL / name).write_bytes(content)
    known = describe(load_predictor(str(MODEL)))
    assert known["card"] == card
    measured = known["metrics"]["validation"]
    assert measured == {} if name == "val_metrics.json" else measured["val_accuracy"] > 0.5


@pytest.mark.usefixtures("trained")
def test_numbers_that_are_none_are_told_as_null() -> None:
    (MODEL / "val_metrics.json").write_text('{"a": NaN, "b": {"c": [1.5, Infinity]}}')
    (METRICS / "metrics.json").write_text('{"test": 1}')
    known = describe(load_predictor(str(MODEL)))
    assert known["metrics"] == {"validation": {"a": None, "b": {"c": [1.5, None]}}, "test": {}}


def test_a_card_brings_tables_to_the_page_and_nothing_that_runs_or_is_fetched() -> None:
    text = "|a|\n|-|\n|1|\n\n<script>x()</script> ![i](http://e.org/i.png) [l](javascript:x())"
    found = html(text)
    assert "<td>1</td>" in found
    assert "&lt;script&gt;" in found
    assert not re.search('<script|<img|href="javascript', found)


@pytest.mark.usefixtures("trained")
def test_a_model_that_answers_with_nan_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the tests stay theirs
    predictor = load_predictor(str(MODEL))
    predictor.model.set_weights([weights * math.nan for weights in predictor.model.get_weights()])
    predictor.model.save(MODEL / "model.keras")
    with pytest.raises(UserError, match=r"^models/tiny/model.keras answers with numbers that are"):
        serve([str(MODEL)], Reach("127.0.0.1", 0))

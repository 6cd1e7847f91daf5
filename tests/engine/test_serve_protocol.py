"""A server as operators and other programs ask it: metrics, readiness, hosts, Triton's client."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from modelyard.errors import UserError
from modelyard.serving.app import application
from modelyard.serving.hosts import Hosts
from modelyard.serving.places import Places
from modelyard.serving.routes import TOLD
from modelyard.serving.serve import check_names
from modelyard.serving.served import Served

from .serving import Grey, png, served
from .stub_kinds import Says

PNG = {"Content-Type": "image/png"}
PATHS = TOLD.replace(" and ", ", ").split(", ")


@pytest.fixture
def both(tmp_path: Path) -> Iterator[httpx.Client]:
    """Yield a client of a server of a model of images, `grey`, and one of rows, `says`."""
    folders = [tmp_path / "grey", tmp_path / "says"]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "config.yaml").write_text("version: v1.2.0\n")
    with served(Grey(folders[0]), Says(folders[1], "table", "number")) as client:
        yield client


def tensor(name: str, values: np.ndarray, *, binary: bool = True) -> triton.InferInput:
    found = triton.InferInput(name, values.shape, np_to_triton_dtype(values.dtype))
    found.set_data_from_numpy(values, binary_data=binary)
    return found


def counted(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """Return what is counted, by name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name, *one.labels.values()): one.value for kind in families for one in kind.samples
    }


def test_tritons_client_gets_raw_outputs_of_tensors_by_name(both: httpx.Client) -> None:
    with triton.InferenceServerClient(both.base_url.netloc.decode()) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("says")
        assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
        assert client.get_model_metadata("grey", "v1.2.0") == {
            "name": "grey",
            "versions": ["v1.2.0"],
            "platform": "keras",
            "inputs": [{"name": "images", "datatype": "UINT8", "shape": [-1, 8, 8, 1]}],
            "outputs": [{"name": "predictions", "datatype": "FP32", "shape": [-1, 1]}],
        }
        numbers = np.arange(70, dtype=np.float64)[:, None]
        cities = np.array([["Zoë".encode()]] * 70, object)
        for binary in (True, False):
            inputs = [
                tensor("categories", cities, binary=binary),
                tensor("numbers", numbers, binary=binary),
            ]
            outputs = [triton.InferRequestedOutput("predictions", binary_data=binary)]
            found = client.infer("says", inputs, request_id="7", outputs=outputs)
            assert found.as_numpy("predictions").tolist() == numbers.tolist()
            assert (found.get_response()["id"], found.get_response()["model_name"]) == ("7", "says")
        with pytest.raises(InferenceServerException) as refused:
            client.infer("says", inputs[:1])
        assert "The input 'numbers' must be there once." in str(refused.value)
        with pytest.raises(InferenceServerException, match="There is no /v2/models/gray"):
            client.get_model_metadata("gray")
        numbers[3] = np.nan
        with pytest.raises(InferenceServerException, match="answer to this row is not finite"):
            client.infer("says", [inputs[0], tensor("numbers", numbers)])


def test_each_model_has_its_own_paths_and_the_first_those_without_a_name(
    both: httpx.Client,
) -> None:
    listed = both.get("/models").json()["models"]
    assert [(one["name"], one["version"], one["url"]) for one in listed] == [
        ("grey", "v1.2.0", "/models/grey"),
        ("says", None, "/models/says"),
    ]
    assert both.get("/model").json() == both.get("/models/grey").json()
    image = both.post("/models/grey/predict", content=png(51), headers=PNG).json()
    assert image == both.post("/predict", content=png(51), headers=PNG).json()
    row = both.post("/models/says/predict", json={"age": 3})
    assert row.json()["predictions"] == [{"target": "pressure", "value": 3}]
    wrong = both.post("/models/grey/predict", json={"age": 3})
    assert wrong.status_code == 415


def test_versions_of_a_model_are_told_apart_by_their_names(tmp_path: Path) -> None:
    places = Places()
    names = [Served(Grey(tmp_path), places, asked).name for asked in ("grey@v1.2.0", "models/a@b")]
    assert names == ["grey@v1.2.0", "grey"]
    with pytest.raises(UserError, match=r"^a and models/b are both called grey; leave one of them"):
        check_names(["grey", "grey"], ["a", "models/b"])


def test_requests_are_counted_by_known_paths_only(both: httpx.Client) -> None:
    for _ in range(3):
        both.post("/predict", content=png(), headers=PNG)
    both.post("/predict", content=b"x", headers=PNG)
    for number in range(20):
        both.get(f"/{number}")
    found = counted(both)
    assert found["modelyard_requests_total", "/predict", "200"] == 3
    assert found["modelyard_requests_total", "/predict", "422"] == 1
    assert found["modelyard_requests_total", "other", "404"] == 20
    assert found["modelyard_request_seconds_count", "/predict"] == 4
    assert found["modelyard_batch_size_sum", "grey"] == 3
    assert found[("modelyard_requests_in_flight",)] == 1  # this one
    assert sum(key[0] == "modelyard_model_info" for key in found) == 2
    assert len({key[1] for key in found if key[0] == "modelyard_requests_total"}) == 2


def test_ready_and_alive_are_told_apart(both: httpx.Client) -> None:
    assert both.get("/health").json() == {"status": "ok", "model": "grey"}
    assert both.get("/ready").json() == {"status": "ready"}
    assert both.get("/v2/health/ready").json() == {"ready": True}
    for path in PATHS:
        answer = both.get(path)
        assert answer.status_code == (405 if path == "/predict" else 200), path


def test_before_it_has_started_nothing_is_ready(tmp_path: Path) -> None:
    async def statuses() -> list[int]:
        app = application([Served(Grey(tmp_path), Places())], Hosts())
        transport = httpx.ASGITransport(app)  # which does not start an application
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            paths = ("/ready", "/v2/health/ready", "/v2/models/grey/ready", "/health")
            return [(await client.get(path)).status_code for path in paths]

    assert asyncio.run(statuses()) == [503, 503, 503, 200]


def test_a_page_of_another_name_cannot_ask(both: httpx.Client) -> None:
    for path in ("/predict", "/health", "/", "/nowhere"):
        answer = both.post(path, content=png(), headers={**PNG, "Host": "evil.example:8000"})
        assert answer.status_code == 421
        assert answer.json()["error"].startswith("This server does not answer for the host 'evil.")


def test_what_the_server_says_of_itself_is_valid(both: httpx.Client) -> None:
    document = both.get("/openapi.json").json()
    validate(document)
    assert set(TOLD.replace(" and ", ", ").split(", ")) - {"/", "/openapi.json"} <= {
        *document["paths"]
    }
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert [*body] == ["image/*", "application/octet-stream", "multipart/form-data"]
    answer = document["paths"]["/models/says/predict"]["post"]["responses"]["200"]
    told = answer["content"]["application/json"]["schema"]["properties"]["predictions"]
    assert told["items"]["properties"]["value"] == {"type": "number"}
    assert json.dumps(document)

"""What /openapi.json promises is kept, for every kind of example and every head: Schemathesis."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.serving.predicting import Predicting
from modelyard.tasks.answers import answers_of
from modelyard.tasks.kinds import Inputs, kind_of

from .serving import served

CONTRACT = Path(__file__).with_name("contract")
OPTIONS = [
    "--seed=1", "--phases=coverage,fuzzing", "--continue-on-failure",
    # The first is /predict; tensors of texts have the same rules as all others.
    "--exclude-path-regex=^/models/masks/predict$|^/v2/models/(masks|price|any)/infer$",
]  # fmt: skip
CLASSES = ["a", "b", "c"]
CORNERS = ["x1", "y1", "x2", "y2", "score", "class"]
CELLS = 16
IMAGE = {"kind": "image", "height": 8, "width": 8, "channels": 1}
ROWS = {
    "kind": "table",
    "missing": ["", "NA"],
    "target": "price",
    "columns": [
        {"name": "age", "type": "number", "example": 41.5},
        {"name": "income", "type": "number", "required": False, "example": 3},
        {"name": "city", "type": "category", "choices": ["Rome"], "known": 1, "example": "Rome"},
        {"name": "street", "type": "category", "required": False, "example": "N"},
        {"name": "smoker", "type": "boolean", "example": True},
        {"name": "member", "type": "boolean", "required": False, "example": False},
        {"name": "visit", "type": "date", "format": "%d.%m.%Y", "example": "28.02.2026"},
        {"name": "left", "type": "date", "format": "%Y-%m-%d", "required": False},
    ],
}
ARRAYS = {
    "kind": "arrays",
    "inputs": {
        "image": {"shape": [2, 1], "dtype": "uint8"},
        "age": {"shape": [], "dtype": "float32"},
        "name": {"shape": [], "dtype": "string"},
        "sound": {"shape": [None], "dtype": "float64"},
        "flag": {"shape": [], "dtype": "bool"},
    },
}
TEXT = {"kind": "text", "max_tokens": 5}
MODELS: dict[str, tuple[dict[str, Any], str, str]] = {
    "masks": (IMAGE, "instance_segmentation", "objects"),
    "price": (ROWS, "table", "number"),
    "topics": (TEXT, "text", "labels"),
    "any": (ARRAYS, "custom", "probabilities"),
}


class Blind(Predicting):
    """Stands for a model that answers the same whatever it is given."""

    def __init__(self, folder: Path, name: str) -> None:
        taken, task, activation = MODELS[name]
        self.folder, self.file = folder, folder / "model.keras"
        output: dict[str, Any] = {"activation": activation, "classes": CLASSES}
        if activation == "number":
            output = {"activation": activation, "target": "price"}
        elif activation == "objects":
            output["columns"] = CORNERS
        self.about = {"model": name, "task": task, "input": taken, "output": output}
        self.kind, self.task = kind_of(self.about), answers_of(self.about)

    def _say(self, inputs: Inputs) -> np.ndarray:
        count = len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)
        if self.about["task"] == "instance_segmentation":
            return np.tile(
                np.array([[1, 1, 6, 6, 0.9, 2, *[0.8] * CELLS]], np.float32), (count, 2, 1)
            )
        return np.full((count, len(self.classes) or 1), 0.5, np.float32)


def test_what_the_server_says_of_itself_is_kept(tmp_path: Path) -> None:
    """Requests that fit the schemas are answered as these say, all others refused."""
    with served(*(Blind(tmp_path, name) for name in MODELS)) as client:
        count = len(client.get("/openapi.json").json()["paths"]) - 4
        url, config = client.base_url.join("/openapi.json"), CONTRACT / "schemathesis.toml"
        command = ["schemathesis.cli", f"--config-file={config}", "run", str(url), *OPTIONS]
        done = subprocess.run(
            [sys.executable, "-m", *command, "-n", os.environ.get("CONTRACT_EXAMPLES", "3")],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(CONTRACT),
                "SCHEMATHESIS_HOOKS": "contract_hooks",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {count}\n" in done.stdout

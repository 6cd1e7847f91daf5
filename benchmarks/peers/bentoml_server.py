"""The model behind BentoML: `bentoml serve bentoml_server:Model`, for benchmarks/serving.py.

Batches as large as ours, and the same decoding, model and answers; MODEL and PROJECT are in the
environment.
"""

import base64
import os
from typing import Any

import bentoml

from modelyard.serving.predictor import load_predictor


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Model:
    """Takes `{"images": [BASE64]}`."""

    def __init__(self) -> None:
        os.chdir(os.environ["PROJECT"])  # BentoML has gone to this file
        self.predictor = load_predictor(os.environ["MODEL"])
        for count in (1, 2, 32):
            self.predictor.outputs(self.predictor.kind.blank(count))

    @bentoml.api(batchable=True, max_batch_size=32)
    def predict(self, images: list[str]) -> list[dict[str, Any]]:
        """Answer a batch."""
        decode = self.predictor.kind.decode
        givens = [decode(base64.b64decode(one), "") for one in images]
        return [*map(self.predictor.told, givens, self.predictor.said(givens))]

"""The model behind LitServe: `PYTHON litserve_server.py MODEL PORT`, for benchmarks/serving.py.

Batches as large as ours, the faster of its queues, and the same decoding, model and answers.
"""

import base64
import sys
from typing import Any

import litserve

from modelyard.serving.predictor import load_predictor


class Model(litserve.LitAPI):
    """Takes `{"image": BASE64}`."""

    def setup(self, device: str) -> None:
        """Load the model in the process that computes."""
        del device
        self.predictor = load_predictor(sys.argv[1])
        for count in (1, 2, 32):
            self.predictor.outputs(self.predictor.kind.blank(count))

    def decode_request(self, request: dict[str, str]) -> Any:
        """Return an example."""
        return self.predictor.kind.decode(base64.b64decode(request["image"]), "image/png")

    def batch(self, inputs: list[Any]) -> list[Any]:
        """Leave examples as they are."""
        return inputs

    def predict(self, x: list[Any]) -> list[dict[str, Any]]:
        """Answer a batch."""
        return [*map(self.predictor.told, x, self.predictor.said(x))]

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the answers one by one."""
        return output

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Leave an answer as it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Model(max_batch_size=32), accelerator="cpu", fast_queue=True)
    server.run(
        "127.0.0.1", int(sys.argv[2]), generate_client_file=False, log_level="warning",
        access_log=False,
    )  # fmt: skip

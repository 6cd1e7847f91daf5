"""A server in a thread, and a model that only says what it is asked."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
from PIL import Image

from modelyard.data.manifest import ArraySpec
from modelyard.serving import app
from modelyard.serving.hosts import Hosts
from modelyard.serving.places import Places
from modelyard.serving.predicting import Predicting
from modelyard.serving.served import Served
from modelyard.tasks import Output
from modelyard.tasks.kinds import Inputs
from modelyard.tasks.kinds.image import Images

SHAPE = (8, 8, 1)
Size = tuple[int, int]


class Grey(Predicting):
    """Stands for a model and its task: the answer is an image's first pixel and its size.

    Attributes:
        batches: how many images each call was given.
        before: called before each answer; it may wait or raise.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.batches: list[int] = []
        self.before: Any = lambda: None
        self.file, self.folder = folder / "model.keras", folder
        self.file.write_bytes(b"weights")
        self.kind = Images(settings, {"images": ArraySpec(shape=SHAPE, dtype="uint8")})
        taken = self.kind.described()
        output = {"activation": "probabilities", "classes": ["grey"]}
        self.about = {
            "model": "grey", "task": "image_classification", "input": taken, "output": output
        }  # fmt: skip
        self.task = cast("Any", self)

    def _say(self, inputs: Inputs) -> np.ndarray:
        self.before()
        images = np.asarray(inputs)
        self.batches.append(len(images))
        return images[:, 0, 0, 0]

    def answer(self, output: Output) -> list[Any]:
        assert output.seen == SHAPE[:2]
        probability = output.values / 255
        return [{"class": output.classes[0], "probability": probability, "size": output.size}]


@contextmanager
def served(*predictors: Predicting) -> Iterator[httpx.Client]:
    """Yield a client of a server on loopback, which ends with the block."""
    places = Places()
    models = [Served(one, places) for one in predictors]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = app.server(app.application(models, Hosts()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            port = listener.getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def png(value: int = 0, size: Size = SHAPE[:2]) -> bytes:
    """Return a grey PNG of (height, width), one colour."""
    file = io.BytesIO()
    Image.new("L", size[::-1], value).save(file, "png")
    return file.getvalue()

"""The server against the same model called in process: images per second, and how long one waits.

Run inside a generated project after `sh run.sh`, with its Python:
`.venv/bin/python PATH/TO/benchmarks/serving.py [MODEL]`. Everything stays on loopback; each side
has the same files of the test split and is measured in turn, and every answer of the server is
compared with what the model says in process.
"""

import asyncio
import csv
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

sys.path.insert(0, str(Path.cwd()))

from modelyard.config import load_project
from modelyard.serving.predicting import Predicting
from modelyard.serving.predictor import load_predictor

CLIENTS = (1, 8, 32)
ROUNDS, SECONDS, BATCH = 3, 4, 32  # one round more comes first, it warms up
TOLERANCE = 1e-5
REQUEST = (
    "POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\n"
    "Content-Length: {length}\r\n\r\n"
)


def main(model: str) -> None:
    """Print images per second of all sides, their ratios, and the server's percentiles."""
    predictor = load_predictor(model)
    files = _test_images()
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Path(temporary, "wanted.json")
        answers = zip(map(str, files), _ask(predictor, files), strict=True)
        wanted.write_text(json.dumps(dict(answers)))
        sides: dict[str, Callable[[], list[float]]] = {
            "in process, one by one": lambda: _in_process(predictor, files, 1),
            f"in process, batches of {BATCH}": lambda: _in_process(predictor, files, BATCH),
        }
        server, url = _start(model)
        try:
            for clients in CLIENTS:
                sides[f"{clients} clients"] = lambda n=clients: _client(url, n, wanted)
            rounds = [
                {name: measure() for name, measure in sides.items()} for _ in range(ROUNDS + 1)
            ]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    _report(rounds[1:])


def _report(rounds: Sequence[dict[str, list[float]]]) -> None:
    first, *_ = rounds[0]
    for name in rounds[0]:
        speeds = [len(one[name]) / SECONDS for one in rounds]
        ratios = [len(one[name]) / len(one[first]) for one in rounds]
        waits = sorted(wait for one in rounds for wait in one[name])
        p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
        print(
            f"{name:26} {statistics.median(speeds):7.0f} images/s   p50 {p50:6.2f} ms   "
            f"p99 {p99:6.2f} ms   ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _test_images() -> list[Path]:
    data = load_project().data
    with (data.processed / "test.csv").open(newline="") as file:
        return [data.root / row["path"] for row in csv.DictReader(file)]


def _ask(predictor: Predicting, files: Iterable[Path]) -> list[list[dict[str, Any]]]:
    """Return what the server should answer, from files to documents."""
    givens = list(predictor.kind.read(predictor.kind.find(list(files))))
    return [answer["predictions"] for answer in predictor.answers(givens)]


def _in_process(predictor: Predicting, files: list[Path], batch: int) -> list[float]:
    """Return the seconds that each image waited for its answer."""
    waits: list[float] = []
    again, end = itertools.cycle(files), time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < end:
        _ask(predictor, itertools.islice(again, batch))
        waits += [time.perf_counter() - start] * batch
    return waits


def _start(model: str) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "modelyard", "serve", model, "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = server.stdout.readline() if server.stdout else ""
    return server, next(word for word in said.split() if word.startswith("http"))


def _client(url: str, clients: int, wanted: Path) -> list[float]:
    """Ask from a process of its own, as clients do."""
    command = [sys.executable, __file__, "--client", url, str(clients), str(wanted)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


async def _ask_all(url: str, clients: int, wanted: dict[str, Any]) -> list[float]:
    address = urlsplit(url)
    requests = []
    for path, answer in wanted.items():
        body = Path(path).read_bytes()
        head = REQUEST.format(host=address.netloc, length=len(body))
        requests.append((head.encode() + body, answer))
    waits: list[float] = []
    end = time.perf_counter() + SECONDS
    async with asyncio.TaskGroup() as group:
        for first in range(clients):
            group.create_task(_keep_asking(address, requests[first:] + requests, end, waits))
    return waits


async def _keep_asking(
    address: SplitResult, requests: list[Any], end: float, waits: list[float]
) -> None:
    """Ask on one connection, the next image when the last is answered."""
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for request, answer in itertools.cycle(requests):
        if (start := time.perf_counter()) > end:
            break
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        waits.append(time.perf_counter() - start)
        _compare(json.loads(body)["predictions"], answer)
    writer.close()


def _compare(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """End the benchmark at an answer that is not the model's."""
    for one, other in zip(found, wanted, strict=True):
        if abs(one["probability"] - other["probability"]) > TOLERANCE:
            raise SystemExit(f"The server says {one}, the model in process {other}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        _, _, url, clients, wanted = sys.argv
        answers = json.loads(Path(wanted).read_text())
        print(json.dumps(asyncio.run(_ask_all(url, int(clients), answers))))
    else:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        main(sys.argv[1] if sys.argv[1:] else "models/digits_classifier")

"""The server against its peers and against the same model in process: images a second.

Run inside a generated project after `sh run.sh`, with a Python that has the engine:
`python PATH/TO/benchmarks/serving.py [MODEL] [--peers PYTHON]`. Everything stays on loopback; all
servers are up at once and measured in turn with the same images of the test split, and every answer
is compared with what the model says in process. `--peers` names the Python of an environment with
this project and `peers/requirements.txt`: without it only our own engines are measured.
"""

import argparse
import asyncio
import base64
import csv
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import psutil

sys.path.insert(0, str(Path.cwd()))

if TYPE_CHECKING:  # the clients start without
    from modelyard.serving.predicting import Predicting

CLIENTS = (1, 8, 32)
ROUNDS, SECONDS, BATCH = 4, 2, 32  # one round more comes first, it warms up
TOLERANCE = 1e-5
PEERS = Path(__file__).with_name("peers")
START = 120  # seconds that a server may take to start
REQUEST = (
    "POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\n"
    "Content-Length: {length}\r\n\r\n"
)
OURS, LITE = "modelyard", "modelyard, tflite"
BATCHES = f"in process, batches of {BATCH}"


class Measured(NamedTuple):
    """What one side did in its turn.

    Attributes:
        waits: the seconds that each image waited for its answer.
        cpu: the seconds of processors that all took, without the clients.
    """

    waits: list[float]
    cpu: float


Round = dict[str, Measured]


class Style(NamedTuple):
    """How a server takes an image, and where its answer has the predictions."""

    kind: str
    body: Callable[[bytes], bytes]
    predictions: Callable[[Any], Any]


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _text(image: bytes) -> str:
    return base64.b64encode(image).decode()


STYLES = {
    OURS: Style("image/png", lambda image: image, lambda answer: answer["predictions"]),
    "LitServe": Style(
        "application/json",
        lambda image: _json({"image": _text(image)}),
        lambda answer: answer["predictions"],
    ),
    "BentoML": Style(
        "application/json",
        lambda image: _json({"images": [_text(image)]}),
        lambda answer: answer[0]["predictions"],
    ),
}
STYLES[LITE] = STYLES[OURS]


def main(model: str, peers: str | None) -> None:
    """Print images per second of all sides, what they waited, and the ratios of the goals."""
    from modelyard.serving.predictor import load_predictor

    predictor = load_predictor(model)
    files = _test_images()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as servers:
        wanted = Path(temporary, "wanted.json")
        answers = zip(map(str, files), _ask(predictor, files), strict=True)
        wanted.write_text(json.dumps(dict(answers)))
        sides: dict[str, Callable[[], Measured]] = {
            "in process, one by one": lambda: _in_process(predictor, files, 1),
            BATCHES: lambda: _in_process(predictor, files, BATCH),
        }
        for name, command in _commands(model, peers).items():
            server = servers.enter_context(_started(command, model))
            for clients in CLIENTS:
                sides[f"{name}, {clients} clients"] = partial(
                    _client, server, name, clients, wanted
                )
        rounds = [{name: measure() for name, measure in sides.items()} for _ in range(ROUNDS + 1)]
    _report(rounds[1:])
    _goals(rounds[1:], [*_commands(model, peers)])


def _commands(model: str, peers: str | None) -> dict[str, list[str]]:
    """Return what starts each server, with {port} in place of the port."""
    ours = [sys.executable, "-m", "modelyard", "serve", model, "--port", "{port}"]
    commands = {OURS: ours, LITE: [*ours, "--engine", "tflite"]}
    if peers:
        bentoml = [str(Path(peers).with_name("bentoml")), "serve", "bentoml_server:Model"]
        there = ["--working-dir", str(PEERS), "--host", "127.0.0.1", "--port", "{port}"]
        commands["LitServe"] = [peers, str(PEERS / "litserve_server.py"), model, "{port}"]
        commands["BentoML"] = [*bentoml, *there]
    return commands


class Server(NamedTuple):
    """A server that runs."""

    url: str
    process: psutil.Process

    def cpu(self) -> float:
        """Return the seconds of processors that it and its workers have taken."""
        processes = [self.process, *self.process.children(recursive=True)]
        times = [process.cpu_times() for process in processes]
        return sum(one.user + one.system for one in times)


@contextmanager
def _started(command: Sequence[str], model: str) -> Iterator[Server]:
    """Yield a server that answers; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ, "PYTHONPATH": str(Path.cwd()), "MODEL": model, "PROJECT": str(Path.cwd()),
        "BENTOML_DO_NOT_TRACK": "True",
    }  # fmt: skip
    server = subprocess.Popen(
        [one.format(port=port) for one in command],
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # with its workers
    )
    try:
        _wait(server, port)
        yield Server(f"http://127.0.0.1:{port}", psutil.Process(server.pid))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a server answers a request, whatever it says."""
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if connection.recv(12).startswith(b"HTTP/1.1 "):
                    return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"The server does not start: {server.args}")


def _report(rounds: Sequence[Round]) -> None:
    for name in rounds[0]:
        speeds = [len(one[name].waits) / SECONDS for one in rounds]
        waits = sorted(wait for one in rounds for wait in one[name].waits)
        cpu = statistics.median(one[name].cpu / len(one[name].waits) for one in rounds)
        p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
        shares = _ratios(rounds, name, BATCHES)
        print(
            f"{name:30} {statistics.median(speeds):7.0f} images/s   p50 {p50:7.2f} ms   "
            f"p99 {p99:7.2f} ms   CPU {cpu * 1000:6.3f} ms/image   of batches in process {shares}"
        )


def _goals(rounds: Sequence[Round], servers: Sequence[str]) -> None:
    """Print our engines against the better peer of each round, at each number of clients."""
    peers = [name for name in servers if name not in (OURS, LITE)]
    if not peers:
        return
    for clients in CLIENTS:
        speeds = {
            peer: [len(one[f"{peer}, {clients} clients"].waits) for one in rounds] for peer in peers
        }
        better = max(peers, key=lambda peer: statistics.median(speeds[peer]))
        for engine in (OURS, LITE):
            ratios = _ratios(rounds, f"{engine}, {clients} clients", f"{better}, {clients} clients")
            print(f"{engine} against {better}, {clients} clients: {ratios}")


def _ratios(rounds: Sequence[Round], name: str, other: str) -> str:
    """Return the median and the range of ratios of paired rounds."""
    ratios = [len(one[name].waits) / len(one[other].waits) for one in rounds]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _test_images() -> list[Path]:
    from modelyard.config import load_project

    data = load_project().data
    with (data.processed / "test.csv").open(newline="") as file:
        return [data.root / row["path"] for row in csv.DictReader(file)]


def _ask(predictor: "Predicting", files: Iterable[Path]) -> list[list[dict[str, Any]]]:
    """Return what the server should answer, from files to documents."""
    givens = list(predictor.kind.read(predictor.kind.find(list(files))))
    answers = map(predictor.told, givens, predictor.said(givens))
    return [answer["predictions"] for answer in answers]


def _in_process(predictor: "Predicting", files: list[Path], batch: int) -> Measured:
    waits: list[float] = []
    cpu = time.process_time()
    again, end = itertools.cycle(files), time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < end:
        _ask(predictor, itertools.islice(again, batch))
        waits += [time.perf_counter() - start] * batch
    return Measured(waits, time.process_time() - cpu)


def _client(server: Server, name: str, clients: int, wanted: Path) -> Measured:
    """Ask from a process of its own, as clients do."""
    command = [sys.executable, __file__, "--client", server.url, name, str(clients), str(wanted)]
    before = server.cpu()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measured(json.loads(said), server.cpu() - before)


async def _ask_all(url: str, style: Style, clients: int, wanted: dict[str, Any]) -> list[float]:
    address = urlsplit(url)
    requests = []
    for path, answer in wanted.items():
        body = style.body(Path(path).read_bytes())
        head = REQUEST.format(host=address.netloc, kind=style.kind, length=len(body))
        requests.append((head.encode() + body, answer))
    waits: list[float] = []
    end = time.perf_counter() + SECONDS
    async with asyncio.TaskGroup() as group:
        for first in range(clients):
            ours = requests[first:] + requests
            group.create_task(_keep_asking(address, style, ours, end, waits))
    return waits


async def _keep_asking(
    address: SplitResult, style: Style, requests: list[Any], end: float, waits: list[float]
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
        _compare(style.predictions(json.loads(body)), answer)
    writer.close()


def _compare(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    """End the benchmark at an answer that is not the model's; near ties may swap places."""
    chances = {one["class"]: one["probability"] for one in found}
    for one in wanted:
        if abs(chances[one["class"]] - one["probability"]) > TOLERANCE:
            raise SystemExit(f"The server says {found}, the model in process {wanted}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        _, _, url, name, clients, wanted = sys.argv
        answers = json.loads(Path(wanted).read_text())
        print(json.dumps(asyncio.run(_ask_all(url, STYLES[name], int(clients), answers))))
    else:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("model", nargs="?", default="models/digits_classifier")
        parser.add_argument("--peers", help="a Python that has LitServe and BentoML")
        options = parser.parse_args()
        main(options.model, options.peers)

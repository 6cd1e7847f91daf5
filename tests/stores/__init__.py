"""Buckets on loopback: servers of gs://, s3:// and az://, each in a process of its own."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nodejs import PROGRAMS, installed

HERE = Path(__file__).parent
BUCKET = "models"
WRITES = re.compile(r"\b(?:PUT|POST|PATCH|DELETE) /\S*")
SECONDS = 60.0
# The account that every Azurite has: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Store:
    """A running server.

    Attributes:
        url: where it keeps models; the bucket is there only after `fsspec` has made it.
        variables: what leads a client to it.
        log: what it was asked.
    """

    url: str
    variables: dict[str, str]
    log: Path

    @property
    def writes(self) -> list[str]:
        """Everything that it was asked to change."""
        return WRITES.findall(self.log.read_text(encoding="utf-8"))


@contextmanager
def gs(folder: Path) -> Iterator[Store]:
    """Serve gs://, with preconditions, which gcp-storage-emulator alone ignores."""
    port = free_port()
    variables = {
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",  # or every look-up waits a minute
        "NO_GCE_CHECK": "true",
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
    }
    with _serving("gs", _python("gs.py", port), port, folder, variables) as store:
        yield store


@contextmanager
def s3(folder: Path) -> Iterator[Store]:
    """Serve s3://."""
    port = free_port()
    variables = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }
    with _serving("s3", _python("s3.py", port), port, folder, variables) as store:
        yield store


@contextmanager
def az(folder: Path) -> Iterator[Store]:
    """Serve az://."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    connection = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
    variables = {"AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;{connection}"}
    script = installed(HERE / "node") / "node_modules/azurite/dist/src/blob/main.js"
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    where = ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command = [str(PROGRAMS / "node"), str(script), *options, *where]
    with _serving("az", command, port, folder, variables) as store:
        yield store


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and that no client is given meanwhile.

    Linux gives clients ports from 32768 on: such a one may be taken before the server has it, even
    by the very connection that asks whether the server is there.
    """
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def _python(script: str, port: int) -> list[str]:
    return [sys.executable, str(HERE / script), str(port)]


@contextmanager
def _serving(
    scheme: str, command: Sequence[str], port: int, folder: Path, variables: Mapping[str, str]
) -> Iterator[Store]:
    """Run a server until the block ends."""
    log = folder / f"{scheme}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,  # `node` is a script that starts the real one
        )
    try:
        _wait(server, port, log)
        yield Store(f"{scheme}://{BUCKET}", dict(variables), log)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"{server.args!r} does not listen: {log.read_text(encoding='utf-8')}")

"""A package index: pypiserver, which asks for a password to upload and to delete."""

import base64
import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stores import free_port


@contextmanager
def package_index(folder: Path, user: str, password: str) -> Iterator[str]:
    """Serve an index that keeps its files in a folder; yield its address without http://."""
    files, users = folder / "packages", folder / "htpasswd"
    files.mkdir(parents=True)
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324
    users.write_text(f"{user}:{{SHA}}{digest}\n")
    port = free_port()
    program = str(Path(sys.executable).with_name("pypi-server"))
    options = ["-i", "127.0.0.1", "-p", str(port), "-P", str(users), "-a", "update"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [program, "run", *options, "--disable-fallback", str(files)], stdout=log, stderr=log
        )
    try:
        _wait_for(port)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = f"pypi-server does not listen on port {port}"
    raise TimeoutError(message)

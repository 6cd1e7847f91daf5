"""What keeps a server from starting: one sentence, and quickly."""

import socket
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models/tiny"], "error: models/tiny holds no .keras file; train it or `dvc pull` it"),
        (["models/tiny", "--host", "nowhere.invalid"], "error: --host nowhere.invalid cannot be l"),
        (
            ["models/tiny", "--host", "203.0.113.1"],
            "error: --host 203.0.113.1 is not an address of th",
        ),
        (["models/tiny", "--host", ""], "error: --host  cannot be looked up (Name or service not"),
        (
            ["models/tiny", "--host", ".."],
            "error: --host .. is not a name that a machine can have;",
        ),
        (["models/tiny", "--host", "a" * 70], f"error: --host {'a' * 70} is not a name that a"),
        (["models/tiny", "--host", "\udcff"], "error: --host \\udcff is not a name that a machine"),
        (["models/tiny", "--port", "65536"], "'65536' is not a port; it is 0 to 65535"),
        (["models/tiny", "--port", "http"], "'http' is not a port; it is 0 to 65535"),
    ],
)
def test_a_mistake_is_one_sentence(
    workspace: Path, arguments: list[str], message: str, python: Any
) -> None:
    free = ["--port", "0"] if arguments == ["models/tiny"] else []
    done = python("-m", "modelyard", "serve", *arguments, *free)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (workspace / "models/tiny/model.keras").exists()


@pytest.mark.usefixtures("workspace")
def test_a_port_that_is_taken_is_said_before_a_model_is_loaded(python: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = python("-m", "modelyard", "serve", "models/tiny", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: 127.0.0.1 port {port} cannot be used (Address already in use); choose another "
        "with --port, or 0 for any that is free.\n"
    )


def test_a_mistake_costs_no_start_of_tensorflow(python: Any) -> None:
    code = "import sys, modelyard.serving.serve; print('tensorflow' in sys.modules)"
    assert python("-c", code).stdout == "False\n"

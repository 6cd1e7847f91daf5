"""Put CML's released program on PATH: one version, and only the very bytes that you have pinned.

CML's own action runs on a Node that GitHub's runners no longer have. Its maker publishes no
checksum, so the repository variable CML_SHA256 holds the one that you computed on a machine of your
own. Only the standard library: it runs before any environment exists.
"""

import hashlib
import http.client
import os
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from modelyard.command import take_no_options
from modelyard.errors import UserError
from modelyard.redaction import status

from .github_api import MOMENTARY, SECONDS, TRIES

VERSION = "v0.20.6"  # of October 2024, the last one
RELEASES = "https://github.com/iterative/cml/releases/download"
FILE = "cml-linux-x64"  # carries a Node of its own
CHECKSUM = f"curl -sSfL {RELEASES}/{VERSION}/{FILE} | sha256sum | cut -c-64"
PINNED = re.compile(r"[0-9a-f]{64}")


def main(arguments: list[str] | None = None) -> int:
    """Install CML unless those bytes are here already; later steps of the job find it on PATH."""
    take_no_options("cloud install-cml", __doc__, arguments)
    if os.environ.get("VM_LAUNCHER") == "gcloud":
        print("VM_LAUNCHER is gcloud, which needs no CML.")
        return 0
    pinned, program = _pinned(), place()
    if program.is_file() and hashlib.sha256(program.read_bytes()).hexdigest() == pinned:
        print(f"CML {VERSION} is here already.")
    else:
        _install(_download(), pinned, program)
        print(f"Installed CML {VERSION}.")
    if path := os.environ.get("GITHUB_PATH"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{program.parent}\n")
    else:
        print(f"Put {program.parent} on PATH.")
    return 0


def place() -> Path:
    """Return where CML is installed: among the runner's tools, which a runner of yours keeps."""
    tools = os.environ.get("RUNNER_TOOL_CACHE") or Path.home() / ".cache"
    return Path(tools, "cml", VERSION, "cml")


def address() -> str:
    """Return where the program comes from."""
    return f"{RELEASES}/{VERSION}/{FILE}"


def pin_problem(value: str) -> str | None:
    """Say why a value cannot be the checksum that the program must have, None if it can."""
    if PINNED.fullmatch(value):
        return None
    what = "is not 64 hexadecimal digits" if value else "is not set"
    return (
        f"The repository variable CML_SHA256 {what}, so CML cannot be told from something else; on "
        f'a machine of your own run gh variable set CML_SHA256 --body "$({CHECKSUM})".'
    )


def _pinned() -> str:
    """Return the checksum that the program must have.

    Raises:
        UserError: there is none, or it is not one.
    """
    value = os.environ.get("CML_SHA256", "").strip().lower()
    if problem := pin_problem(value):
        raise UserError(problem)
    return value


def _download() -> bytes:
    """Return the program as the release has it; a server that fails for a moment is asked again.

    Raises:
        UserError: it cannot be had.
    """
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(address(), timeout=SECONDS) as answer:  # noqa: S310
                content: bytes = answer.read()
            return content
        except urllib.error.HTTPError as error:
            with error:
                why, again = status(error.code), error.code in MOMENTARY
        except (OSError, http.client.HTTPException) as error:
            why, again = type(getattr(error, "reason", error)).__name__, True
        if not again:
            break
        time.sleep(2**attempt)
    raise UserError(
        f"CML could not be downloaded from {address()}: {why}; start the run again, or write "
        "VM_LAUNCHER: gcloud in cml.yaml, which needs no CML."
    )


def _install(content: bytes, pinned: str, program: Path) -> None:
    """Write the program if it is the pinned one.

    Raises:
        UserError: it is another one; nothing was written.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != pinned:
        raise UserError(
            f"{address()} has the SHA-256 {found}, but the repository variable CML_SHA256 is "
            f"{pinned}, so it was not installed; find out why before you change the variable."
        )
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(".part")
    part.write_bytes(content)
    part.chmod(0o755)
    part.replace(program)


if __name__ == "__main__":
    sys.exit(main())

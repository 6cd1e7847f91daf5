"""Programs that a project needs, and which of them this machine has."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from .environment import FOLDER, PYPROJECT, read_toml, version_of_this
from .finding import DamageError, Finding, error, left, ok, warning
from .programs import ask, installed
from .requirement import fits
from .situation import Situation

PYTHONS = ">=3.11,<3.14"  # where pyproject.toml does not say
OLDEST_UV = "0.9"  # as the workflows and the tests have it
OWN_UV = Path(".uv/bin/uv")  # that setup.sh has fetched
NUMBER = re.compile(r"\d+(?:\.\d+)+")
PACKAGE_MANAGERS = {
    "apt-get": "sudo apt-get install",
    "dnf": "sudo dnf install",
    "brew": "brew install",
}


def python(situation: Situation) -> Iterator[Finding]:
    """Look at the Python of the environment, else at the one that runs this."""
    try:
        wanted = str(read_toml(PYPROJECT)["project"]["requires-python"])
    except (DamageError, KeyError, TypeError):
        wanted = PYTHONS
    there = situation.environment
    version = there.python_version if there else ""
    if there and version:
        place = "" if there.folder == Path(sys.prefix) else f" in {there.folder}"
        found = f"{version}{place}"
        if fits(version, wanted):
            yield ok("python", found)
        else:
            mend = f"rm -rf {there.folder} && sh setup.sh"
            yield error("python", f"{found}, but the project needs {wanted}", mend)
    elif fits(version_of_this(), wanted):
        yield ok("python", version_of_this())
    else:
        found = f"{version_of_this()}, but the project needs {wanted}; uv finds or fetches one"
        yield warning("python", found, "sh setup.sh")


def git(_: Situation) -> Iterator[Finding]:
    """Look for Git, in whose repository DVC keeps its records."""
    yield _program("git", "DVC keeps its records in a Git repository")


def make(_: Situation) -> Iterator[Finding]:
    """Look for make, without which the scripts still work."""
    if installed("make"):
        yield _program("make", "")
    else:
        found = "not installed: `make test` and the like do not work, sh run.sh does"
        yield warning("make", found, install("make"))


def uv(_: Situation) -> Iterator[Finding]:
    """Look for uv, which makes the environment."""
    path = installed("uv") or (str(OWN_UV) if OWN_UV.is_file() else None)
    if path:
        version = _version(path)
        if fits(version, f">={OLDEST_UV}"):
            yield ok("uv", f"{version}, {path}")
        else:
            found = f"{version}, older than {OLDEST_UV}"
            yield warning("uv", found, f"rm -rf .uv && {_install_uv()}")
    elif installed("python3") and ask("python3", "-c", "import ensurepip, venv").code == 0:
        yield left("uv", "not installed; setup.sh fetches it, once")
    else:
        found = "not installed, and python3 cannot make the environment to fetch it into"
        yield error("uv", found, _install_uv())


def dvc(situation: Situation) -> Iterator[Finding]:
    """Look whether `dvc` is the project's own."""
    there = situation.environment
    if there is None:
        yield left("dvc", f"not looked at, as {FOLDER} is not ready")
        return
    version = there.versions.get("dvc")
    if version is None:
        yield error("dvc", "not installed in the project's environment", "sh setup.sh")
        return
    path = installed("dvc")
    own = there.python.parent
    if path is None or Path(path).parent.resolve() == own.resolve():
        yield ok("dvc", version)
    else:
        found = f"{version} in {there.folder}, but `dvc` is {path} in this shell"
        yield warning("dvc", found, f". {own}/activate")


def install(program: str) -> str:
    """Return the command that installs a program on this machine."""
    known = (f"{line} {program}" for name, line in PACKAGE_MANAGERS.items() if shutil.which(name))
    return next(known, f"install {program} with this system's package manager")


def _install_uv() -> str:
    """Return the command that installs uv: https://docs.astral.sh/uv/getting-started/installation."""
    return "curl -LsSf https://astral.sh/uv/install.sh | sh"


def _program(name: str, why: str) -> Finding:
    if not installed(name):
        return error(name, f"not installed; {why}", install(name))
    return ok(name, _version(name))


def _version(program: str) -> str:
    """Return what a program says its version is; GNU make names an architecture further on."""
    answer = ask(program, "--version")
    found = NUMBER.search(answer.out)
    return found[0] if found else answer.last


CHECKS = (python, git, uv, make, dvc)

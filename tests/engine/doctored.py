"""A project that is set up as `sh setup.sh` leaves it, without a package in its environment."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution, version
from pathlib import Path

from modelyard.doctor.environment import required
from modelyard.doctor.installed import INPUTS
from modelyard.doctor.requirement import requirements

SITE = Path(".venv/lib/python3/site-packages")
PYTHON = '#!/bin/sh\nexec "{python}" "$@"\n'  # the tests' own


def set_up() -> None:
    """Give the project in the working directory an environment and a first commit."""
    SITE.mkdir(parents=True)
    for name in ("bin/activate", "pyvenv.cfg"):
        Path(".venv", name).parent.mkdir(exist_ok=True)
    Path(".venv/pyvenv.cfg").write_text(f"home = /\nversion_info = {sys.version.split()[0]}\n")
    Path(".venv/bin/activate").touch()
    python = Path(".venv/bin/python")
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    engine = distribution("modelyard").metadata
    needs = [str(line) for line in engine.get_all("Requires-Dist", [])]
    asked = [one for _, one in required()]
    extras = {"", *(extra for one in asked if one.name == "modelyard" for extra in one.extras)}
    asked += [one for one in requirements(needs) if one.extra in extras]
    for name in {one.name for one in asked}:
        install(name)
    metadata = "\n".join(f"Requires-Dist: {line}" for line in needs)
    (installed("modelyard") / "METADATA").write_text(metadata)
    stamp()
    # Few files, as each test copies them.
    for command in (
        "init --quiet --template=", "add .", "commit --quiet --message First", "gc --quiet",
    ):  # fmt: skip
        subprocess.run(["git", *command.split()], check=True)


def install(name: str, number: str | None = None) -> None:
    """Install a package without content; by default in the version that the tests have."""
    number = number or version(name)
    for old in SITE.glob(f"{name.replace('-', '_')}-*"):
        shutil.rmtree(old)
    folder = SITE / f"{name.replace('-', '_')}-{number}.dist-info"
    folder.mkdir()
    (folder / "INSTALLER").write_text("uv")
    (folder / "RECORD").write_text(f"{folder.name}/INSTALLER,,2\n{folder.name}/RECORD,,\n")


def installed(name: str) -> Path:
    """Return what describes an installed package."""
    return next(SITE.glob(f"{name}-*.dist-info"))


def stamp(options: str = "", folder: str | None = None, state: str | None = None) -> None:
    """Leave what setup.sh leaves; by default as if it had just ended."""
    if state is None:
        asked = subprocess.run(["sh", "-c", INPUTS], capture_output=True, text=True, check=False)
        state = asked.stdout.strip()
    Path(".venv/.set-up").write_text(f"{options}\n{folder or os.getcwd()}\n{state}\n")  # noqa: PTH109


def copy(old: Path, new: Path) -> Path:
    """Copy a project that is set up; what no test writes into is linked."""
    shutil.copytree(old, new, copy_function=_copy_or_link)
    path = new / ".venv/.set-up"
    path.write_text(path.read_text().replace(str(old), str(new)))
    return new


def _copy_or_link(old: str, new: str) -> None:
    if any(part in old for part in ("/site-packages/", "/.git/objects/", "/vendor/")):
        os.link(old, new)
    else:
        shutil.copy(old, new)

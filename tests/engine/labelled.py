"""Blank images in folders, and files of annotations beside them to read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Listing, Object, read_listing

WIDTH, HEIGHT = 40, 20


def write_images(root: Path, names: Sequence[str]) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (WIDTH, HEIGHT)).save(root / name)


def write_texts(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def listing(root: Path, kind: str, **keys: Any) -> Listing:
    document = {"annotation_type": kind, "root": root} | keys
    return read_listing(AnnotationSource.model_validate(document))


def objects(found: Listing) -> dict[str, list[Object]]:
    """Return the objects by image."""
    return {path: [one for _, one in listed.objects] for path, listed in found.images.items()}


def boxes(found: Listing) -> dict[str, list[tuple[Any, ...]]]:
    """Return label and box of the objects by image."""
    return {path: [(one.label, one.box) for one in found] for path, found in objects(found).items()}


def bad(found: Listing) -> list[str]:
    """Return where something is wrong, and what."""
    assert found.entries >= len(found.bad)
    return [f"{where}: {what}" for where, what in found.bad]

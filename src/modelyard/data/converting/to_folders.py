"""Lay images into one folder per class: links to the same bytes, or copies on another disk."""

import os
import posixpath
import shutil
from pathlib import Path

from modelyard.errors import UserError

from .content import Content

LONGEST = 255  # bytes of a file's name


def write(target: Path, content: Content) -> None:
    """Link each image into <class>/, or <split>/<class>/ where images have splits.

    Raises:
        UserError: a class cannot be a folder's name, or two images would be one file.
    """
    found: dict[str, str] = {}
    for example in content.examples:
        path = folder_path(example.path, example.label, example.split)
        if path.lower() in found:
            raise UserError(
                f"{found[path.lower()]} and {example.path} would both become {path}; rename one."
            )
        found[path.lower()] = example.path
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        _link(Path(os.path.realpath(content.base / example.path)), target / path)


def folder_path(image: str, label: str, split: str | None) -> str:
    """Return where an image of a class and a split lies.

    Raises:
        UserError: the class cannot be a folder's name.
    """
    if "/" in label or "\0" in label or label.startswith(".") or len(label.encode()) > LONGEST:
        raise UserError(
            f"the class {label!r} cannot be the name of a folder, nor start with a dot; rename it, "
            "or choose another format."
        )
    return posixpath.join(*([split] if split else []), label, posixpath.basename(image))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # of another disk, or one without such links
        shutil.copy2(source, target)

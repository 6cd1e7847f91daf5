"""Which files are images to predict, and what else lies beside them: all of it is counted."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.data.images import NEEDS_HEIC, open_image, reads_heic
from modelyard.data.suffixes import HEIC_SUFFIXES, IMAGE_SUFFIXES
from modelyard.errors import UserError

MOST = 10  # kinds that are named
LINKED = "linked folder"
NOWHERE = "link that leads nowhere"
CLOSED = "folder that cannot be opened"
OTHER = "without suffix that is not an image"
SPECIAL = "that is not a file"
PLURALS = {
    LINKED: "linked folders",
    NOWHERE: "links that lead nowhere",
    CLOSED: "folders that cannot be opened",
    OTHER: "without suffix that are not images",
    SPECIAL: "that are not files",
}


@dataclass
class Found:
    """What was found in the inputs.

    Attributes:
        files: images, or what by its name should be one.
        left_out: how much else there is, by what it is.
    """

    files: list[Path]
    left_out: Counter[str] = field(default_factory=Counter)

    def said(self) -> str:
        """Return what was left out, for a sentence; an empty string if nothing was."""
        kinds = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))
        counts = [f"{count} {_shown(kind, count)}" for kind, count in kinds[:MOST]]
        if rest := sum(count for _, count in kinds[MOST:]):
            counts.append(f"{rest} of {len(kinds) - MOST} other suffixes")
        return f"left out: {', '.join(counts)}" if counts else ""


def find_images(inputs: Sequence[Path]) -> Found:
    """Return the files named, and all images below the folders named, sorted; each of them once.

    Links to folders inside them are not followed: they may lead back, or out of what was named.

    Raises:
        UserError: one of them does not exist.
    """
    found = Found([])
    for path in inputs:
        if not path.exists():
            raise UserError(f"{path} does not exist; name images or folders of images.")
        found.files += sorted(_inside(path, found.left_out)) if path.is_dir() else [path]
    found.files = list(dict.fromkeys(found.files))
    return found


def _inside(folder: Path, left_out: Counter[str]) -> Iterator[Path]:
    """Yield the images below a folder; count what else there is."""

    def closed(_: OSError) -> None:
        left_out[CLOSED] += 1

    # Path.rglob follows links or not with Python's version.
    for inner, folders, names in os.walk(folder, onerror=closed):
        left_out.update(LINKED for name in folders if Path(inner, name).is_symlink())
        for file in (Path(inner, name) for name in names):
            kind = _not_an_image(file)
            if kind is None:
                yield file
            else:
                left_out[kind] += 1


def _not_an_image(file: Path) -> str | None:
    """Say what a file is that is left out; None if it is an image, or by its name should be."""
    suffix = file.suffix.lower()
    if not file.is_file():
        return NOWHERE if file.is_symlink() and not file.exists() else SPECIAL
    if suffix in HEIC_SUFFIXES and not reads_heic():
        return f"{suffix} ({NEEDS_HEIC})"
    if suffix in IMAGE_SUFFIXES:
        return None
    return suffix or (None if _is_image(file) else OTHER)


def _is_image(file: Path) -> bool:
    """Say whether a file is an image by its content."""
    try:
        with open_image(file):
            return True
    except UserError:  # of a kind that is not read here; it is named as such when it is opened
        return True
    except Exception:  # whatever decoders raise for what is none
        return False


def _shown(kind: str, count: int) -> str:
    """Return a kind in one line of UTF-8: a suffix may have any bytes."""
    text = os.fsencode(kind).decode("utf-8", "backslashreplace")
    text = "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)
    return text if count == 1 else PLURALS.get(kind, text)

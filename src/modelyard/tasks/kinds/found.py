"""Which files hold examples, and what else lies beside them: all of it is counted."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.errors import UserError

MOST = 10  # kinds that are named
LINKED = "linked folder"
NOWHERE = "link that leads nowhere"
CLOSED = "folder that cannot be opened"
SPECIAL = "that is not a file"
PLURALS = {
    LINKED: "linked folders",
    NOWHERE: "links that lead nowhere",
    CLOSED: "folders that cannot be opened",
    SPECIAL: "that are not files",
}


@dataclass
class Found:
    """What was found in the inputs.

    Attributes:
        files: those named, and those below folders that by their names or content hold examples.
        left_out: how much else there is, by what it is.
        plurals: of what `left_out` counts, where it is more than one.
        skipped: how many examples, or files of them, could not be read.
    """

    files: list[Path]
    left_out: Counter[str] = field(default_factory=Counter)
    plurals: dict[str, str] = field(default_factory=lambda: dict(PLURALS))
    skipped: int = 0

    def said(self) -> str:
        """Return what was left out, for a sentence; an empty string if nothing was."""
        kinds = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))
        counts = [f"{count} {self._shown(kind, count)}" for kind, count in kinds[:MOST]]
        if rest := sum(count for _, count in kinds[MOST:]):
            counts.append(f"{rest} of {len(kinds) - MOST} other suffixes")
        return f"left out: {', '.join(counts)}" if counts else ""

    def skip(self, why: object) -> None:
        """Count what cannot be read, and say on standard error why."""
        self.skipped += 1
        print(f"warning: skipped: {why}", file=sys.stderr)

    def note(self, said: str) -> None:
        """Say on standard error what is read, but not all of it as it stands; a whole sentence."""
        print(f"note: {said}", file=sys.stderr)

    def _shown(self, kind: str, count: int) -> str:
        """Return a kind in one line of UTF-8: a suffix may have any bytes."""
        text = shown(Path(kind))
        text = "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)
        return text if count == 1 else self.plurals.get(kind, text)


def find_files(
    inputs: Sequence[Path],
    odd: Callable[[Path], str | None],
    places: str,
    plurals: Mapping[str, str] | None = None,
) -> Found:
    """Return the files named, and those below the folders named, sorted; each of them once.

    Links to folders inside them are not followed: they may lead back, or out of what was named.

    Args:
        inputs: files and folders.
        odd: says what a file below a folder is that is left out, such as its suffix; None: taken.
        places: what can be named, as in "images or folders of images".
        plurals: of what `odd` says, where it is not the same of several.

    Raises:
        UserError: one of them does not exist.
    """
    found = Found([])
    found.plurals |= plurals or {}
    for path in inputs:
        if not path.exists():
            raise UserError(f"{path} does not exist; name {places}.")
        found.files += sorted(_inside(path, odd, found.left_out)) if path.is_dir() else [path]
    found.files = list(dict.fromkeys(found.files))
    return found


def shown(path: Path) -> str:
    r"""Return a path as UTF-8 can hold it: a name may have any bytes, others are shown as \xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _inside(
    folder: Path, odd: Callable[[Path], str | None], left_out: Counter[str]
) -> Iterator[Path]:
    """Yield the files below a folder that hold examples; count what else there is."""

    def closed(_: OSError) -> None:
        left_out[CLOSED] += 1

    # Path.rglob follows links or not with Python's version.
    for inner, folders, names in os.walk(folder, onerror=closed):
        left_out.update(LINKED for name in folders if Path(inner, name).is_symlink())
        for file in (Path(inner, name) for name in names):
            if not file.is_file():
                kind: str | None = SPECIAL
                if file.is_symlink() and not file.exists():
                    kind = NOWHERE
            else:
                kind = odd(file)
            if kind is None:
                yield file
            else:
                left_out[kind] += 1

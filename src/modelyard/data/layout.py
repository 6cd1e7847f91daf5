"""Guess before anything is decoded which split each image will be in, to write it there at once."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from hashlib import blake2b
from io import StringIO
from pathlib import Path

from modelyard.config.data_section import ImageData
from modelyard.errors import UserError

from .annotations import Example
from .annotations.source_files import listed_in
from .grouping import Indices
from .splits import divided

TAIL = 4096  # bytes at the end of a file: where those are equal, and the sizes, all probably is
State = tuple[int, int] | None  # size, and when it was written; None: it is not there


def file_states(config: ImageData, examples: Sequence[Example]) -> list[State]:
    """Return what tells whether an image's file is still the same."""
    return [_state(config.root / example.path) for example in examples]


def guessed(
    config: ImageData,
    examples: Sequence[Example],
    states: Sequence[State],
    groups: Callable[[Sequence[Example]], list[str]],
) -> Indices | None:
    """Return positions by split as they will be if all can be decoded; None if nobody can say.

    Files of equal size and end are taken for equal images, which no split divides.
    """
    content = _ends(config, examples, states)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # it is all said later
            return divided(config, listed_in(config), examples, groups(examples), content)
    except UserError:  # which is raised again later, about what is then left
        return None


def _ends(
    config: ImageData, examples: Sequence[Example], states: Sequence[State]
) -> list[bytes | None]:
    """Return size and hash of the end of each file that has the size of another, else None."""
    sizes = [state and state[0] for state in states]
    counts = Counter(sizes)
    with ThreadPoolExecutor((os.cpu_count() or 1) + 4) as pool:
        return list(
            pool.map(
                lambda example, size: (
                    _end(config.root / example.path, size) if size and counts[size] > 1 else None
                ),
                examples,
                sizes,
            )
        )


def _end(path: Path, size: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(max(0, size - TAIL))
            return b"%d %s" % (size, blake2b(file.read(), digest_size=16).digest())
    except OSError:  # decoding it says why
        return None


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

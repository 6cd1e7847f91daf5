"""Decode every image once: its pixels, a hash of them, a small copy, and what cannot be decoded."""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from modelyard.config.data_section import DataConfig
from modelyard.disk import new_array
from modelyard.errors import UserError

from .annotations import Example
from .annotations.listing import Bad
from .images import Picture, read_picture
from .likeness import shrunk

CHUNK = 1024  # images in memory at once: data may be larger than memory
HASH_BYTES = 16
ADVICE = "; replace it, or leave it out."  # which `Bad` gives in words of its own


class Decoded(NamedTuple):
    """The images that can be decoded.

    Attributes:
        examples: those of which the image can be decoded.
        images: uint8 (all examples, height, width, channels), on disk.
        rows: which of `images` each example is.
        content: a hash of each example's pixels.
        small: each example's image in grey, see `shrunk`.
        highest: the highest value of each image that is grey of 16 bits.
        bad: where each other example is listed, and why it cannot be decoded.
    """

    examples: list[Example]
    images: np.ndarray
    rows: list[int]
    content: list[bytes]
    small: np.ndarray
    highest: list[int | None]
    bad: list[Bad]

    def write(self, positions: Sequence[int], file: Path) -> None:
        """Write the images of some examples, uint8 (examples, height, width, channels)."""
        rows = [self.rows[position] for position in positions]
        shape = (len(rows), *self.images.shape[1:])
        images = new_array(file, np.uint8, shape)
        for start in range(0, len(rows), CHUNK):
            images[start : start + CHUNK] = self.images[rows[start : start + CHUNK]]
        images.flush()


def decode(config: DataConfig, examples: Sequence[Example], file: Path) -> Decoded:
    """Decode the images of all examples into an array in `file`; nothing stops at a bad one."""
    shape = (max(1, len(examples)), *config.shape)  # no file of 0 bytes can be mapped
    images = new_array(file, np.uint8, shape).view(np.ndarray)  # quicker
    rows: list[int] = []
    content: list[bytes] = []
    small: list[np.ndarray] = []
    highest: list[int | None] = []
    bad: list[Bad] = []
    with ThreadPoolExecutor() as pool:  # decoding releases Python's lock
        for start in _shown(range(0, len(examples), CHUNK)):
            chunk, before = examples[start : start + CHUNK], len(rows)
            for row, found in enumerate(pool.map(lambda one: _read(config, one), chunk), start):
                if isinstance(found, Bad):
                    bad.append(found)
                else:
                    images[row] = found.pixels
                    highest.append(found.highest)
                    rows.append(row)
                    content.append(_hash(found.pixels))
            if len(rows) > before:
                small.append(shrunk(images[row] for row in rows[before:]))
    kept = [examples[row] for row in rows]
    alike = np.concatenate(small) if small else np.empty((0, 1, 1), np.uint8)
    return Decoded(kept, images, rows, content, alike, highest, bad)


def _read(config: DataConfig, example: Example) -> Picture | Bad:
    try:
        return read_picture(config.root / example.path, config)
    except UserError as error:
        return Bad(example.where, str(error).removesuffix(ADVICE).rstrip("."))


def _hash(pixels: np.ndarray) -> bytes:
    return blake2b(pixels.tobytes(), digest_size=HASH_BYTES).digest()


def _shown(chunks: range) -> Iterator[int]:
    """Yield the chunks; on a terminal a bar says how many are done, where there are several."""
    if len(chunks) <= 1 or not sys.stderr.isatty():
        yield from chunks
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(chunks, "decoding images", console=Console(stderr=True), transient=True)

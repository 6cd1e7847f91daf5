"""Decode images batch by batch on all cores, and know of each what `prepare` asks.

Pillow releases Python's lock while it decodes, so threads do.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import numpy as np

from modelyard.config.data_section import ImageData
from modelyard.damage import WRONG
from modelyard.disk import new_array
from modelyard.errors import UserError
from modelyard.faults import named
from modelyard.files import whole_file

from .annotations import Example
from .images import read_picture
from .kept import DONE
from .likeness import SIDE, shrunk
from .mapped import open_mapped

BATCH_BYTES = 2**22  # of pixels that one thread hands over at once
AHEAD = 2  # batches of each thread in memory
HASH_BYTES = 16
ADVICE = "; replace it, or leave it out."  # which the list of bad entries gives in its own words
NOT_GREY = -1

Given = TypeVar("Given")
Made = TypeVar("Made")


class Seen(NamedTuple):
    """What is known of some images.

    Attributes:
        why: text (images,), why it cannot be decoded; empty if it can.
        content: uint8 (images, 16), a hash of the pixels.
        small: uint8 (images, rows, columns), each in grey, see `shrunk`.
        highest: int32 (images,), the highest value of each that is grey of 16 bits, else -1.
    """

    why: np.ndarray
    content: np.ndarray
    small: np.ndarray
    highest: np.ndarray

    @classmethod
    def joined(cls, several: Sequence[Self]) -> Self:
        """Return what is known of all images together."""
        return cls(*(np.concatenate(columns) for columns in zip(*several, strict=True)))


class Decoder:
    """Decodes images with as many threads as the machine has cores, and some to wait for disks."""

    def __init__(self, config: ImageData, advance: Callable[[int], object]) -> None:
        """Start threads; `advance` is told how many images are done."""
        self.config, self._advance = config, advance
        self._threads = (os.cpu_count() or 1) + 4
        self._pool = ThreadPoolExecutor(self._threads)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    @property
    def batch_size(self) -> int:
        """How many images a thread hands over at once."""
        return max(1, BATCH_BYTES // int(np.prod(self.config.shape)))

    def decode(
        self, examples: Sequence[Example], write: Callable[[np.ndarray], object] | None = None
    ) -> Seen:
        """Decode images, and give their pixels to `write`, batch by batch in order."""
        batches = [
            examples[start : start + self.batch_size]
            for start in range(0, len(examples), self.batch_size)
        ]
        found = [self._decoded([])[1]]  # which says how nothing looks
        for pixels, seen in self._in_turn(self._decoded, batches):
            if write is not None:
                write(pixels)
            found.append(seen)
            self._advance(len(pixels))
        return Seen.joined(found)

    def decode_to(self, file: Path, examples: Sequence[Example]) -> Seen:
        """Decode images into an `.npy`; then write beside it what is known of them: it is whole.

        Raises:
            OSError: the disk is full.
        """
        array = new_array(file, np.uint8, (len(examples), *self.config.shape))
        start = array.offset
        del array
        with named(file), file.open("r+b") as opened:
            opened.seek(start)
            seen = self.decode(examples, lambda pixels: opened.write(pixels.data.cast("B")))
        with whole_file(file.with_suffix(DONE)) as temporary, temporary.open("wb") as opened:
            np.savez(opened, **seen._asdict())
        return seen

    def left(self, file: Path, count: int) -> Seen | None:
        """Return what is known of a file of `count` images that a killed run left; None if torn."""
        if not file.with_suffix(DONE).is_file():
            return None
        try:
            with np.load(file.with_suffix(DONE)) as saved:
                seen = Seen(*(saved[name] for name in Seen._fields))
            images = open_mapped(file)
            if images.shape != (count, *self.config.shape) or len(seen.why) != count:
                return None
            steps = [slice(at, at + self.batch_size) for at in range(0, count, self.batch_size)]

            def intact(step: slice) -> bool:
                positions = np.flatnonzero(seen.why[step] == "") + step.start
                hashes = _hashes(images[positions])
                return bool((hashes == seen.content[positions]).all())

            whole = all(self._in_turn(intact, steps))
        except (OSError, *WRONG):
            return None
        if whole:
            self._advance(count)
        return seen if whole else None

    def _in_turn(
        self, function: Callable[[Given], Made], several: Iterable[Given]
    ) -> Iterator[Made]:
        """Yield what a function makes of each in order; threads are only some steps ahead."""
        waiting: deque[Future[Made]] = deque()
        for one in several:
            waiting.append(self._pool.submit(function, one))
            if len(waiting) >= AHEAD * self._threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _decoded(self, examples: Sequence[Example]) -> tuple[np.ndarray, Seen]:
        """Return pixels uint8 (examples, height, width, channels), 0 where there are none."""
        height, width, _ = shape = self.config.shape
        pixels = np.zeros((len(examples), *shape), np.uint8)
        small = np.zeros((len(examples), min(height, SIDE), min(width, SIDE)), np.uint8)
        highest = np.full(len(examples), NOT_GREY, np.int32)
        why = [""] * len(examples)
        for at, example in enumerate(examples):
            try:
                found = read_picture(self.config.root / example.path, self.config)
            except UserError as error:
                why[at] = str(error).removesuffix(ADVICE).rstrip(".")
                continue
            pixels[at] = found.pixels
            highest[at] = NOT_GREY if found.highest is None else found.highest
        good = [at for at, problem in enumerate(why) if not problem]
        if good:
            small[good] = shrunk(pixels[at] for at in good)
        return pixels, Seen(np.array(why, np.str_), _hashes(pixels), small, highest)


@contextmanager
def decoder(config: ImageData, count: int) -> Iterator[Decoder]:
    """Yield a decoder; on a terminal a bar shows how many of `count` images are done."""
    from .progress import shown

    with shown("decoding images", count) as advance:
        one = Decoder(config, advance)
        try:
            yield one
        finally:
            one.close()


def _hashes(images: np.ndarray) -> np.ndarray:
    """Return a hash of each image's pixels, uint8 (images, 16)."""
    digests = [blake2b(image.data, digest_size=HASH_BYTES).digest() for image in images]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, HASH_BYTES)

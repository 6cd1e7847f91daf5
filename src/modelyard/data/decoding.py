"""Decode every image once: its pixels, a hash of them, a small copy, and what cannot be decoded.

In memory are at most two batches of 4 MiB of pixels (or one larger image) for each thread, of which
there are four more than cores; the image each thread is decoding, in its full size; and about 4 KiB
for each image of the data: its path, what it shows, its hash and small copy.

The pixels are written where they will lie if nothing turns up that changes the splits: once, as a
rule; else they are copied from there. A part, which is one file of the prepared data, outlives a
kill: the next run decodes only the others.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from modelyard.config.data_section import SPLITS, ImageData

from .annotations import Example
from .annotations.listing import Bad
from .arrays import ArrayWriter, array_file, rows_per_shard, shard_name
from .grouping import Indices
from .kept import check_room, hand_over
from .manifest import ArraySpec
from .mapped import open_mapped
from .rows import Rows
from .seen import BATCH_BYTES, NOT_GREY, Seen, decoder

IMAGES = "images"
WHAT = "the prepared images"


class Part(NamedTuple):
    """One file of decoded images: its name, and which of all examples are in it."""

    name: str
    positions: Sequence[int]


class Decoded(NamedTuple):
    """The images that can be decoded.

    Attributes:
        examples: those of which the image can be decoded.
        content: a hash of each example's pixels.
        small: each example's image in grey, see `shrunk`.
        highest: the highest value of each image that is grey of 16 bits.
        bad: where each other example is listed, and why it cannot be decoded.
        rows: int64 (examples,), where in all parts together each example's image is.
        parts: the files with the pixels.
        layout: how many images each split was thought to have; the parts are in this order.
    """

    examples: list[Example]
    content: list[bytes]
    small: np.ndarray
    highest: list[int | None]
    bad: list[Bad]
    rows: np.ndarray
    parts: list[Path]
    layout: list[int]

    def write(self, config: ImageData, indices: Indices, folder: Path) -> None:
        """Write `<split>_images.npy`, or its shards, uint8 (examples, height, width, channels).

        Raises:
            NoRoomError: the images must be copied, and there is no room for that.
        """
        rows = [self.rows[indices[split]] for split in SPLITS]
        if [len(found) for found in rows] == self.layout and np.array_equal(
            np.concatenate(rows), np.arange(sum(self.layout))
        ):
            for part in self.parts:
                hand_over(part, folder / part.name)
            return
        spec = image_spec(config)
        images = Rows(spec, [open_mapped(part) for part in self.parts])
        check_room(config.processed, images.nbytes, WHAT)
        step = max(1, BATCH_BYTES // int(np.prod(config.shape)))
        for split, found in zip(SPLITS, rows, strict=True):
            with ArrayWriter(folder, split, IMAGES, spec) as writer:
                for start in range(0, len(found), step):
                    writer.append(images[found[start : start + step]])


def decode(
    config: ImageData,
    examples: Sequence[Example],
    layout: Indices | None = None,
    folder: Path | None = None,
) -> Decoded:
    """Decode the images of all examples; nothing stops at a bad one.

    Args:
        config: how they are read.
        examples: all that are listed.
        layout: where they will probably lie.
        folder: where the pixels go, and what a killed run has left; None keeps no pixels.

    Raises:
        NoRoomError: the disk is too small.
    """
    layout = layout or {"train": list(range(len(examples))), "validation": [], "test": []}
    parts = _parts(config, layout)
    with decoder(config, len(examples)) as work:
        members = [[examples[at] for at in part.positions] for part in parts]
        seen = [work.decode([])]
        if folder is None:
            seen += [work.decode(some) for some in members]
        else:
            files = [folder / part.name for part in parts]
            left = [work.left(*one) for one in zip(files, map(len, members), strict=True)]
            _announce(config, members, left)
            seen += [
                found or work.decode_to(file, some)
                for found, file, some in zip(left, files, members, strict=True)
            ]
    joined = Seen.joined(seen)
    seen.clear()  # a copy of all that is small is enough
    return _decoded(examples, parts, joined)._replace(
        parts=[folder / part.name for part in parts] if folder else [],
        layout=[len(layout[split]) for split in SPLITS],
    )


def image_spec(config: ImageData) -> ArraySpec:
    """Return what one prepared image is."""
    return ArraySpec(shape=config.shape, dtype="uint8")


def _parts(config: ImageData, layout: Indices) -> list[Part]:
    """Return the files that the prepared images will be, and what is in each."""
    most, parts = rows_per_shard(image_spec(config)), []
    for split in SPLITS:
        positions = layout[split]
        several = len(positions) > most
        for number, start in enumerate(range(0, len(positions), most)):
            name = array_file(Path(), split, IMAGES, shard_name(number) if several else "").name
            parts.append(Part(name, positions[start : start + most]))
    return parts


def _announce(
    config: ImageData, members: Sequence[Sequence[Example]], left: Sequence[Seen | None]
) -> None:
    """Say what a killed run has left, and check the room for the others."""
    counts = [len(some) for some in members]
    done = sum(count for count, found in zip(counts, left, strict=True) if found)
    if done:
        print(
            f"note: {done:,} of {sum(counts):,} images were decoded by a run that was stopped; "
            "only the others are decoded now.",
            file=sys.stderr,
        )
    check_room(config.processed, (sum(counts) - done) * int(np.prod(config.shape)), WHAT)


def _decoded(examples: Sequence[Example], parts: Sequence[Part], seen: Seen) -> Decoded:
    """Return what was seen part by part in the order of the examples."""
    rows = np.argsort([at for part in parts for at in part.positions])
    good = np.flatnonzero(seen.why[rows] == "")
    kept = rows[good]
    return Decoded(
        examples=[examples[at] for at in good.tolist()],
        content=[digest.tobytes() for digest in seen.content[kept]],
        small=seen.small[kept],
        highest=[None if value == NOT_GREY else int(value) for value in seen.highest[kept]],
        bad=[
            Bad(example.where, str(problem))
            for example, problem in zip(examples, seen.why[rows], strict=True)
            if problem
        ],
        rows=kept,
        parts=[],
        layout=[],
    )

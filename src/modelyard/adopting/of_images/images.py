"""What the images of a folder are: formats, sizes, colours, and which cannot be read."""

import statistics
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from modelyard.data.images import opened
from modelyard.errors import UserError

ORIENTATION = 0x0112  # of EXIF; 1 is upright
TURNED = range(5, 9)  # orientations that exchange height and width
GREY = {"1", "L", "I;16", "I;16B", "I", "LA"}
TRANSPARENT = {"RGBA", "LA", "PA"}
SIXTEEN = "I"


class Facts(NamedTuple):
    """What one image is; `highest` is the highest value of 16 bits, 0 for others."""

    format: str
    size: tuple[int, int]
    mode: str
    orientation: int
    transparent: bool
    highest: int


@dataclass
class Images:
    """What many images are.

    Attributes:
        facts: of those that can be read, by path.
        unreadable: why each other cannot.
    """

    facts: dict[str, Facts] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """The median (height, width)."""
        heights, widths = zip(*(one.size for one in self.facts.values()), strict=True)
        return int(statistics.median(heights)), int(statistics.median(widths))

    @property
    def grey(self) -> bool:
        """Whether none has colours."""
        return all(one.mode in GREY for one in self.facts.values())

    @property
    def turned(self) -> int:
        """How many a camera has noted an orientation for."""
        return sum(one.orientation > 1 for one in self.facts.values())

    @property
    def transparent(self) -> int:
        """How many may show their background."""
        return sum(one.transparent for one in self.facts.values())

    @property
    def highest(self) -> int:
        """The highest value of images with 16 bits, 0 if there are none."""
        return max((one.highest for one in self.facts.values()), default=0)

    def lines(self) -> list[str]:
        """Return formats and sizes, for people."""
        formats = Counter(one.format for one in self.facts.values())
        sizes = sorted(
            {one.size for one in self.facts.values()}, key=lambda size: size[0] * size[1]
        )
        named = ", ".join(f"{name} {count:,}" for name, count in formats.most_common())
        colour = "grey" if self.grey else "in colour"
        low, high = (f"{width} x {height}" for height, width in (sizes[0], sizes[-1]))
        spread = (
            f"{low} pixels"
            if low == high
            else f"{low} to {high} pixels, median {self.size[1]} x {self.size[0]}"
        )
        return [f"{len(self.facts):,} ({named}), {colour}", spread]


def examine(root: Path, paths: Iterable[str]) -> Images:
    """Decode every image once."""
    from rich.console import Console
    from rich.progress import track

    found, names, console = Images(), list(paths), Console(stderr=True)
    with ThreadPoolExecutor() as pool:
        results = pool.map(lambda name: _examine(root / name), names)
        shown = track(zip(names, results, strict=True), "Looking", len(names), console=console,
                      disable=not console.is_terminal, transient=True)  # fmt: skip
        for name, result in shown:
            if isinstance(result, Facts):
                found.facts[name] = result
            else:
                found.unreadable[name] = result
    return found


def _examine(file: Path) -> Facts | str:
    try:
        with opened(file) as image:
            image.load()
            orientation = int(image.getexif().get(ORIENTATION, 1))
            highest = int(np.asarray(image).max()) if image.mode.startswith(SIXTEEN) else 0
            transparent = image.mode in TRANSPARENT or "transparency" in image.info
            size = image.height, image.width
            return Facts(str(image.format), size, image.mode, orientation, transparent, highest)
    except UserError as error:
        return str(error)

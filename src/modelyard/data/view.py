"""Where a model sees what of an image: one truth for prepared targets and for predictions.

An image of any size becomes one of the model's size: stretched, the whole of it with padding around
it, or its middle. All three stretch a rectangle of the image to a rectangle of what is seen.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from modelyard.config.image_section import Resize

Size = tuple[int, int]
Corners = tuple[int, int, int, int]
Box = tuple[float, float, float, float]


class View(NamedTuple):
    """What a model sees of one image.

    Attributes:
        size: (height, width) of the image.
        seen: (height, width) of what the model sees.
        source: x1, y1, x2, y2 of the part of the image that is shown, in its pixels.
        target: x1, y1, x2, y2 of where, in pixels of what is seen; around it is padding.
    """

    size: Size
    seen: Size
    source: Corners
    target: Corners

    def shares(self, box: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return a box (x1, y1, x2, y2) in pixels of the image as shares of what is seen, cut."""
        origin, extent = self._frame()
        shares: np.ndarray = (self.cut(box) - origin) / extent
        return shares

    def pixels(self, shares: Sequence[float] | np.ndarray) -> Box:
        """Return a box in shares of what is seen in pixels of the image, cut to what is shown."""
        x1, y1, x2, y2 = self.cut(self.placed(shares)).tolist()
        return x1, y1, x2, y2

    def placed(self, shares: Sequence[float] | np.ndarray) -> Box:
        """Return the same without cutting it."""
        origin, extent = self._frame()
        x1, y1, x2, y2 = (np.asarray(shares, np.float64) * extent + origin).tolist()
        return x1, y1, x2, y2

    def cut(self, box: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return a box in pixels of the image without what is not shown."""
        low, high = self.source[:2] * 2, self.source[2:] * 2
        return np.clip(np.asarray(box, np.float64), low, high)

    def on_padding(self, shares: Sequence[float] | np.ndarray) -> bool:
        """Say whether a box in shares of what is seen lies beside the image."""
        height, width = self.seen
        corners = np.clip(shares, 0, 1) * (width, height, width, height)
        left, top, right, bottom = self.target
        x1, y1, x2, y2 = corners.tolist()
        return bool(x1 > right or y1 > bottom or x2 < left or y2 < top)

    def show(
        self, image: Image.Image, fill: Any, how: Image.Resampling = Image.Resampling.BILINEAR
    ) -> Image.Image:
        """Return what is seen of an image of this size; `fill` is the colour of the padding."""
        left, top, right, bottom = self.target
        image = self._part(image)
        if (right - left, bottom - top) != image.size:
            image = image.resize((right - left, bottom - top), how)
        if image.size == self.seen[::-1]:
            return image
        canvas = Image.new(image.mode, self.seen[::-1], fill)
        canvas.paste(image, (left, top))
        return canvas

    def cells(self, mask: Image.Image, grid: Size) -> Image.Image:
        """Return a mask of this size as shares of each cell (rows, columns) of what is seen."""
        if self._padded:
            return self.show(mask, 0, Image.Resampling.BOX).resize(grid[::-1], Image.Resampling.BOX)
        return self._part(mask).resize(grid[::-1], Image.Resampling.BOX)

    def spread(self, grid: np.ndarray) -> np.ndarray:
        """Return cells (rows, columns) of what is seen, float32, as pixels of the image.

        They are interpolated; 0 where the image is not shown.
        """
        (rows, columns), (height, width) = grid.shape, self.seen
        scale = (columns / width, rows / height) * 2
        part = tuple(side * by for side, by in zip(self.target, scale, strict=True))
        x1, y1, x2, y2 = self.source
        image = Image.fromarray(grid).resize(
            (x2 - x1, y2 - y1), Image.Resampling.BILINEAR, part if self._padded else None
        )
        if image.size == self.size[::-1]:
            return np.asarray(image)
        whole = np.zeros(self.size, np.float32)
        whole[y1:y2, x1:x2] = np.asarray(image)
        return whole

    @property
    def _padded(self) -> bool:
        return self.target != (0, 0, *self.seen[::-1])

    def _part(self, image: Image.Image) -> Image.Image:
        """Return what is shown, cut out: else resizing would mix in what lies beside it."""
        return image if self.source == (0, 0, *image.size) else image.crop(self.source)

    def _frame(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where what is seen begins, and how large it is, in pixels of the image: x, y."""
        low, high = np.array(self.source[:2]), np.array(self.source[2:])
        start, end = np.array(self.target[:2]), np.array(self.target[2:])
        origin = low - start * (high - low) / (end - start)
        extent = np.array(self.seen[::-1]) * (high - low) / (end - start)
        return np.tile(origin, 2), np.tile(extent, 2)


def view_of(size: Size, seen: Size, resize: Resize = "stretch") -> View:
    """Return what is seen of an image of `size` (height, width)."""
    all_of_it, everywhere = (0, 0, *size[::-1]), (0, 0, *seen[::-1])
    if resize == "pad":
        return View(size, seen, all_of_it, _middle(seen, size))
    if resize == "crop":
        return View(size, seen, _middle(size, seen), everywhere)
    return View(size, seen, all_of_it, everywhere)


def _middle(of: Size, shape: Size) -> Corners:
    """Return the largest part in the middle of `of` that has the proportions of `shape`."""
    (height, width), (rows, columns) = of, shape
    wide = min(width, max(1, round(height * columns / rows)))
    high = min(height, max(1, round(width * rows / columns)))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high

"""Find images that are nearly equal: re-encoded, resized or slightly brightened copies.

A perceptual hash, the brightness of 8 x 9 places, says which few images may be a copy of another.
Similar drawings have similar hashes, so the pixels decide: one image must be the other but for
brightness and contrast. The limits were measured, see the page on data: no two of scikit-learn's
1,797 digits, of 10,000 of MNIST or of 3,000 scenes are taken for copies, while of 100 pieces of
photographs 99 or all are found when saved as JPEG of a quality of 50, halved or a tenth brighter.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

SIDE = 32  # pixels, at most, of what is compared
PLACES = (8, 9)  # rows, columns
TRIED = 4  # images whose hashes are most alike: more would cost hours where all look the same
PLACES_ALIKE = 0.97  # correlation of two hashes, at least
PIXELS_ALIKE = 0.985  # correlation of the pixels, at least
MOST_APART = 0.12  # of the range of brightness, at any pixel
LEAST_RANGE = 16  # of 255; what has less shows nothing that could be compared
TINY = 1e-9
BLOCK = 1 << 22  # pairs of hashes in memory at once
ROWS = 1024  # images that are compared at once, at most


def shrunk(images: Iterable[np.ndarray]) -> np.ndarray:
    """Return images (height, width, channels) in grey, at most 32 x 32, uint8 (n, …)."""
    reduced = np.stack([_reduced(image) for image in images])
    channels = np.moveaxis(reduced, -1, 0)
    grey = sum(channel.astype(np.float32) for channel in channels) / np.float32(len(channels))
    sides = (min(side, SIDE) for side in grey.shape[1:])
    return _means(grey, *sides).round().astype(np.uint8)


def copies(small: np.ndarray, held: np.ndarray, others: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the positions of `held` that are copies, each with that of `others` it is most like."""
    hashes = _hashes(small)
    theirs = hashes[others].T
    step = max(1, min(ROWS, BLOCK // max(1, len(others))))
    for start in range(0, len(held), step):
        block = held[start : start + step]
        best: dict[int, tuple[float, int]] = {}
        for one, other in _candidates(hashes[block] @ theirs):
            alike = likeness(small[block[one]], small[others[other]])
            for place in np.flatnonzero(alike):
                position = int(block[one[place]])
                found = (float(alike[place]), int(others[other[place]]))
                best[position] = max(found, best.get(position, found))
        yield from ((position, other) for position, (_, other) in best.items())


def _candidates(alike: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for rows the column with the highest correlation, then the next; `alike` is spent."""
    rows = np.arange(len(alike))
    for _ in range(min(TRIED, alike.shape[1])):
        highest = alike.argmax(axis=1)
        close = alike[rows, highest] >= PLACES_ALIKE
        yield rows[close], highest[close]
        alike[rows, highest] = -1


def likeness(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the correlation of pairs of shrunk images, 0 where neither is a copy of the other."""
    one, other = _centred(left), _centred(right)
    alike = _correlation(one, other)
    scale = (one * other).sum(axis=1) / ((one**2).sum(axis=1) + TINY)
    apart = np.abs(one * scale[:, None] - other).max(axis=1)
    spread, other_spread = np.ptp(one, axis=1), np.ptp(other, axis=1)
    shows = np.minimum(spread, other_spread) >= LEAST_RANGE
    fits = (alike >= PIXELS_ALIKE) & (apart <= MOST_APART * other_spread)
    return np.where(fits & shows, alike, 0)


def _hashes(small: np.ndarray) -> np.ndarray:
    """Return the hash of each image, of which the products are correlations: float32 (n, 72)."""
    places = np.empty((len(small), PLACES[0] * PLACES[1]), np.float32)
    for start in range(0, len(small), ROWS):
        block = small[start : start + ROWS].astype(np.float32)
        places[start : start + ROWS] = _centred(_means(block, *PLACES))
    hashes: np.ndarray = places / np.sqrt((places**2).sum(axis=1, keepdims=True) + TINY)
    return hashes


def _centred(images: np.ndarray) -> np.ndarray:
    """Return images (n, rows, columns) as (n, pixels) with a mean of 0."""
    flat = images.reshape(len(images), int(np.prod(images.shape[1:]))).astype(np.float32)
    centred: np.ndarray = flat - flat.mean(axis=1, keepdims=True)
    return centred


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of each pair of rows that have a mean of 0."""
    product = np.einsum("ij,ij->i", one, other)
    squares = np.einsum("ij,ij->i", one, one) * np.einsum("ij,ij->i", other, other)
    correlation: np.ndarray = product / np.sqrt(squares + TINY)
    return correlation


def _reduced(image: np.ndarray) -> np.ndarray:
    """Return a large image with sides of 32 to 64 at least: Pillow is quicker than `_means`."""
    factor = min(image.shape[:2]) // SIDE
    if factor <= 1:
        return image
    small = np.asarray(Image.fromarray(image.squeeze()).reduce(factor))
    return small.reshape(*small.shape[:2], -1)


def _means(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return images (n, height, width) as (n, rows, columns): means of neighbouring pixels."""
    height, width = images.shape[1:]
    means: np.ndarray = _weights(height, rows) @ images @ _weights(width, columns).T
    return means


def _weights(length: int, count: int) -> np.ndarray:
    """Return the matrix (count, length) that makes of pixels as many means of neighbours."""
    ends, pixels = np.linspace(0, length, count + 1), np.arange(length)
    covered = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    weights: np.ndarray = (np.clip(covered, 0, 1) * count / length).astype(np.float32)
    return weights

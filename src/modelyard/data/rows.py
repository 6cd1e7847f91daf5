"""Arrays of prepared data, read by position: from one file or from shards, here or in a bucket."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from modelyard.errors import UserError
from modelyard.faults import machine_fault

from .arrays import OFFSETS, array_file, shard_name
from .manifest import STRING, ArraySpec
from .mapped import open_mapped


class Values(Protocol):
    """One file of an array: a NumPy array, or what reads one when it is asked for rows."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of an array."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """As that of an array."""

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return what a NumPy array does for positions or a slice."""


class Place(Protocol):
    """Where the files of prepared data lie."""

    def names(self) -> Collection[str]:
        """Return the names of all files."""

    def open(self, name: str) -> Values:
        """Open an `.npy` without reading its values."""


class Folder:
    """Prepared data on a disk of this machine."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self.path = path

    def names(self) -> Collection[str]:
        """Return the names of all files."""
        return {file.name for file in self.path.iterdir()} if self.path.is_dir() else set()

    def open(self, name: str) -> Values:
        """Map a file into memory."""
        return open_mapped(self.path / name)

    def __str__(self) -> str:
        """Return what errors call it."""
        return str(self.path)


class Rows:
    """The array of one input or target of a split, read by position.

    Attributes:
        spec: what the manifest says of one row.
        starts: int64 (shards + 1,), the first row of each shard, and how many rows there are.
    """

    def __init__(
        self, spec: ArraySpec, values: Sequence[Values], offsets: Sequence[Values] = ()
    ) -> None:
        """Take the files of all shards in order; rows are read when they are asked for.

        Raises:
            ValueError: they do not hold what `spec` says.
        """
        self.spec, self._values, self._offsets = spec, values, offsets
        self._texts = spec.dtype == STRING
        self._per = int(np.prod(self.row_shape)) if self._texts else 1  # parts of a row
        if not values or ((offsets or self._texts) and len(offsets) != len(values)):
            raise ValueError("files are missing")
        if len({(one.dtype, one.shape[1:]) for one in values}) > 1:
            raise ValueError("its shards hold rows of several kinds")
        counts = [(len(one) - 1) // max(1, self._per) for one in offsets]
        counts = counts or [len(one) for one in values]
        self.starts = np.cumsum([0, *counts], dtype=np.int64)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.starts[-1])

    @property
    def is_flat(self) -> bool:
        """Whether rows lie one after the other: texts, and rows whose lengths differ."""
        return bool(self._offsets)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of each row; () of rows whose lengths differ."""
        if self.spec.dtype == STRING:
            return tuple(size or 0 for size in self.spec.shape)
        return () if self.is_flat else self._values[0].shape[1:]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, and the shape of each."""
        return len(self), *self.row_shape

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return sum(one.nbytes for one in (*self._values, *self._offsets))

    def __getitem__(self, key: "np.ndarray | Sequence[int] | slice") -> np.ndarray:
        """Return the rows at positions int (n,), or of a slice.

        Texts are bytes in an object array (n, …); of rows whose lengths differ it is an object
        array (n,) of arrays.
        """
        if isinstance(key, slice):
            key = np.arange(*key.indices(len(self)))
        positions = np.asarray(key, np.int64)
        if len(self._values) == 1:
            return self._read(0, positions)
        shards = self._shards(positions)
        parts = [np.flatnonzero(shards == shard) for shard in np.unique(shards)]
        if not parts:
            return self._read(0, positions)
        found = [
            self._read(shards[at[0]], positions[at] - self.starts[shards[at[0]]]) for at in parts
        ]
        # Neither step holds Python's lock while it copies, as an assignment would.
        return np.take(np.concatenate(found), np.argsort(np.concatenate(parts)), axis=0)

    def expect(self, positions: np.ndarray) -> None:
        """Begin to fetch the shards of rows that are needed soon, where they lie far away."""
        for shard in np.unique(self._shards(positions)).tolist():
            for several in (self._values, self._offsets):
                if several and hasattr(several[shard], "expect"):
                    several[shard].expect()

    def _shards(self, positions: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.starts, positions, side="right") - 1

    def _read(self, shard: int, positions: np.ndarray) -> np.ndarray:
        """Return rows of one shard."""
        values = self._values[shard]
        if not self.is_flat:
            return np.asarray(values[positions])
        if self._texts:
            return self._read_texts(values, self._offsets[shard], positions)
        found = np.empty(len(positions), object)
        starts, ends = self._offsets[shard][positions], self._offsets[shard][positions + 1]
        for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            found[at] = np.array(values[start:end])
        return found

    def _read_texts(self, values: Values, offsets: Values, positions: np.ndarray) -> np.ndarray:
        """Return the texts of rows: those of one row lie one after the other, and are read so."""
        bounds = offsets[positions[:, None] * self._per + np.arange(self._per + 1)].tolist()
        found = np.empty((len(positions), self._per), object)
        for at, (first, *ends) in enumerate(bounds):
            row, start = np.asarray(values[first : ends[-1] if ends else first]).tobytes(), first
            for place, end in enumerate(ends):
                found[at, place] = row[start - first : end - first]
                start = end
        return found.reshape(len(positions), *self.row_shape)


def open_rows(folder: "Path | Place", split: str, name: str, spec: ArraySpec) -> Rows:
    """Open one array of the prepared data without reading it.

    Raises:
        UserError: it is missing or damaged.
    """
    place = Folder(folder) if isinstance(folder, Path) else folder
    try:
        values = [place.open(file) for file in files_of(place, split, name)]
        offsets = [place.open(file) for file in files_of(place, split, f"{name}.{OFFSETS}")]
        return Rows(spec, values, offsets)
    except (OSError, ValueError) as error:
        if machine_fault(error):
            raise
        file = array_file(Path(), split, name)
        raise UserError(
            f"{place}/{file} is missing or damaged; run `dvc repro --force prepare`."
        ) from None


def files_of(place: Place, split: str, name: str) -> list[str]:
    """Return the file of an array, or its shards in order; none where there is no such array.

    Raises:
        ValueError: one of several is missing.
    """
    names, single = place.names(), array_file(Path(), split, name).name
    if single in names:
        return [single]
    shard = re.compile(rf"{re.escape(f'{split}_{name}')}\.\d{{5,}}\.npy")
    count = sum(1 for one in names if shard.fullmatch(one))
    found = [array_file(Path(), split, name, shard_name(number)).name for number in range(count)]
    if not set(found) <= set(names):
        raise ValueError(f"a shard of {single} is missing")
    return found

"""Arrays of prepared data on disk: written row by row in bounded memory, read by position.

Rows of one size are one `.npy`. Texts, and rows whose lengths differ, are their values one after
the other, and beside them where each begins: `<split>_<name>.offsets.npy`, int64. What is larger
than `SHARD_BYTES` is divided into shards, `<split>_<name>.00000.npy` and so on, each of whole rows
with offsets of its own.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from modelyard.errors import UserError
from modelyard.faults import named

from .manifest import STRING, ArraySpec

SHARD_BYTES = 2**30  # of values, and of where they begin, in one shard
OFFSETS = "offsets"
OFFSET = np.dtype("<i8")


def array_file(folder: Path, split: str, name: str, part: str = "") -> Path:
    """Return the file of an array, or of a part of it."""
    return folder / f"{split}_{name}{f'.{part}' if part else ''}.npy"


def shard_name(number: int) -> str:
    """Return how the parts of an array that has several files are called."""
    return f"{number:05}"


class ArrayWriter:
    """Writes the array of one input or target of a split, some rows at a time.

    Only the rows of one call are in memory. The bytes of the files are the same however the rows
    are divided into calls.
    """

    def __init__(self, folder: Path, split: str, name: str, spec: ArraySpec) -> None:
        """Open the first file; `close` completes it."""
        self.spec, self._folder, self._split, self._name = spec, folder, split, name
        self._dtype, self._shape = stored(spec)
        self._shard = 0
        self._open()

    def append(self, rows: "Sequence[Any] | np.ndarray") -> None:
        """Write rows: of one size as one array, texts as str or bytes.

        Raises:
            UserError: they have another shape than `spec` says.
            OSError: the disk is full; it names the file.
        """
        if self.spec.is_plain:
            self._append_plain(self._shaped(rows))
        else:
            self._append_parts([self._parts(row) for row in rows])

    def close(self) -> None:
        """Complete the files."""
        for one in self._files:
            one.close()

    def __enter__(self) -> "ArrayWriter":
        """Return the writer; the files are closed when the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Complete the files, or only close them where the block failed."""
        for one in self._files:
            one.close(complete=error is None)

    def _append_plain(self, rows: np.ndarray) -> None:
        most = rows_per_shard(self.spec)
        while len(rows):
            if self._values.count == most:
                self._next_shard()
            room = most - self._values.count
            self._values.append(rows[:room])
            rows = rows[room:]

    def _append_parts(self, rows: Sequence[Sequence[np.ndarray]]) -> None:
        """Write rows of texts, or of lengths that differ, as many at once as a shard has room."""
        sizes = np.cumsum([sum(part.nbytes + OFFSET.itemsize for part in row) for row in rows])
        done = 0
        while done < len(rows):
            before = int(sizes[done - 1]) if done else 0
            room = before + SHARD_BYTES - sum(file.nbytes for file in self._files)
            end = int(np.searchsorted(sizes, room, side="right"))
            if end <= done and self._files[1].count > 1:
                self._next_shard()
                continue
            end = max(end, done + 1)
            parts = [part for row in rows[done:end] for part in row]
            ends = np.cumsum([len(part) for part in parts], dtype=OFFSET) + self._values.count
            if parts:
                self._values.append(np.concatenate(parts))
            self._files[1].append(ends)
            done = end

    def _shaped(self, rows: "Sequence[Any] | np.ndarray") -> np.ndarray:
        found = np.asarray(rows, self._dtype)
        if len(found) and found.shape[1:] != self._shape:
            raise UserError(
                f"{self._split}_{self._name}: an example has the shape {found.shape[1:]}, not "
                f"{self._shape}; give all examples the shape that is declared."
            )
        return found

    def _parts(self, row: Any) -> list[np.ndarray]:
        """Return the texts of a row as bytes, or its only part of any length."""
        if self.spec.dtype == STRING:
            cells = np.asarray(row, object)
            if cells.shape != self.spec.shape:
                raise UserError(
                    f"{self._split}_{self._name}: an example has texts of the shape {cells.shape}, "
                    f"not {self.spec.shape}; give all examples the shape that is declared."
                )
            return [_encoded(cell) for cell in cells.ravel()]
        part = np.asarray(row, self._dtype)
        if part.ndim != len(self.spec.shape) or part.shape[1:] != self._shape:
            raise UserError(
                f"{self._split}_{self._name}: an example has the shape {part.shape}, not "
                f"{self.spec.shape}; give all examples the shape that is declared."
            )
        return [part]

    def _open(self) -> None:
        part = shard_name(self._shard) if self._shard else ""
        self._values = _Growing(self._file(part), self._dtype, self._shape)
        self._files = [self._values]
        if not self.spec.is_plain:
            self._files.append(_Growing(self._file(part, offsets=True), OFFSET, ()))
            self._files[1].append(np.zeros(1, OFFSET))

    def _next_shard(self) -> None:
        self.close()
        if not self._shard:  # now it is one of several
            for offsets in (False, True)[: len(self._files)]:
                self._file("", offsets=offsets).rename(self._file(shard_name(0), offsets=offsets))
        self._shard += 1
        self._open()

    def _file(self, part: str, *, offsets: bool = False) -> Path:
        name = f"{self._name}.{OFFSETS}" if offsets else self._name
        return array_file(self._folder, self._split, name, part)


def rows_per_shard(spec: ArraySpec) -> int:
    """Return how many rows of one size a file has at most."""
    dtype, shape = stored(spec)
    return max(1, SHARD_BYTES // max(1, dtype.itemsize * int(np.prod(shape))))


def stored(spec: ArraySpec) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return dtype and shape of that of which a file has any number.

    Raises:
        UserError: another length than the first differs by example.
    """
    if spec.dtype == STRING:
        known, dtype = spec.shape, np.dtype("u1")
    else:
        known, dtype = spec.shape if spec.is_plain else spec.shape[1:], np.dtype(spec.dtype)
    if None in known:
        raise UserError(
            f"An array has the shape {spec.shape}; only its first length may differ by example, "
            "and none of texts: fill up what is shorter."
        )
    return dtype, () if spec.dtype == STRING else tuple(size or 0 for size in known)


def _encoded(text: str | bytes) -> np.ndarray:
    return np.frombuffer(text if isinstance(text, bytes) else text.encode(), np.uint8)


class _Growing:
    """An `.npy` that grows: its header has room for any number of rows, and is written twice."""

    def __init__(self, file: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.dtype, self.count, self.nbytes, self._shape = dtype, 0, 0, shape
        self._path, self._file = file, self._created(file)

    def append(self, rows: np.ndarray) -> None:
        values = np.ascontiguousarray(rows, self.dtype)
        with named(self._path):
            if values.size:
                self._file.write(values.data.cast("B"))
        self.count += len(values)
        self.nbytes += values.nbytes

    def close(self, *, complete: bool = True) -> None:
        """Close the file, its header as it must be; a second time nothing is done."""
        if self._file.closed:
            return
        with named(self._path), self._file:
            if complete:
                self._file.seek(0)
                self._begin(self._file)

    def _created(self, path: Path) -> IO[bytes]:
        with named(path):
            file = path.open("wb")
            self._begin(file)
        return file

    def _begin(self, file: IO[bytes]) -> None:
        descr = np.lib.format.dtype_to_descr(self.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self.count, *self._shape)}
        np.lib.format.write_array_header_1_0(file, header)

"""Prepared data in a bucket, read shard by shard through a cache on disk of bounded size."""

import os
import re
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

import numpy as np

from modelyard.errors import UserError
from modelyard.files import PARTIAL, sha256
from modelyard.stores import OBJECT_STORES, cause, file_system, scheme

from .manifest import MANIFEST_NAME, Manifest
from .mapped import Mapped, open_mapped

GIGABYTE = 10**9
HEADER = 128  # bytes of an `.npy` before its values, as `ArrayWriter` and NumPy write them
CACHE = Path(".cache/prepared")
SHARD = re.compile(r"\.\d{5,}\.npy$")
LEARNED = re.compile(r"^[a-z]+_(labels|values)\.npy$")  # `evaluate` reads them, numbers are scaled

Header = tuple[tuple[int, ...], np.dtype[Any]]


class Bucket:
    """A folder of prepared data behind a URL: gs://, s3://, az:// or file://.

    What is read lies in `cache` as whole files, named by their content; the oldest go before they
    take more than `cache_gb`. Processes of one machine may share a cache.

    Raises:
        UserError: the URL cannot be read, or nothing prepared lies there.
    """

    def __init__(self, url: str, cache_gb: float = 20.0, cache: Path = CACHE) -> None:
        """Read the manifest and the list of files."""
        self.url, self._limit, self._cache = url.rstrip("/"), int(cache_gb * GIGABYTE), cache
        if scheme(self.url) not in OBJECT_STORES:
            known = ", ".join(f"{name}://" for name in OBJECT_STORES)
            raise UserError(f"{url} is not a bucket; write a URL that begins with one of {known}.")
        self._fs, self._root = file_system(self.url, "The prepared data is read from")
        self._lock = Lock()
        self._busy: dict[str, Lock] = {}
        self._arrays: dict[str, Mapped] = {}
        self._headers: dict[str, Header] = {}
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="bucket")
        try:
            listed = self._fs.ls(self._root, detail=True)
            text = self._fs.cat_file(f"{self._root}/{MANIFEST_NAME}")
            self.manifest = Manifest.model_validate_json(text)
        except Exception as error:
            raise UserError(
                f"{self.url} cannot be read ({cause(self.url, error)}); correct it, or copy a "
                "folder of prepared data there."
            ) from error
        self._sizes = {Path(one["name"]).name: int(one["size"]) for one in listed}

    def __str__(self) -> str:
        """Return what errors call it."""
        return self.url

    def names(self) -> Collection[str]:
        """Return the names of all files that the manifest and the bucket have."""
        return self.manifest.files.keys() & self._sizes.keys()

    def open(self, name: str) -> "Remote":
        """Read the header of an `.npy`."""
        return Remote(self, name)

    def copy_small(self, folder: Path) -> None:
        """Copy what is read whole: all but the arrays of inputs, and of boxes and masks."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in [*self.manifest.files, MANIFEST_NAME]:
            if not name.endswith(".npy") or LEARNED.search(name):
                self._fs.get_file(f"{self._root}/{name}", str(folder / name))

    def header(self, name: str) -> Header:
        """Return shape and dtype of an `.npy`; of many shards the first alone is asked."""
        first = SHARD.sub(".00000.npy", name)
        if first not in self._headers:
            head = BytesIO(self._fs.cat_file(f"{self._root}/{first}", start=0, end=HEADER))
            np.lib.format.read_magic(head)
            shape, _, dtype = np.lib.format.read_array_header_1_0(head)
            self._headers[first] = shape, dtype
        (_, *row), dtype = self._headers[first]
        row_bytes = dtype.itemsize * int(np.prod(row))
        return ((self._sizes[name] - HEADER) // max(1, row_bytes), *row), dtype

    def array(self, name: str) -> Mapped:
        """Return an `.npy` from the cache, fetched if it is not there."""
        with self._lock:
            if name in self._arrays:
                return self._arrays[name]
            busy = self._busy.setdefault(self._file(name).name, Lock())  # equal files are one
        with busy:
            file = self._file(name)
            try:
                array = open_mapped(file)
            except (OSError, ValueError):  # not there yet, or another process removed it
                self._fetch(name, file)
                array = open_mapped(file)
            with suppress(OSError):
                os.utime(file)
            with self._lock:
                self._arrays[name] = array
        return array

    def expect(self, name: str) -> None:
        """Begin to fetch a file that is needed soon."""
        if name not in self._arrays:
            self._pool.submit(self._expected, name)

    def check_cache(self, shards: int, total: int) -> None:
        """Refuse a cache that is too small for so many shards, or for all of `total` bytes.

        Raises:
            UserError: naming how much it must have.
        """
        needed = min(shards * max(self._sizes.values()), total + HEADER * len(self._sizes))
        if needed > self._limit:
            raise UserError(
                f"{self.url} is read {shards} shards at a time, for which the cache needs "
                f"{needed / GIGABYTE:.1f} GB; cache_gb is {self._limit / GIGABYTE:g}, write more."
            )

    def _expected(self, name: str) -> None:
        with suppress(Exception):  # whoever needs it is told
            self.array(name)

    def _file(self, name: str) -> Path:
        return self._cache / f"{self.manifest.files[name]}.npy"

    def _fetch(self, name: str, file: Path) -> None:
        self._make_room(self._sizes[name])
        temporary = file.with_name(f"{PARTIAL}{os.getpid()}-{get_ident()}-{file.name}")
        try:
            self._fs.get_file(f"{self._root}/{name}", str(temporary))
            if sha256(temporary) != self.manifest.files[name]:
                raise UserError(
                    f"{self.url}/{name} is damaged: it is not the file that {MANIFEST_NAME} names; "
                    "copy the prepared data there again."
                )
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        """Remove what was not used for longest until a file of this size fits."""
        if size > self._limit:
            raise UserError(
                f"{self.url} has files of {size / GIGABYTE:.1f} GB, more than the cache may have: "
                f"{self._limit / GIGABYTE:.1f} GB; allow some times as much."
            )
        with self._lock:
            self._cache.mkdir(parents=True, exist_ok=True)
            files = list(self._cached())
            files.sort(key=lambda one: one[0].st_mtime_ns)
            total = sum(found.st_size for found, _ in files)
            names = {self._file(name).name: name for name in self.manifest.files}
            for found, file in files:
                if total + size <= self._limit:
                    return
                self._arrays.pop(names.get(file.name, ""), None)
                file.unlink(missing_ok=True)
                total -= found.st_size

    def _cached(self) -> Iterator[tuple[os.stat_result, Path]]:
        """Yield whole files; other processes may remove some meanwhile."""
        for file in self._cache.glob("[!.]*.npy"):
            with suppress(FileNotFoundError):
                yield file.stat(), file


class Remote:
    """One `.npy` in a bucket, as an array; its values are read from the cache."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        """Remember where it is."""
        self._bucket, self._name = bucket, name

    @cached_property
    def _header(self) -> Header:
        return self._bucket.header(self._name)

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of an array."""
        return self._header[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """As that of an array."""
        return self._header[1]

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self.dtype.itemsize * int(np.prod(self.shape))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return what a NumPy array does."""
        return np.asarray(self._bucket.array(self._name)[key])

    def expect(self) -> None:
        """Begin to fetch it: it is needed soon."""
        self._bucket.expect(self._name)

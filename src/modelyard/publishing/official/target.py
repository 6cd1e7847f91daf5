"""One bucket: a checkpoint there is never replaced, and what was sent is read back."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config.signing_section import Signing
from modelyard.disk import sweep, sync
from modelyard.errors import UserError
from modelyard.files import PARTIAL
from modelyard.official.record import OfficialConfig
from modelyard.stores import file_system, scheme

from .hub import commit

CHUNK = 8 * 2**20
# What is in memory at once; the libraries' own defaults are up to half a gibibyte.
STREAMED = {
    "gs": {"chunksize": CHUNK},
    "s3": {"chunksize": CHUNK, "max_concurrency": 2},
    "az": {"max_concurrency": 4},  # of 4 MiB
}


@dataclass(frozen=True)
class Target:
    """A bucket, or a folder, by its URL; what is sent there is signed where `signing` says how."""

    url: str
    signing: Signing | None = None

    def holds(self, official: OfficialConfig) -> bool:
        """Say whether the checkpoint is there already.

        Raises:
            UserError: something else is there under its name.
        """
        if not self._has(official.public_checkpoint):
            return False
        self.verify(official)
        return True

    def tidy(self) -> None:
        """Remove what killed publishers left more than a day ago; only folders have such files."""
        if scheme(self.url) == "file":
            _, path = file_system(self.url)
            sweep(Path(path))

    def put(self, file: Path, name: str, callback: Any = None) -> bool:
        """Send a file, unless one of its name is there; say whether it was sent."""
        try:
            self._send(file, name, callback, mode="create")
        except FileExistsError:
            return False
        except Exception:
            # Another may have been first; how that shows differs from library to library.
            if not self._has(name):
                raise
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """Return a small file's content, None if there is no such file."""
        fs, path = file_system(f"{self.url}/{name}")
        try:
            return bytes(fs.cat_file(path))
        except FileNotFoundError:
            return None

    def replace(self, file: Path, name: str, callback: Any = None) -> None:
        """Send a file that describes the checkpoint, over what another publisher said."""
        self._send(file, name, callback, mode="overwrite")

    def remove(self, name: str) -> bool:
        """Remove a file; say whether it was there."""
        if not self._has(name):
            return False
        fs, path = file_system(f"{self.url}/{name}")
        fs.rm_file(path)
        return True

    def verify(self, official: OfficialConfig) -> None:
        """Read the checkpoint back.

        Raises:
            UserError: it is not what was published.
        """
        fs, path = file_system(f"{self.url}/{official.public_checkpoint}")
        # gcsfs' own cache would fetch up to 256 MiB ahead.
        with fs.open(path, "rb", block_size=CHUNK, cache_type="readahead") as file:
            problem = official.problem(file)
        if problem:
            raise UserError(
                f"{self.url}/{official.public_checkpoint} exists with other content ({problem}) "
                "and was not replaced; find out who wrote it, remove it, and publish again"
            )

    def _send(self, file: Path, name: str, callback: Any, *, mode: str) -> None:
        fs, path = file_system(f"{self.url}/{name}")
        if scheme(self.url) == "https":
            raise UserError(f"{self.url} can only be read; publish into the bucket behind it.")
        if scheme(self.url) == "hf":
            commit(fs, path, file, create=mode == "create")
        elif scheme(self.url) == "file":
            _copy(file, Path(path), callback, os.link if mode == "create" else os.replace)
        else:
            options = STREAMED.get(scheme(self.url), {})
            fs.put_file(str(file), path, callback=callback, mode=mode, **options)

    def _has(self, name: str) -> bool:
        fs, path = file_system(f"{self.url}/{name}")
        try:
            fs.info(path)
        except FileNotFoundError:
            return False
        return True


def _copy(file: Path, target: Path, callback: Any, name: Callable[[str, Path], object]) -> None:
    """Copy into a folder so that the name appears with the whole content, or not at all.

    `name` gives the copy its name: os.link raises FileExistsError if it is taken.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    callback.set_size(file.stat().st_size)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=PARTIAL, delete=False) as temporary:
        try:
            with file.open("rb") as source:
                while chunk := source.read(CHUNK):
                    temporary.write(chunk)
                    callback.relative_update(len(chunk))
            temporary.flush()
            os.fsync(temporary.fileno())
            Path(temporary.name).chmod(0o644)
            name(temporary.name, target)
            sync(target.parent)
        finally:
            Path(temporary.name).unlink(missing_ok=True)

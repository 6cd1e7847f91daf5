"""Folders of this machine and buckets, as places for packages."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.disk import is_old, sweep, sync
from modelyard.errors import UserError
from modelyard.files import PARTIAL
from modelyard.publishing.environment_file import SETTINGS
from modelyard.publishing.environments import Environment
from modelyard.stores import EXTRAS, cause, reason

from .files import Folder


def folder_for(environment: Environment) -> Folder:
    """Return the folder or bucket of an environment.

    Raises:
        UserError: the package for its protocol is not installed.
    """
    return LocalFolder(environment) if environment.protocol == "file" else Bucket(environment)


class LocalFolder:
    """A folder that this machine sees; a relative one from the project's root."""

    def __init__(self, environment: Environment) -> None:
        """Touch nothing yet."""
        self._name = environment.name
        self._root = Path(environment.url.removeprefix("file://")).expanduser()

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is no such file."""
        with _reasons(self._name, self._root):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        """Write beside, then link: the name is never there with half a file, nor taken twice."""
        target = self._root / name
        temporary = target.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
        with _reasons(self._name, self._root):
            try:
                _write_beside(temporary, content)
                os.link(temporary, target)
                sync(target.parent)
            except FileExistsError:
                return False
            finally:
                temporary.unlink(missing_ok=True)
        return True

    def delete(self, name: str) -> None:
        """Delete a file, and the folders that are empty then."""
        path = self._root / name
        with _reasons(self._name, self._root):
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # others keep something there
                for parent in Path(name).parents[:-1]:
                    (self._root / parent).rmdir()

    def tidy(self, package: str) -> None:
        """Remove what killed publishers of a package left more than a day ago."""
        folder = self._root / package
        sweep(folder)
        for path in [*filter(is_old, folder.glob("*")), folder]:
            with contextlib.suppress(OSError):  # it is not empty, or not a folder
                path.rmdir()


def _write_beside(temporary: Path, content: bytes) -> None:
    """Write a file that survives a power cut, into a folder that an unpublisher may just remove."""
    for last in (False, False, True):
        temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
        except FileNotFoundError:
            if last:
                raise
            continue
        sync(temporary)
        return


class Bucket:
    """A folder in a bucket, reached through fsspec as the account that the machine has."""

    def __init__(self, environment: Environment) -> None:
        """Load the file system's package."""
        import fsspec

        self._name, self._url = environment.name, environment.url
        try:
            self._fs: Any = fsspec.filesystem(environment.protocol)
        except ImportError:
            raise UserError(
                f"{SETTINGS}: {self._name}.host is {environment.host}, and the package for "
                f"{environment.protocol}:// is not installed; DVC brings it: write "
                f"dvc[{EXTRAS[environment.protocol]}] in requirements.txt, then `sh setup.sh`."
            ) from None

    def read(self, name: str) -> bytes | None:
        """Return an object's content, None if there is no such object."""
        with _reasons(self._name, self._url):
            try:
                self._fs.invalidate_cache()
                return bytes(self._fs.cat_file(f"{self._url}/{name}"))
            except FileNotFoundError:
                return None

    def create(self, name: str, content: bytes) -> bool:
        """Put an object if there is none; of several who do so at once, one does."""
        with _reasons(self._name, self._url):
            try:
                self._fs.pipe_file(f"{self._url}/{name}", content, mode="create")
            except FileExistsError:
                return False
        return True

    def delete(self, name: str) -> None:
        """Delete an object."""
        with _reasons(self._name, self._url), contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._url}/{name}")

    def tidy(self, package: str) -> None:
        """Do nothing: an object is there whole, or not at all."""


@contextlib.contextmanager
def _reasons(name: str, place: object) -> Iterator[None]:
    """Turn whatever a file system raises into a sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        why = cause(place, error) if isinstance(place, str) else reason(error)
        raise UserError(f"{name}: {place} cannot be used: {why}.") from None

"""Packages as files in a folder: PACKAGE/VERSION/package.json and, last, the wheel."""

import hashlib
import json
from pathlib import Path
from typing import Protocol

from modelyard.errors import UserError
from modelyard.files import whole_file

from .build import METADATA
from .names import in_files, wheel_name
from .wheel import Wheel, settled


class Folder(Protocol):
    """A folder somewhere; names in it are relative paths with `/`.

    Every method raises UserError with a reason when the folder refuses or cannot be reached.
    """

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is no such file."""

    def create(self, name: str, content: bytes) -> bool:
        """Write a file whole, unless it is there; return whether it was written."""

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is fine."""

    def tidy(self, package: str) -> None:
        """Remove what killed publishers left in the folder of a package more than a day ago."""


class FileStore:
    """An environment that keeps files.

    The wheel is the mark that a version is there: it comes last and goes first.
    """

    def __init__(self, name: str, folder: Folder) -> None:
        """Keep the environment's name for messages."""
        self._name = name
        self._folder = folder

    def find(self, package: str, version: str) -> str | None:
        """Return the SHA-256 of the wheel's bytes as they are there, None if they are not."""
        content = self._folder.read(_wheel(package, version))
        return None if content is None else hashlib.sha256(content).hexdigest()

    def publish(self, wheel: Wheel) -> None:
        """Write package.json, then the wheel; never over what somebody else has written."""
        self._folder.tidy(in_files(wheel.name))
        about, file = _about(wheel.name, wheel.version), _wheel(wheel.name, wheel.version)
        content = wheel.package_json()
        if not self._folder.create(about, content) and self._folder.read(about) != content:
            raise UserError(
                f"{self._name}: {about} is there from another build, without its wheel: somebody "
                "is publishing now, or was interrupted; in the latter case "
                f"`python -m ci.unpublish --package {wheel.name} --version {wheel.version} "
                f"--env {self._name}`, then publish again."
            )
        self._folder.create(file, wheel.wheel.read_bytes())  # False: the others' is judged below
        if settled(self, wheel) != wheel.sha256:
            raise UserError(
                f"{self._name}: {file} is not what was sent: somebody else publishes the same "
                "version, or it was damaged; unpublish it and publish again."
            )

    def remove(self, package: str, version: str) -> bool:
        """Delete the wheel, then package.json."""
        names = [_wheel(package, version), _about(package, version)]
        there = [name for name in names if self._folder.read(name) is not None]
        for name in there:
            self._folder.delete(name)
        self._folder.tidy(in_files(package))
        if left := [name for name in there if self._folder.read(name) is not None]:
            raise UserError(f"{self._name}: {left[0]} is still there after it was deleted.")
        return bool(there)

    def fetch(self, package: str, version: str, folder: Path) -> Path:
        """Download the wheel, which must be the one that package.json describes."""
        content = self._folder.read(_wheel(package, version))
        about = self._folder.read(_about(package, version))
        if content is None or about is None:
            raise UserError(
                f"{self._name}: version {version} of {package} is not there; publish it with "
                f"`python -m ci.publish --env {self._name}`."
            )
        if hashlib.sha256(content).hexdigest() != _described(about):
            raise UserError(
                f"{self._name}: {_wheel(package, version)} is not the file that its package.json "
                "describes; unpublish it and publish it again."
            )
        target = folder / wheel_name(package, version)
        with whole_file(target) as temporary:
            temporary.write_bytes(content)
        return target


def _described(about: bytes) -> object:
    """Return the SHA-256 that a package.json tells, None if it is not one."""
    try:
        document = json.loads(about)
    except ValueError:
        return None
    return document.get("sha256") if isinstance(document, dict) else None


def _about(package: str, version: str) -> str:
    return f"{in_files(package)}/{version}/{METADATA}"


def _wheel(package: str, version: str) -> str:
    return f"{in_files(package)}/{version}/{wheel_name(package, version)}"

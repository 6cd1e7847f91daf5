"""The project's package and the engine's, kept in environments of several kinds."""

from pathlib import Path
from typing import Protocol

from modelyard.publishing.environment_file import WEB
from modelyard.publishing.environments import Environment

from .wheel import Wheel


class Store(Protocol):
    """Where an environment keeps packages.

    Every method raises UserError with a reason when the environment refuses or cannot be reached.
    """

    def find(self, package: str, version: str) -> str | None:
        """Return the SHA-256 of a published wheel, None if the version is not there."""

    def publish(self, wheel: Wheel) -> None:
        """Put a wheel there, where its version is not, and read it back."""

    def remove(self, package: str, version: str) -> bool:
        """Take a version back; return whether there was anything of it."""

    def fetch(self, package: str, version: str, folder: Path) -> Path:
        """Download a wheel into a folder, verified; it must be there."""


def store_for(environment: Environment) -> Store:
    """Return the store of an environment; nothing is asked of it yet.

    Raises:
        UserError: its token is not set, or the package for its protocol is not installed.
    """
    if environment.is_index:
        from .index import Index

        return Index(environment)
    from .files import FileStore

    if environment.protocol in WEB:
        from .web import WebFolder

        return FileStore(environment.name, WebFolder(environment))
    from .folders import folder_for

    return FileStore(environment.name, folder_for(environment))

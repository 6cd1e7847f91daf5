"""A wheel that can be published, and the engine's: the one in vendor/ that the team's needs."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from modelyard.errors import UserError
from modelyard.files import sha256

from .names import check_version, wheel_name
from .project import PYPROJECT, read_pyproject

ENGINE = "modelyard"
WAITS = (0.5, 1, 2)  # seconds


@dataclass(frozen=True)
class Wheel:
    """A wheel, and what package.json says of it.

    Attributes:
        wheel: the file.
        name: as `pip install` takes it.
        version: MAJOR.MINOR.PATCH.
        sha256: of the file, hexadecimal.
    """

    wheel: Path
    name: str
    version: str
    sha256: str

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"version {self.version} of {self.name}"

    @property
    def remedy(self) -> str:
        """What to do where other content of this version is published."""
        return (
            f"put the released file at {self.wheel} or, if it is the published one that is wrong, "
            f"`python -m ci.unpublish --package {self.name} --version {self.version}` and publish "
            "again."
        )

    def package_json(self) -> bytes:
        """Return package.json; of the wheel it names the file."""
        document = asdict(self) | {"wheel": self.wheel.name}
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


class Searched(Protocol):
    """Where wheels are found."""

    def find(self, package: str, version: str) -> str | None:
        """Return the SHA-256 of a published wheel, None if the version is not there."""


def settled(store: Searched, wheel: Wheel) -> str | None:
    """Return the SHA-256 of what is there of a wheel; what differs may be on its way still.

    Several projects publish the same engine, and a server may show half of what one is sending.
    """
    found = store.find(wheel.name, wheel.version)
    for wait in WAITS:
        if found in (None, wheel.sha256):
            break
        time.sleep(wait)
        found = store.find(wheel.name, wheel.version)
    return found


def engine_wheel() -> Wheel | None:
    """Return the engine's wheel of this checkout, None if the engine comes from elsewhere.

    Raises:
        UserError: there is no pyproject.toml, or it names a wheel that is not there, or not the
            engine's.
    """
    named = _named()
    if named is None or named.suffix != ".whl":
        return None
    where = f"{PYPROJECT}: tool.uv.sources.{ENGINE}.path"
    if not named.is_file():
        raise UserError(f"{where} is {named}, which does not exist; `git checkout {named}`.")
    version = named.name.removeprefix(f"{ENGINE}-").partition("-")[0]
    check_version(version, f"{where} is {named}, whose version")
    if named.name != wheel_name(ENGINE, version):
        raise UserError(f"{where} is {named}; write {wheel_name(ENGINE, version)}.")
    return Wheel(named, ENGINE, version, sha256(named))


def _named() -> Path | None:
    """Return the path by which pyproject.toml names the engine."""
    document: Any = read_pyproject()
    for key in ("tool", "uv", "sources", ENGINE, "path"):
        document = document.get(key) if isinstance(document, Mapping) else None
    return Path(document) if isinstance(document, str) else None

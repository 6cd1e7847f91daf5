"""What a saved model consists of, as one checksum that saving it again does not change."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ARCHITECTURE, WEIGHTS = "config.json", "model.weights.h5"
DATED = "metadata.json"  # when it was saved, and by which version
ADDRESS = "shared_object_id"  # where an object lay in memory: equal ones are one object
CHUNK = 2**20
ID_LETTERS = 16  # short enough for a column of `dvc metrics show`
ENCODER = "encoder"  # the layer by which people's texts and rows become what a network takes


def content_hash(configuration: Mapping[str, Any], checkpoint: IO[bytes]) -> str:
    """Return the hexadecimal SHA-256 of a configuration and of the members of a `.keras` file.

    The order of keys and members, their dates and metadata.json do not count, nor do the addresses
    in config.json. The file only needs `read` and `seek`; a mebibyte of it is in memory at a time.

    Raises:
        ValueError: it is not a complete `.keras` file.
    """
    digest = hashlib.sha256(_canonical(configuration))
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            for member in _members(archive):
                _add(digest, archive, member)
    except (EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"it is not an intact .keras file ({error})") from None
    return digest.hexdigest()


def weights_id(checkpoint: Path) -> str:
    """Return what `weights` in metrics.json says: of which weights the numbers are.

    Raises:
        ValueError: it is not a complete `.keras` file.
    """
    with checkpoint.open("rb") as file:
        return content_hash({}, file)[:ID_LETTERS]


def has_encoder(checkpoint: IO[bytes]) -> bool:
    """Say whether a `.keras` file begins with an encoder, which its exports lack.

    Raises:
        ValueError: it is not a complete `.keras` file.
    """
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            layers = json.loads(archive.read(ARCHITECTURE))["config"].get("layers", [])
        return any(layer["config"].get("name") == ENCODER for layer in layers)
    except (KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"it is not an intact .keras file ({error})") from None


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return all that Keras would read, by name."""
    members = {member.filename: member for member in archive.infolist()}
    for name in (ARCHITECTURE, WEIGHTS):
        if name not in members:
            raise ValueError(f"it is not a .keras file: there is no {name} in it")
    if len(members) < len(archive.infolist()):
        raise ValueError("it is not a .keras file: it holds a member twice")
    return [members[name] for name in sorted(members) if name != DATED]


def _add(digest: "hashlib._Hash", archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Hash a member: its name and length, so that nothing can move to the next one, then it."""
    name = member.filename
    if name == ARCHITECTURE:
        content = _architecture(archive.read(member))
        digest.update(_canonical([name, len(content)]) + content)
        return
    digest.update(_canonical([name, member.file_size]))
    with archive.open(member) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)


def _architecture(text: bytes) -> bytes:
    """Return config.json with numbers in place of addresses, which differ in every process."""
    numbers: dict[object, int] = {}

    def numbered(section: dict[str, Any]) -> dict[str, Any]:
        if ADDRESS in section:
            section[ADDRESS] = numbers.setdefault(section[ADDRESS], len(numbers))
        return section

    try:
        return _canonical(json.loads(text, object_hook=numbered))
    except ValueError:
        raise ValueError(f"it is not a .keras file: its {ARCHITECTURE} is not JSON") from None


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()

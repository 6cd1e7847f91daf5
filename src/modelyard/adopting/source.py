"""What was named to be adopted, and where it will lie in the project."""

from pathlib import Path

from modelyard.config.data_section import ImageData, SharedData
from modelyard.errors import UserError

from .kinds import Source

RAW = Path("data/raw")


def source_of(named: Path, old: SharedData) -> Source:
    """Return where a folder, or a file, lies now, and where it will.

    A file of a folder in data/raw is adopted with that folder; any other is copied to a new one.

    Raises:
        UserError: it is not there, or not data alone.
    """
    if named.is_file():
        folder = named.parent
        inside = folder.resolve().is_relative_to((Path.cwd() / RAW).resolve())
        if inside and folder.resolve() != (Path.cwd() / RAW).resolve():
            return Source(folder, _root(folder, old), named.name)
        return Source(folder, _new(named, named.stem), named.name)
    if not named.is_dir():
        what = "images" if isinstance(old, ImageData) else f"{old.NOUN}s, or a file of them"
        raise UserError(f"{named} is not a folder; name one with {what}.")
    if not named.resolve().is_relative_to(Path.cwd()):
        return Source(named, _new(named, named.resolve().name))
    return Source(named, _root(named, old))


def _new(named: Path, name: str) -> Path:
    """Return a new folder of raw data.

    Raises:
        UserError: it is there already.
    """
    root = RAW / name
    if root.exists():
        raise UserError(
            f"{named} would be copied to {root}, which exists; remove that, or adopt it."
        )
    return root


def _root(folder: Path, old: SharedData) -> Path:
    """Return the path of a folder in the project.

    Raises:
        UserError: it is not one of its own.
    """
    root = folder.resolve().relative_to(Path.cwd())
    for other in (Path("models"), Path("src"), old.processed, old.root):
        inside = other.is_relative_to(root) or root.is_relative_to(other)
        if inside and root != old.root:
            raise UserError(f"{folder} and {other} overlap; name a folder that is data alone.")
    return root

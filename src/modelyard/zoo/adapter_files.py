"""The files of the adapter that an entry of the zoo names: one file, or a folder of them."""

from pathlib import Path

from modelyard.config.models import ADAPTER
from modelyard.errors import UserError, did_you_mean

from .entries import Entry, adapter_folders
from .rendering import FILES


def adapter_files(entry_name: str, entry: Entry) -> dict[str, bytes]:
    """Return what an entry's adapter brings, by its path in the model's folder; often nothing.

    Raises:
        UserError: there is no such adapter, or it brings what the entry itself makes.
    """
    if entry.adapter is None:
        return {}
    path = next((path for path in _candidates(entry.adapter) if path.exists()), None)
    if path is None:
        known = sorted(set(_known()))
        raise UserError(
            f"The entry {entry_name!r} names the adapter {entry.adapter!r}, but "
            f"src/models/adapters has no such {'folder' if _is_folder(entry) else 'file'}"
            f"{did_you_mean(entry.adapter, known)}; write it there, or name one of "
            f"{', '.join(known) or 'none'}."
        )
    if not _is_folder(entry):
        return {ADAPTER: path.read_bytes()}
    folder = path.parent
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and not is_cached(file))
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
    if both := sorted({*FILES} & {*found}):
        raise UserError(
            f"The entry {entry_name!r} makes {both[0]} itself, but {folder / both[0]} would take "
            "its place; give that file another name."
        )
    return found


def is_cached(file: Path) -> bool:
    """Say whether a file was left by a tool: Python's bytecode, an editor's or a system's own."""
    return file.suffix == ".pyc" or "__pycache__" in file.parts or file.name.startswith(".")


def _is_folder(entry: Entry) -> bool:
    return str(entry.adapter).endswith("/")


def _candidates(adapter: str) -> list[Path]:
    """Return where an adapter may lie; a folder is known by its adapter.py."""
    name = f"{adapter}{ADAPTER}" if adapter.endswith("/") else adapter
    return [folder / name for folder in adapter_folders()]


def _known() -> list[str]:
    files = [file.name for one in adapter_folders() for file in one.glob("[a-z]*.py")]
    return files + [f"{file.parent.name}/" for one in adapter_folders()
                    for file in one.glob(f"[a-z]*/{ADAPTER}")]  # fmt: skip

"""Files: read them with clear errors, write them whole or not at all."""

import csv
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .disk import sync
from .errors import UserError
from .faults import PARTIAL, named
from .strict_yaml import parse_yaml

__all__ = [
    "PARTIAL", "parse_yaml", "read_csv", "read_json", "read_mapping", "read_yaml", "sha256",
    "sha256_of_all", "whole_file", "whole_folder", "write_csv", "write_json", "write_yaml",
]  # fmt: skip


@contextmanager
def whole_file(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` only if the block succeeds.

    A `durable` file survives a power cut as soon as the block has ended.
    """
    temporary = path.with_name(PARTIAL + path.name)  # Keras chooses its format by the suffix
    with named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            if durable:
                sync(temporary)
            temporary.replace(path)
            if durable:
                sync(path.parent)
        finally:
            with suppress(OSError):  # what failed before says why
                temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; it replaces `path` only if the block succeeds."""
    temporary, past = (path.with_name(f"{PARTIAL}{mark}{path.name}") for mark in ("", "past-"))
    for left in (temporary, past):  # by a killed run
        shutil.rmtree(left, ignore_errors=True)
    with named(path):
        temporary.mkdir(parents=True)
        try:
            yield temporary
            _replace_folder(path, temporary, past)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(past, ignore_errors=True)


def _replace_folder(path: Path, new: Path, past: Path) -> None:
    """Put a folder in the place of another one, which stays if that fails."""
    if not path.exists():
        new.rename(path)
        return
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path.rename(past)
    try:
        new.rename(path)
    except OSError:
        past.rename(path)
        raise


def read_yaml(path: Path, remedy: str = "") -> Any:
    """Read one YAML 1.2 document, as DVC does: `1e-05` is a number, `yes` a string.

    `remedy` says what makes it again where a stage wrote it.
    """
    try:
        with named(path):
            return parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = remedy or "restore it or name another file"
        raise UserError(f"{path} does not exist; {what}.") from None
    except ValueError as error:
        end = f"; {remedy}" if remedy else ""
        raise UserError(f"{path} is not valid YAML: {error}{end}.") from None


def write_yaml(path: Path, document: Mapping[str, Any], comment: str = "") -> None:
    """Write a mapping as block YAML, in its own order, below an optional comment line."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096  # DVC re-wraps long lines; one value stays on one line
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        if comment:
            file.write(f"# {comment}\n")
        yaml.dump(dict(document), file)


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote."""
    try:
        with named(path):
            return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes it.") from None
    except (ValueError, RecursionError) as error:  # of JSON or of UTF-8, or nested too deep
        raise UserError(f"{path} is not valid JSON ({error}); delete it and `dvc repro`.") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON file that an earlier stage wrote, whose document is a mapping."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a mapping of names to values; delete it and `dvc repro`.")
    return document


def write_json(path: Path, document: Mapping[str, Any], *, durable: bool = False) -> None:
    """Write a mapping as indented JSON, in its own order."""
    with whole_file(path, durable=durable) as temporary:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def write_csv(
    path: Path, rows: Iterable[Mapping[str, object]], columns: Sequence[str] | None = None
) -> None:
    """Write rows with equal keys as CSV, each as it comes; the header is `columns`, or its keys."""
    rows = iter(rows)
    first = [] if columns else [next(rows)]
    header = list(columns or first[0])
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(first)
        writer.writerows(rows)


def read_csv(
    path: Path, columns: Sequence[str] = (), count: int | None = None
) -> list[dict[str, str]]:
    """Read a CSV with a header that an earlier stage wrote.

    Raises:
        UserError: it is missing, not text, lacks one of the columns, ends within a row, or has
            another number of rows than `count`.
    """
    try:
        with named(path), path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            found, rows = reader.fieldnames or (), list(reader)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes it.") from None
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path} is not a table ({error}); delete it and `dvc repro`.") from None
    if missing := [name for name in columns if name not in found]:
        raise UserError(f"{path} has no column {missing[0]!r}; delete it and `dvc repro`.")
    if count is not None and len(rows) != count:
        raise UserError(f"{path} has {len(rows)} rows, not {count}; delete it and `dvc repro`.")
    broken = [row for row, cells in enumerate(rows, 1) if None in cells or None in cells.values()]
    if broken or not found:
        where = f"row {broken[0]} has other cells than its header" if broken else "it is empty"
        raise UserError(f"{path} is damaged ({where}); delete it and `dvc repro`.")
    return rows


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with named(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a folder by name; all cores hash."""
    files = sorted(folder.iterdir())
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing releases Python's lock
        return dict(zip((file.name for file in files), pool.map(sha256, files), strict=True))

"""Files: read them with clear errors, write them whole or not at all."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .errors import UserError

PARTIAL = ".partial-"
DEEPEST = 100  # values within values of a YAML file


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(PARTIAL + path.name)  # Keras chooses its format by the suffix
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; it replaces `path` only if the block succeeds."""
    temporary = path.with_name(PARTIAL + path.name)
    shutil.rmtree(temporary, ignore_errors=True)  # left by a killed run
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_yaml(path: Path) -> Any:
    """Read one YAML 1.2 document, as DVC does: `1e-05` is a number, `yes` a string."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; restore it or name another file.") from None
    except ValueError as error:
        raise UserError(f"{path} is not valid YAML: {error}.") from None


def parse_yaml(text: str) -> Any:
    """Return the document of a text, see `read_yaml`.

    Raises:
        ValueError: it is not YAML, or holds what no configuration can: the reason, on one line.
    """
    try:
        document = YAML(typ="safe").load(text)
        _check_values(document, set())
    except RecursionError:
        raise ValueError("a value holds itself, or is nested too deep") from None
    except OverflowError:
        raise ValueError("a number is too large, it has more than 308 digits") from None
    except Exception as error:  # what cannot be constructed raises errors of many kinds
        raise ValueError(" ".join(str(error).split())) from None
    return document


def _check_values(value: Any, checked: set[int], depth: int = 0) -> None:
    """Raise RecursionError at a value that holds itself, OverflowError at what is beyond floats."""
    if isinstance(value, int):
        float(value)
    if not isinstance(value, dict | list) or id(value) in checked:
        return  # aliases put one value in many places
    if depth == DEEPEST:
        raise RecursionError
    for inner in value.values() if isinstance(value, dict) else value:
        _check_values(inner, checked, depth + 1)
    checked.add(id(value))


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
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes it.") from None
    except (ValueError, RecursionError) as error:  # of JSON or of UTF-8, or nested too deep
        raise UserError(f"{path} is not valid JSON ({error}); delete it and `dvc repro`.") from None


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a mapping as indented JSON, in its own order."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def write_csv(
    path: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str] | None = None
) -> None:
    """Write rows with equal keys as CSV; the header is `columns`, or the first row's keys."""
    header = list(columns or rows[0])
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV with a header that an earlier stage wrote."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Read annotations: a CSV with the header `path,class`, one image a row."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..utils.utils import UserError

HEADER = ["path", "class"]


@dataclass(frozen=True)
class Example:
    """One annotated image; `path` is relative to the data's root."""

    path: str
    label: str


def read_csv(root: Path, name: str) -> list[Example]:
    """Read and check every row before any image is opened.

    Raises:
        UserError: missing file, wrong header, empty cell, repeated or missing images.
    """
    file = root / name
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.reader(stream))
    except FileNotFoundError:
        raise UserError(
            f"{file} does not exist; correct data.root and data.annotations in config.yaml, "
            "or `dvc pull` the data."
        ) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{file} is no CSV in UTF-8: {error}.") from None
    if not rows or rows[0] != HEADER:
        found = ",".join(rows[0]) if rows else "nothing"
        raise UserError(f"{file}: the first line must be {','.join(HEADER)}, found {found!r}.")
    examples = [_example(file, number, row) for number, row in enumerate(rows[1:], 2) if row]
    if not examples:
        raise UserError(f"{file} lists no image below its header; add rows `path,class`.")
    _check_unique(file, examples)
    _check_exist(file, root, examples)
    return examples


def _example(file: Path, number: int, row: list[str]) -> Example:
    if len(row) != len(HEADER):
        raise UserError(f"{file}, line {number}: {len(row)} cells, expected path,class.")
    path, label = (cell.strip() for cell in row)
    for name, cell in zip(HEADER, (path, label), strict=True):
        if not cell:
            raise UserError(f"{file}, line {number}: {name} is empty; fill it or drop the line.")
    return Example(path, label)


def _check_unique(file: Path, examples: list[Example]) -> None:
    counts = Counter(example.path for example in examples)
    repeated = [path for path, count in counts.items() if count > 1]
    if repeated:
        raise UserError(
            f"{file} names {len(repeated)} images more than once, first {_first(repeated)}; "
            "an image in two splits would falsify the test."
        )


def _check_exist(file: Path, root: Path, examples: list[Example]) -> None:
    missing = [example.path for example in examples if not (root / example.path).is_file()]
    if missing:
        raise UserError(
            f"{file} names {len(missing)} images that are not in {root}, first "
            f"{_first(missing)}; add them, or drop their lines."
        )


def _first(paths: list[str]) -> str:
    return ", ".join(paths[:3])

"""Texts in a table: a row of a CSV, or a line of JSON, is one."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from modelyard.config.text_section import TextData
from modelyard.data.annotations.listing import Bad, Listing
from modelyard.data.annotations.named import to_split
from modelyard.data.spool import Example
from modelyard.data.targets import BETWEEN
from modelyard.errors import UserError, did_you_mean

from .reading import NotTextError, check_root, cleaned, lines_of, problem

LONGEST = 10**9  # characters of a cell; what is larger than a text may be is left out, not refused
SHOWN = 60  # characters of a value in a message
SPLIT = "split"  # a column of this name is one, without being asked for

Row = tuple[int, Mapping[Any, Any] | str]
"""Its line, and its cells by name or position; or what is wrong with it."""


def listed(config: TextData) -> Listing:
    """Return what errors name, nothing is counted yet.

    Raises:
        UserError: the file is missing.
    """
    check_root(config.root)
    file = config.root / str(config.file)
    if not file.is_file():
        raise UserError(
            f"{file} is not a file; correct data.root and data.file in config.yaml, or "
            "`dvc pull` the data."
        )
    return Listing(file, entries=0)


def examples(config: TextData, listing: Listing) -> Iterator[Example]:
    """Yield the text of each row; what cannot be used is counted and noted.

    Raises:
        UserError: the file is not text, no table, or lacks a column.
    """
    rows = csv_rows if config.format == "csv" else json_rows
    try:
        for line, cells in rows(listing.file, config):
            listing.entries += 1
            where = f"line {line}"
            try:
                if isinstance(cells, str):
                    raise ValueError(cells)
                yield _example(config, cells, f"{config.file}, {where}")
            except ValueError as error:
                listing.bad.append(Bad(where, str(error)))
    except NotTextError as error:
        raise UserError(f"{listing.file}, {error}.") from None


def columns_of(config: TextData) -> dict[str, Any]:
    """Return the columns by what they mean, as the configuration names them, or by its words."""
    target = "labels" if "labels" in config.columns else "class"
    found = {key: config.columns.get(key, key) for key in ("text", target)}  # type: ignore[call-overload]
    others = {"split": config.split_column, "group": config.group_column}
    return found | {key: one for key, one in others.items() if one is not None}


def csv_rows(file: Path, config: TextData) -> Iterator[Row]:
    """Yield the rows of a CSV that are not empty.

    Raises:
        NotTextError: a line is not in the encoding.
        UserError: it is not a CSV, or its header lacks a column.
    """
    # An error's traceback would keep the file open.
    with closing(lines_of(file, config.encoding)) as lines:
        yield from _csv_rows(file, config, lines)


def _csv_rows(file: Path, config: TextData, lines: Iterator[str]) -> Iterator[Row]:
    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines, delimiter=config.delimiter, strict=True)
    columns, header, start = columns_of(config), None, 1
    by_position = any(isinstance(one, int) for one in columns.values())
    try:
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not any(cells) or (line == 1 and cells[0].lower().startswith("sep=")):
                continue
            if header is None:
                header = [*range(1, len(cells) + 1)] if by_position else [*map(str.strip, cells)]
                check_columns(file, config, header)
                if not by_position:
                    continue
            if len(cells) != len(header):
                yield line, f"it has {len(cells)} cells, expected {len(header)}"
            else:
                yield line, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UserError(
            f"{file}, line {start}: not a CSV from here on ({error}); mend it, or data.delimiter "
            "in config.yaml."
        ) from None


def check_columns(file: Path, config: TextData, header: list[Any]) -> None:
    """Refuse a header that lacks a column, or has it twice.

    Raises:
        UserError: it is named.
    """
    for key, column in columns_of(config).items():
        if column not in header:
            names = ", ".join(map(repr, header[:20]))
            hint = did_you_mean(column, header) if isinstance(column, str) else ""
            raise UserError(
                f"{file} has no column {column!r}{hint}, only {names}; correct data.{_key(key)} in "
                "config.yaml, or data.delimiter."
            )
        if header.count(column) > 1:
            raise UserError(f"{file}: {header.count(column)} columns are called {column!r}.")


def json_rows(file: Path, config: TextData) -> Iterator[Row]:
    """Yield the objects of JSON lines; what is not one is bad.

    Raises:
        NotTextError: a line is not in the encoding.
    """
    for number, line in enumerate(lines_of(file, config.encoding), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"not valid JSON ({error})"
        else:
            yield number, found if isinstance(found, dict) else "not an object of JSON"


def _example(config: TextData, cells: Mapping[Any, Any], path: str) -> Example:
    columns = columns_of(config)
    for column in columns.values():
        if column not in cells:
            raise ValueError(f"it has no {column!r}")
    text = cells[columns["text"]]
    if not isinstance(text, str):
        raise ValueError(f"the text is {_short(text)}, not a text")
    text = cleaned(text)
    if why := problem(text):
        raise ValueError(why)
    group = cells[columns["group"]] if "group" in columns else None
    return Example(
        {"text": text},
        _target(columns, cells),
        path,
        to_split(cells.get(columns.get("split", SPLIT))),
        None if group in (None, "") else str(group),
    )


def _target(columns: Mapping[str, Any], cells: Mapping[Any, Any]) -> str | list[str]:
    if "class" in columns:
        return _label(cells[columns["class"]])
    found = cells[columns["labels"]]
    if isinstance(found, str):
        found = [one for one in found.split(BETWEEN) if one.strip()]
    if not isinstance(found, list):
        raise ValueError(f"labels is {_short(found)}, not a list")
    return [_label(one) for one in found]


def _label(value: Any) -> str:
    """Return the name of a class: text, or of JSON also a whole number or true and false."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int):
        return str(value).lower() if isinstance(value, bool) else str(value)
    raise ValueError("it has no class" if value in ("", None) else f"the class is {_short(value)}")


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _key(column: str) -> str:
    """Return the key of `data` that names a column."""
    return f"{column}_column" if column in ("split", "group") else f"columns.{column}"

"""Read a table row by row, never whole: CSV, TSV, or Parquet by the file's name."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from modelyard.errors import UserError

from .table import Row, Table

DELIMITERS = (";", "\t", "|", ",")
LONGEST_CELL = 2**20  # characters; a quotation mark that is never closed swallows the rest
PARQUET = (".parquet", ".pq")
TAB_SEPARATED = (".tsv", ".tab")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def open_table(file: Path, delimiter: str, encoding: str) -> Table:
    """Open a table; of a Parquet file neither delimiter nor encoding is used.

    Raises:
        UserError: it is missing, empty, cannot be read, or has a header that names a column twice
            or no column; reading its rows raises it, too.
    """
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "does not exist"
        raise UserError(
            f"{file} {what}; correct data.root and data.file in config.yaml, or `dvc pull` the "
            "data."
        )
    if file.suffix.lower() in PARQUET:
        from .parquet import open_parquet  # pyarrow, an extra

        table = open_parquet(file)
    else:
        delimiter = "\t" if file.suffix.lower() in TAB_SEPARATED else delimiter
        header = _header(file, delimiter, encoding)
        table = Table(file, header, lambda: _rows(file, delimiter, encoding, skip_header=True))
    _check_header(table, delimiter)
    return table


def _header(file: Path, delimiter: str, encoding: str) -> list[str]:
    first = next(_rows(file, delimiter, encoding, skip_header=False), None)
    if first is None:
        raise UserError(f"{file} is empty; add a header with the names of the columns, and rows.")
    return first[1]


def _rows(file: Path, delimiter: str, encoding: str, *, skip_header: bool) -> Iterator[Row]:
    """Yield the rows of a file in lines; each with the number of its last line."""
    previous = 0
    csv.field_size_limit(LONGEST_CELL)
    with _opened(file, encoding) as lines:
        reader = csv.reader(_without_nul(lines, file, encoding), delimiter=delimiter)
        try:
            for row in reader:
                cells = [cell.strip() for cell in row]
                first, previous = previous == 0, reader.line_num
                if first and cells and cells[0].lower().startswith("sep="):
                    previous = 0  # by which Excel tells itself the delimiter
                elif first and skip_header:
                    pass
                elif any(cells):
                    yield reader.line_num, cells
                elif first:
                    previous = 0  # an empty line above the header
        except UnicodeError as error:
            raise _not_text(file, encoding, error) from None
        except csv.Error as error:
            raise UserError(_broken(file, str(error), previous)) from None


def _opened(file: Path, encoding: str) -> TextIO:
    try:
        name = codecs.lookup(encoding).name
        return file.open(encoding="utf-8-sig" if name == "utf-8" else name, newline="")
    except LookupError:
        raise UserError(
            f"config.yaml: data.encoding is {encoding!r}, which is not a known encoding; write one "
            "such as utf-8, utf-16 or cp1252."
        ) from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None


def _without_nul(lines: TextIO, file: Path, encoding: str) -> Iterator[str]:
    """Yield lines; text with NUL in it is in another encoding."""
    for number, line in enumerate(lines, 1):
        if "\0" in line:
            raise UserError(
                f"{file}, line {number}: is not text in {encoding}, as it holds a NUL; set "
                "data.encoding in config.yaml to the one that it has, perhaps utf-16."
            )
        yield line


def _not_text(file: Path, encoding: str, error: UnicodeError) -> UserError:
    """Return the error that names the first line that is not in an encoding."""
    with file.open("rb") as raw:
        wide = raw.read(2) in UTF_16
        raw.seek(0)
        where = "" if wide or "16" in encoding or "32" in encoding else _line(raw, encoding)
    likely = "utf-16" if wide else "cp1252"
    why = getattr(error, "reason", str(error))
    return UserError(
        f"{file}{where} is not text in {encoding} ({why}); set data.encoding in config.yaml to the "
        f"one that the file has, perhaps {likely}."
    )


def _line(raw: Iterator[bytes], encoding: str) -> str:
    for number, line in enumerate(raw, 1):
        try:
            line.decode(encoding)
        except UnicodeError:
            return f", line {number},"
    return ""


def _broken(file: Path, error: str, line: int) -> str:
    if "field larger" in error:
        return (
            f"{file}: a cell after line {line} is longer than {LONGEST_CELL:,} characters; is a "
            'quotation mark (") there never closed? Close it, or write it twice inside a quoted '
            "cell."
        )
    return (
        f"{file}, after line {line}: cannot be read as a table: {error}; mend it, or correct "
        "data.delimiter in config.yaml."
    )


def _check_header(table: Table, delimiter: str) -> None:
    file, header = table.file, table.header
    named = [name for name in header if name]
    if all(map(_is_value, named)):
        raise UserError(
            f"{file}: its first line, {delimiter.join(header)!r}, holds values; put a line with "
            "the names of the columns above it."
        )
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise UserError(f"{file}: {named.count(twice)} columns are called {twice!r}; rename them.")
    if len(header) == 1 and file.suffix.lower() not in PARQUET:
        other = next((one for one in DELIMITERS if one in header[0] and one != delimiter), None)
        if other:
            shown = '"\\t"' if other == "\t" else f"'{other}'"
            raise UserError(
                f"{file}: its first line, {header[0]!r}, is one column; set data.delimiter in "
                f"config.yaml, perhaps to {shown}."
            )


def _is_value(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

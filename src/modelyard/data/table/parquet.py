"""Read a Parquet file in batches, its cells as the text that a CSV would hold."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from modelyard.errors import UserError

from .table import Row, Table

BATCH = 4096  # rows in memory at once


def open_parquet(file: Path) -> Table:
    """Open a Parquet file; its schema says what is a number, a text, a date, true or false.

    Raises:
        UserError: pyarrow is not installed, the file is not Parquet, or a column holds lists or
            other nested values.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UserError(
            f"{file} is Parquet, which needs pyarrow; add tables to the extras of modelyard in "
            "requirements.txt, such as modelyard[serve,tables,train], then run "
            "`uv lock && uv sync`."
        ) from None
    try:
        schema = parquet.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"{file} cannot be read as Parquet: {str(error).splitlines()[0]}."
        ) from None
    return Table(file, list(schema.names), lambda: _rows(file), _types(file, schema), "row")


def _types(file: Path, schema: Any) -> dict[str, str]:
    from pyarrow import types

    kinds = {
        "boolean": (types.is_boolean,),
        "number": (types.is_integer, types.is_floating, types.is_decimal),
        "date": (types.is_date, types.is_timestamp),
        "text": (types.is_string, types.is_large_string, types.is_dictionary),
    }
    found = {}
    for field in schema:
        kind = next((k for k, tests in kinds.items() if any(t(field.type) for t in tests)), None)
        if kind is None and not types.is_null(field.type):
            raise UserError(
                f"{file}: the column {field.name!r} holds {field.type}, which is not a number, a "
                "text, a date, or true or false; write it as one of these, or leave it out of the "
                "file."
            )
        found[field.name] = kind or "text"
    return found


def _rows(file: Path) -> Iterator[Row]:
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(file) as opened:
            for batch in opened.iter_batches(BATCH):
                columns = [[_text(value) for value in one.to_pylist()] for one in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    if any(cells):
                        yield number, list(cells)
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"{file}, after row {number}: cannot be read as Parquet: {str(error).splitlines()[0]}."
        ) from None


def _text(value: Any) -> str:
    """Return a cell as text: an empty one for null and NaN, dates as 2024-12-31 or with a time."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime) and (shift := value.utcoffset()) is not None:
        value = (value - shift).replace(tzinfo=None)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()

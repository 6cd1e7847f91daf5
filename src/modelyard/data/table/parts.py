"""The table of a project: one file, or a file for each split."""

from collections.abc import Iterator

from modelyard.config.table_section import TableData
from modelyard.errors import UserError

from .reading import open_table
from .table import Row, Table


def open_data(config: TableData) -> Table:
    """Open the table that config.yaml names; files of splits are one table with `parts`.

    Raises:
        UserError: a file cannot be opened, or has other columns than the first one.
    """
    if isinstance(config.file, str):
        return open_table(config.root / config.file, config.delimiter, config.encoding)
    parts = {
        split: open_table(config.root / file, config.delimiter, config.encoding)
        for split, file in config.file.items()
    }
    first, *others = parts.values()
    for other in others:
        _check_alike(first, other)

    def rows() -> Iterator[Row]:
        for part in parts.values():
            yield from part.rows()

    return Table(config.root, first.header, rows, first.types, first.unit, parts)


def _check_alike(first: Table, other: Table) -> None:
    if first.header != other.header:
        odd = [one for one in first.header if one not in other.header]
        odd += [one for one in other.header if one not in first.header]
        what = f"{', '.join(odd[:3])}, in one of them alone" if odd else "the same in another order"
        raise UserError(
            f"{other.file} and {first.file} have other columns: {what}; the files of splits that "
            "data.file in config.yaml names must have the same ones."
        )
    types = [one for one in first.header if first.types.get(one) != other.types.get(one)]
    if types or first.unit != other.unit:
        named = types[0] if types else first.header[0]
        raise UserError(
            f"{other.file} and {first.file} have other types of the column {named!r}; write both "
            "alike."
        )

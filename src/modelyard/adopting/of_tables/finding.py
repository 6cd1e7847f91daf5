"""Which table of a folder is meant, and what its first rows look like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelyard.adopting.kinds import Source
from modelyard.adopting.others import has_nothing, meant_for
from modelyard.data.looking.tables import Table, read_rows, spread
from modelyard.data.looking.tree import Tree, by_split, split_of
from modelyard.data.table.reading import PARQUET
from modelyard.errors import UserError

SUFFIXES = (".csv", ".tsv", ".tab", *PARQUET)
MOST_NAMED = 5


@dataclass(frozen=True)
class Found:
    """The table that is meant.

    Attributes:
        file: relative to the folder; of several files one for each split.
        table: its first rows.
        words: what it is, for people.
        notes: what else they should know, a sentence each.
    """

    file: str | dict[str, str]
    table: Table
    words: str
    notes: list[str] = field(default_factory=list)

    @property
    def first(self) -> str:
        """The file, or the first of several."""
        return self.file if isinstance(self.file, str) else next(iter(self.file.values()))


def find_table(source: Source, wanted: Mapping[str, Any]) -> Found:
    """Return the table that was named, else the one that training rows are in.

    Raises:
        UserError: there is none, or it is of images.
    """
    asked = wanted.get("file", source.file)
    if asked:
        files = [*asked.values()] if isinstance(asked, dict) else [str(asked)]
        first = first_rows(source.folder / files[0], wanted)
        if first is None:
            raise UserError(_no_table(source.folder / files[0]))
        return Found(asked, first, f"a table, {', '.join(files)}")
    tree = Tree(source.folder)
    tables = {file: one for file, one in _tables(tree, wanted) if one is not None}
    if not tables and (files := tree.with_suffix(*SUFFIXES)):
        raise UserError(_no_table(tree.root / files[0]))
    if not tables:
        raise UserError(has_nothing(tree, "table (CSV, TSV or Parquet)", "tabular"))
    for file, one in tables.items():
        if tree.images and any(map(one.names_images, range(len(one.columns)))):
            raise UserError(meant_for(tree.root / file, "tabular", "image_classification"))
    return _chosen(tree, tables)


def _no_table(file: Path) -> str:
    return f"{file} is empty, or not a table; save it as CSV, TSV or Parquet."


def first_rows(file: Path, wanted: Mapping[str, Any]) -> Table | None:
    """Return the first rows of a table; None if it is not one.

    Raises:
        UserError: it is Parquet that cannot be read.
    """
    if not file.is_file():
        raise UserError(f"{file} is not a file; name a table.")
    if file.suffix.lower() in PARQUET:
        return _first_of_parquet(file)
    found = read_rows(file, wanted)
    if found is None:
        return None
    header, *rows = found.rows
    columns = [[row[at] for row in rows] for at in range(len(header))]
    return Table(found.encoding, found.delimiter, header, columns)


def _first_of_parquet(file: Path) -> Table:
    from modelyard.data.table.parquet import open_parquet

    table = open_parquet(file)
    rows = spread(cells for _, cells in table.rows())
    columns = [[row[at] for row in rows] for at in range(len(table.header))]
    return Table("utf-8", ",", table.header, columns)


def _tables(tree: Tree, wanted: Mapping[str, Any]) -> Iterator[tuple[str, Table | None]]:
    for file in tree.with_suffix(*SUFFIXES):
        yield file, first_rows(tree.root / file, wanted)


def _chosen(tree: Tree, tables: dict[str, Table]) -> Found:
    """Return the file of training rows, else the largest; with others of its columns by split."""
    sizes = {file: (tree.root / file).stat().st_size for file in tables}
    main = max(tables, key=lambda file: (split_of(file) == "train", sizes[file]))
    alike = [file for file in tables if _alike(tables[file], tables[main])]
    splits = by_split(alike) if len(alike) > 1 else None
    used = [main]
    if splits and "train" in splits and all(len(files) == 1 for files in splits.values()):
        used = [files[0] for files in splits.values()]
    notes = []
    for file in [one for one in tables if one not in used][:MOST_NAMED]:
        why = "the same columns" if file in alike else f"other columns than {main}"
        notes.append(f"not used: {file}, which has {why}")
    place: str | dict[str, str] = main
    if splits and len(used) > 1:
        place = {split: files[0] for split, files in splits.items()}
    words = f"a table for each split: {', '.join(used)}" if len(used) > 1 else f"a table, {main}"
    return Found(place, tables[main], words, notes)


def _alike(one: Table, other: Table) -> bool:
    return one.header == other.header and (one.delimiter, one.encoding) == (
        other.delimiter,
        other.encoding,
    )

"""The `prepare` stage for a table: rows to arrays, and what training rows say of the columns."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config.data_section import Split
from modelyard.config.table_section import TableData
from modelyard.data.annotations.listing import Listing
from modelyard.data.examples import CHUNK, Contents, write_examples
from modelyard.data.grouping import Indices
from modelyard.data.left_out import judge_left_out
from modelyard.data.manifest import ArraySpec, Specs
from modelyard.data.rows import Rows
from modelyard.data.spool import Example
from modelyard.errors import UserError
from modelyard.files import read_json, write_json

from .columns import input_specs
from .described import described
from .fitting import COLUMNS_NAME, Fitted, document, fit, width
from .inference import Decided, decide, look
from .parts import open_data
from .rows import Reader
from .shown import capped, lines
from .suspicious import suspicions

MOST_REPEATED = 0.5  # of the rows; of more, equal rows are not one row twice


def prepare_data(config: TableData, *, dry_run: bool = False) -> dict[Split, int]:
    """Write arrays of numbers, categories and targets, columns.json, and the manifest.

    The table is read twice, row by row: to decide the columns' types, then to write the arrays.

    Returns:
        The number of examples by split. A dry run decides the types, and reads every row.

    Raises:
        UserError: a table, a column or a row that cannot be used.
    """
    table = open_data(config)
    sights, entries = look(table, config)
    if not entries:
        raise UserError(f"{table.file} has no row below its header; add some.")
    decided = decide(table, config, sights)
    for line in lines(decided):
        print(line)
    reader = Reader(table, config, decided)
    preparing = _Preparing(config, reader, entries)
    if dry_run:
        for _ in preparing.examples():
            pass
        return {}
    return write_examples(config, preparing.examples(), preparing.contents())


class _Preparing:
    """What is noted while the rows are read, and needed once they are divided."""

    def __init__(self, config: TableData, reader: Reader, entries: int) -> None:
        self.config, self.reader, self.entries = config, reader, entries
        self.decided: Decided = reader.decided
        self.targets: list[float] = []
        self.classes: dict[str, int] = {}
        self.settings: dict[str, Any] = {}

    def examples(self) -> Iterator[Example]:
        """Yield the usable rows, then judge how many are not."""
        for example in self.reader.examples():
            known = example.target
            if isinstance(known, str):
                known = self.classes.setdefault(known, len(self.classes))
            self.targets.append(float(known))  # type: ignore[arg-type]
            yield example
        table = self.reader.table
        judge_left_out(self.config, Listing(table.file, self.entries, bad=self.reader.bad))

    def contents(self) -> Contents:
        """Describe the examples."""
        return Contents(
            inputs=input_specs(self.decided.columns),
            kind="table",
            settings=self.settings,  # filled by `fit`
            encoded=_encoded,
            file=self.reader.table.file,
            content=_told_apart,
            fit=self.fit,
        )

    def fit(self, folder: Path, rows: Mapping[str, Rows], indices: Indices) -> None:
        """Learn of the training rows, say what is odd about them, and write columns.json."""
        config, columns, train = self.config, self.decided.columns, indices["train"]
        fitted = fit(columns, _batches(rows, train))
        found = document(columns, fitted, config.max_categories)
        self._warn(fitted, rows, train)
        write_json(folder / COLUMNS_NAME, found)
        self.settings |= described(config, found, fitted)

    def _warn(self, fitted: Fitted, rows: Mapping[str, Rows], train: Sequence[int]) -> None:
        number = self.decided.is_number
        target = np.array([self.targets[at] for at in train], np.float64 if number else np.int64)
        numbers = rows["numbers"][np.array(train)] if "numbers" in rows else np.zeros((0, 0))
        columns = self.decided.columns
        for said in suspicions(columns, fitted, numbers, target, is_number=number):
            print(f"warning: {said}", file=sys.stderr)
        for said in capped(columns, fitted, self.config.max_categories):
            print(f"note: {said}", file=sys.stderr)


def _told_apart(content: Sequence[bytes]) -> Sequence[bytes]:
    """Return what equal rows are known by; in a table of few values they are not one row twice."""
    repeated = len(content) - len(set(content))
    if repeated <= len(content) * MOST_REPEATED:
        return content
    print(
        f"note: {repeated:,} of {len(content):,} rows repeat an earlier one; in a table of so few "
        "values equal rows are divided by splits as any others."
    )
    return [str(position).encode() for position in range(len(content))]


def _encoded(folder: Path) -> Specs:
    entries = read_json(folder / COLUMNS_NAME)["columns"]
    return {"features": ArraySpec(shape=(sum(map(width, entries)),), dtype="float32")}


def _batches(rows: Mapping[str, Rows], positions: Sequence[int]) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(positions), CHUNK):
        some = np.array(positions[start : start + CHUNK])
        yield {name: found[some] for name, found in rows.items()}

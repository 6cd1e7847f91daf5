"""Rows of a table as examples; what is wrong with a row is noted, and the row left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from modelyard.config.data_section import Split
from modelyard.config.table_section import TableData
from modelyard.data.annotations.listing import Bad
from modelyard.data.annotations.named import to_split
from modelyard.data.spool import Example

from .inference import Decided
from .table import Table
from .values import to_number


@dataclass
class Reader:
    """Turns rows into examples.

    Attributes:
        bad: what is wrong with the rows that are left out.
    """

    table: Table
    config: TableData
    decided: Decided
    bad: list[Bad] = field(default_factory=list)

    def examples(self) -> Iterator[Example]:
        """Yield an example for each row that can be used."""
        if not self.table.parts:
            yield from self._of_part(self.table, None)
        for split, part in self.table.parts.items():
            yield from self._of_part(part, split)

    def _of_part(self, table: Table, split: Split | None) -> Iterator[Example]:
        header, name = table.header, table.file.name
        for number, cells in table.rows():
            where = f"{table.unit} {number}"
            path = f"{name}, {where}"
            try:
                if len(cells) != len(header):
                    raise ValueError(f"{len(cells)} cells, expected {len(header)}")
                yield self._example(path, dict(zip(header, cells, strict=True)), split)
            except ValueError as error:
                self.bad.append(Bad(path if split else where, str(error)))

    def _example(self, path: str, cells: dict[str, str], given: Split | None) -> Example:
        inputs = self.decided.columns.inputs(cells)
        split, group = self.config.split_column, self.config.group_column
        return Example(
            arrays(inputs),
            self._target(cells[self.config.target]),
            path,
            to_split(cells[split]) if split else given,
            (cells[group] or None) if group else None,
        )

    def _target(self, cell: str) -> str | float:
        name = self.config.target
        if cell == "" or cell in self.config.missing:
            raise ValueError(f"the target {name} is missing")
        if not self.decided.is_number:
            return cell
        try:
            return to_number(cell)
        except ValueError as error:
            raise ValueError(f"the target {name} is {cell!r}, {error}") from None


def arrays(inputs: dict[str, list[float] | list[str]]) -> dict[str, np.ndarray]:
    """Return a row as the saved model takes it: float64 (n,) and texts (m,)."""
    dtypes = {"numbers": np.float64, "categories": object}
    return {name: np.array(values, dtypes[name]) for name, values in inputs.items()}

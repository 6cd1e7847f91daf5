"""Rows of a table: a CSV, TSV, JSONL or Parquet file of them, or a JSON object of columns."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from modelyard.data.manifest import Manifest, Specs
from modelyard.data.table.columns import Columns, input_specs, named
from modelyard.data.table.fitting import COLUMNS_NAME
from modelyard.data.table.reading import PARQUET, open_table
from modelyard.errors import UserError
from modelyard.files import read_json

from . import Found, Given, Kind
from .bodies import check_keys, json_object
from .found import find_files, shown
from .rows import ROWS, Row, read_rows
from .schemas import column_schema, object_schema
from .table_cells import Described, in_json, text_of_cell

if TYPE_CHECKING:
    import keras

SUFFIXES = {*ROWS, *PARQUET}
FEW = 3  # columns in an example of a request


class Table(Kind):
    """The columns of a table that a model was trained on."""

    NAME: ClassVar[str] = "row"
    MANY: ClassVar[str] = "rows"
    BATCH: ClassVar[str] = (
        "rows: float64 (batch, numbers) and texts as bytes (batch, categories), by these names "
        "where there are both"
    )
    PLACES: ClassVar[str] = ".csv, .tsv, .jsonl or .parquet files, or folders of them"
    MEDIA: ClassVar[tuple[str, ...]] = ("application/json",)

    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        """Take the columns with their types, and the inputs."""
        known = Described.model_validate(dict(settings))
        self.known, self.columns = known, Columns.from_document(known.model_dump())
        self.inputs = inputs or input_specs(self.columns)
        self.required = {one.name for one in known.columns if one.required}
        self._choices = {
            one.name: {*one.choices} for one in known.columns if len(one.choices) == one.known > 0
        }
        examples = [f'"{one.name}": {in_json(one.example)}' for one in known.columns[:FEW]]
        more = ", …" if len(known.columns) > FEW else ""
        self.HOW = (
            "send a JSON object of the columns with the Content-Type application/json, such as "
            f"{{{', '.join(examples)}{more}}}"
        )

    def described(self) -> dict[str, Any]:
        """Return the columns with type, format, whether one must be there, choices, an example."""
        return {"kind": "table", **self.known.document()}

    def takes(self) -> str:
        """Say how many columns of which types there are."""
        kinds = Counter(one.type for one in self.known.columns)
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        return f"rows of {len(self.known.columns)} columns ({said})"

    def encoder(self, manifest: Manifest, folder: Path) -> "keras.Model":
        """Return the model from numbers and categories to features float32 (batch, k)."""
        from modelyard.tasks.table_encoder import table_encoder  # Keras

        del manifest
        return table_encoder(read_json(folder / COLUMNS_NAME)["columns"])

    def find(self, paths: Sequence[Path]) -> Found:
        """Return the files named, and the tables below the folders named."""
        return find_files(paths, _not_a_table, self.PLACES)

    def read(self, found: Found) -> Iterator[Given]:
        """Yield every row that can be read; tell of each file what of it is not used."""
        for file in found.files:
            unknown: Counter[str] = Counter()
            for number, cells in self._checked(file, found):
                try:
                    given = Given(self._values(cells), {"path": shown(file), "row": number})
                except ValueError as error:
                    found.skip(f"{file}, row {number}: {error}.")
                    continue
                unknown.update(self.unknown(given))
                yield given
            for name, count in unknown.items():
                rows = f"{count} rows" if count > 1 else "1 row"
                found.note(f"{file}: in {rows} {name} is a category that was not learned.")

    def decode(self, body: bytes, media: str) -> Given:
        """Return the row that a JSON object of columns is; null is missing."""
        del media
        cells = json_object(body, self.HOW)
        names = [one.name for one in self.columns.all]
        check_keys(cells, [name for name in names if name in self.required], names, self.HOW)
        try:
            return Given(self._values(cells))
        except ValueError as error:
            raise UserError(f"{error}: {self.HOW}.") from None

    def schema(self) -> dict[str, Any]:
        """Return an object of the columns; those that may be missing need not be there."""
        columns, missing = self.known.columns, self.known.missing
        found = {one.name: column_schema(one, missing) for one in columns}
        return object_schema(found, [one.name for one in columns if one.required])

    def told_schema(self) -> dict[str, Any]:
        """Return what `told` may say."""
        return {"unknown": {"type": "array", "items": {"type": "string"}}}

    def told(self, given: Given) -> dict[str, Any]:
        """Return the columns with a value that the model does not know, if there are any."""
        unknown = self.unknown(given)
        return {"unknown": unknown} if unknown else {}

    def unknown(self, given: Given) -> list[str]:
        """Return the columns with a category that was not learned."""
        pairs = zip(self.columns.categories, given.values.get("categories", []), strict=True)
        return [
            column.name
            for column, value in pairs
            if value and value not in self._choices.get(column.name, {value})
        ]

    def _checked(self, file: Path, found: Found) -> Iterator[Row]:
        """Yield the rows of a file that has the columns; skip it where one is missing."""
        by_row = file.suffix.lower() == ".jsonl"  # each object may have other keys
        for place, (number, cells) in enumerate(self._rows(file, found)):
            lacking = [one.name for one in self.columns.all if one.name not in cells]
            if place == 0 and not by_row:
                if needed := [name for name in lacking if name in self.required]:
                    found.skip(f"{file} lacks the column{_s(needed)} {named(needed)}.")
                    return
                self._tell(file, lacking, cells, found)
            yield number, cells

    def _tell(self, file: Path, lacking: list[str], cells: Mapping[str, Any], found: Found) -> None:
        if lacking:
            said = "taken as missing, which it was in training rows, too"
            found.note(f"{file} lacks {named(lacking)}, {said}.")
        names = {one.name for one in self.columns.all} | {self.known.target}
        if extra := [name for name in cells if name not in names]:
            found.note(f"{file}: the column{_s(extra)} {named(extra)} {_are(extra)} not used.")

    def _rows(self, file: Path, found: Found) -> Iterator[Row]:
        if file.suffix.lower() not in PARQUET:
            delimiter = self.known.delimiter if file.suffix.lower() == ".csv" else None
            yield from read_rows(file, found, delimiter, _with_mark(self.known.encoding))
            return
        try:
            table = open_table(file, ",", "utf-8")
            for number, cells in table.rows():
                yield number, dict(zip(table.header, cells, strict=True))
        except UserError as error:
            found.skip(error)

    def _values(self, cells: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return a row as the saved model takes it.

        Raises:
            ValueError: a cell cannot be read, or is missing, the end of a sentence.
        """
        texts = {one.name: text_of_cell(one, cells.get(one.name)) for one in self.columns.all}
        for name, text in texts.items():
            if name in self.required and (text == "" or text in self.columns.missing):
                raise ValueError(f"{name} is missing, which it was in no training row")
        found = self.columns.inputs(texts)
        dtypes = {"numbers": np.float64, "categories": object}
        return {name: np.array(values, dtypes[name]) for name, values in found.items()}


KIND = Table


def _with_mark(encoding: str) -> str:
    """Return the encoding that also takes a byte order mark, where that is UTF-8."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""


def _are(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _not_a_table(file: Path) -> str | None:
    """Say what a file is that is left out; None if it holds rows."""
    suffix = file.suffix.lower()
    return None if suffix in SUFFIXES else suffix or "without suffix"

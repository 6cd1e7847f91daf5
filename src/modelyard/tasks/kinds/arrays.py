"""Arrays: whatever named inputs a team prepares itself, such as a spectrogram and its metadata."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from modelyard.data.manifest import ArraySpec, Specs
from modelyard.errors import UserError

from . import Found, Given, Kind
from .bodies import check_keys, json_object
from .cells import array_of, cell_value, value_of, wanted
from .found import find_files, shown
from .rows import ROWS, read_rows
from .schemas import array_schema, object_schema

SUFFIXES = {".npz", *ROWS}


class _Described(BaseModel):
    """What `described` returns."""

    inputs: dict[str, ArraySpec] = Field(min_length=1)


class Arrays(Kind):
    """Named arrays and texts, as the manifest describes them."""

    NAME: ClassVar[str] = "example"
    MANY: ClassVar[str] = "examples"
    BATCH: ClassVar[str] = "examples: an array (batch, …), or several by the names of the inputs"
    PLACES: ClassVar[str] = ".npy, .npz, .csv or .jsonl files, or folders of them"
    MEDIA: ClassVar[tuple[str, ...]] = ("application/json",)

    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        """Take the inputs, or those in the settings."""
        self.inputs = inputs or _Described.model_validate(dict(settings)).inputs
        keys = ", ".join(f"{name} ({wanted(spec)})" for name, spec in self.inputs.items())
        self.HOW = (
            "send a JSON object with the Content-Type application/json and "
            f"the key{'s' if len(self.inputs) > 1 else ''} {keys}"
        )

    def described(self) -> dict[str, Any]:
        """Return the inputs by name."""
        inputs = {name: spec.model_dump(mode="json") for name, spec in self.inputs.items()}
        return {"kind": "arrays", "inputs": inputs}

    def find(self, paths: Sequence[Path]) -> Found:
        """Return the files named, and those below the folders named that have a known suffix."""
        return find_files(paths, self._odd, self.PLACES)

    def read(self, found: Found) -> Iterator[Given]:
        """Yield the example of each .npy and .npz file, and of each row of the other files."""
        for file in found.files:
            where = {"path": shown(file), "row": ""}
            if file.suffix.lower() in ROWS:
                yield from self._rows(file, found)
                continue
            try:
                yield Given(self._values(array_of(file)), where)
            except UserError as error:
                found.skip(f"{file}: {str(error).removeprefix(f'{file} ')}.")

    def decode(self, body: bytes, media: str) -> Given:
        """Return what a JSON object has by the inputs' names."""
        del media
        raw = json_object(body, self.HOW)
        check_keys(raw, self.inputs, self.inputs, self.HOW)
        try:
            return Given(
                {name: value_of(name, raw[name], one) for name, one in self.inputs.items()}
            )
        except UserError as error:
            raise UserError(f"{error}: {self.HOW}.") from None

    def schema(self) -> dict[str, Any]:
        """Return an object of the inputs by name."""
        found = {name: array_schema(spec) for name, spec in self.inputs.items()}
        return object_schema(found, [*found])

    def _odd(self, file: Path) -> str | None:
        """Say what a file is that is left out; None if it holds examples."""
        suffix = file.suffix.lower()
        if suffix in SUFFIXES or (suffix == ".npy" and len(self.inputs) == 1):
            return None  # of several inputs an .npy is one, which a row may name
        return suffix or "without suffix"

    def _rows(self, file: Path, found: Found) -> Iterator[Given]:
        for row, cells in read_rows(file, found):
            try:
                values = {
                    name: cell_value(name, _cell(cells, name), spec, file.parent)
                    for name, spec in self.inputs.items()
                }
            except UserError as error:
                found.skip(f"{file}, row {row}: {str(error).rstrip('.')}.")
            else:
                yield Given(values, {"path": shown(file), "row": row})

    def _values(self, loaded: Any) -> dict[str, Any]:
        """Return the inputs that a file holds: one array, or several by name."""
        if not isinstance(loaded, dict):
            if len(self.inputs) > 1:
                names = ", ".join(self.inputs)
                raise UserError(
                    f"it holds one array; {names} are needed, by these names in an .npz"
                )
            loaded = {next(iter(self.inputs)): loaded}
        if missing := [name for name in self.inputs if name not in loaded]:
            raise UserError(f"it lacks the array {missing[0]!r}; it has {', '.join(loaded)}")
        return {name: value_of(name, loaded[name], spec) for name, spec in self.inputs.items()}


KIND = Arrays


def _cell(cells: Mapping[str, Any], name: str) -> Any:
    if name not in cells:
        raise UserError(f"it lacks the column {name!r}; it has {', '.join(cells)}")
    return cells[name]

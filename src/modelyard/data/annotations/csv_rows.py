"""A row of a CSV of annotations: an object of an image, or what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from modelyard.config.annotation_section import Split, Target

from .csv_columns import CORNERS, Columns
from .csv_targets import Labels, value_of
from .exact import add, is_number, parse_number
from .listing import Box, Listed, Listing, Object
from .named import to_split
from .places import Place, PlaceError, Places


@dataclass
class RowReader:
    """Adds rows of a file to a listing.

    Attributes:
        split: of the file; None: it does not say.
        target: what the last cell of `columns.used` is.
        labels: divides that cell where it holds several classes.
        known: places that were looked for already.
    """

    listing: Listing
    places: Places
    named: Callable[[str], str]
    columns: Columns
    split: Split | None
    delimiter: str
    target: Target = "class"
    labels: Labels = field(default_factory=Labels)
    known: dict[tuple[str, Split | None], Place | PlaceError] = field(default_factory=dict)

    def add(self, where: str, cells: list[str]) -> None:
        """Add a row, or what of it is bad."""
        path = None
        try:
            self._check_width(cells)
            values = [cells[position] for _, position in self.columns.used]
            if not values[0]:
                raise ValueError(f"{self.columns.used[0][0]} is empty")
            place = self._place(values[0], self._given(cells))
            path = place.path
            objects = self._objects(values)
            listed = self._listed(where, place, cells)
        except (ValueError, PlaceError) as error:
            self.listing.spoil(path, where, str(error))
            return
        listed.objects += ((where, one) for one in objects)

    def _check_width(self, cells: list[str]) -> None:
        columns = self.columns
        if columns.header and len(cells) != len(columns.header):
            header = self.delimiter.join(columns.header)
            raise ValueError(f"{len(cells)} cells, expected {header}")
        if len(cells) < columns.width:
            raise ValueError(f"{len(cells)} cells, expected {columns.width}")

    def _given(self, cells: list[str]) -> Split | None:
        """Return the split that the file is of, or that the row names."""
        position = self.columns.split
        split = None if position is None else to_split(cells[position])
        if split and self.split and split != self.split:
            raise ValueError(f"split is {cells[position or 0]!r} in the file of {self.split}")
        return split or self.split

    def _place(self, written: str, split: Split | None) -> Place:
        """Return the image's place; a hundred rows of one image look for it once."""
        if (written, split) not in self.known:
            try:
                self.known[written, split] = self.places.place(written, split)
            except PlaceError as error:
                self.known[written, split] = error
        found = self.known[written, split]
        if isinstance(found, PlaceError):
            raise found
        return found._replace(split=split or found.split)

    def _objects(self, values: list[str]) -> list[Object]:
        """Return what the row shows, which may be nothing."""
        rest = values[1:]
        if self.columns.box and not any(rest):
            return []
        if self.target == "labels":
            return [Object(self.named(label), None) for label in self.labels.of(rest[-1])]
        for (name, _), value in zip(self.columns.used, values, strict=True):
            if not value:
                raise ValueError(f"{name} is empty")
        if self.target == "value":
            return [Object(rest[-1], None, value=value_of(self.columns.used[-1][0], rest[-1]))]
        return [Object(self.named(rest[-1]), self._box(rest[:-1]) if self.columns.box else None)]

    def _box(self, cells: list[str]) -> Box:
        used = self.columns.used[1:-1]
        first, second, third, fourth = (
            _number(name, cell) for (name, _), cell in zip(used, cells, strict=True)
        )
        if self.columns.box == CORNERS:
            return first, second, third, fourth
        return first, second, add(first, third), add(second, fourth)

    def _listed(self, where: str, place: Place, cells: list[str]) -> Listed:
        """Return the image; an earlier row of it may name another split or group."""
        group = None if self.columns.group is None else cells[self.columns.group] or None
        listed = self.listing.images.get(place.path)
        if listed is None:
            listed = Listed(where, split=place.split, group=group, missing=place.missing)
            self.listing.images[place.path] = listed
        for kind, here, there in (
            ("split", place.split, listed.split),
            ("group", group, listed.group),
        ):
            if here != there:
                raise ValueError(
                    f"{kind} is {here or ''!r}, but {there or ''!r} for {place.path} on "
                    f"{listed.where}"
                )
        return listed


def _number(name: str, cell: str) -> float:
    try:
        number = parse_number(cell)
    except ValueError as error:
        raise ValueError(f"{name} is {cell!r}, {error}") from None
    if not is_number(number):
        raise ValueError(f"{name} is {cell!r}, which is not a number of pixels")
    return number

"""The two layouts of a CSV of annotations: an image a row, or an object a row.

A last column `split` may say for both where an image belongs: train, validation or test.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from modelyard.config.data_section import SPLITS
from modelyard.errors import UserError
from modelyard.files import write_csv

from .exact import is_number, parse_number
from .listing import Box, Example, Listed, Listing, Object, missing, split_problem

CLASSES = ("path", "class")
BOXES = ("path", "x1", "y1", "x2", "y2", "class")  # pixels; all empty: the image shows nothing
SPLIT = ("split",)

Layout = tuple[str, ...]


def read_layout(file: Path, *layouts: Layout) -> Listing:
    """Read a CSV whose header is one of the layouts (default: any), before any image is opened.

    Rows of the same path are objects of one image. Spaces around cells do not count.

    Raises:
        UserError: no such file, no CSV, another header, no row, or an image of two classes.
    """
    rows = _rows(file)
    header = tuple(rows[0][1]) if rows else ()
    layouts = layouts or (CLASSES, BOXES)
    if header not in {*layouts, *(layout + SPLIT for layout in layouts)}:
        allowed = " or ".join(",".join(layout) for layout in layouts)
        raise UserError(
            f"{file}: the first line must be {allowed}, found {','.join(header) or 'nothing'!r}; "
            "a last column split may follow."
        )
    listing = Listing(file, entries=len(rows) - 1)
    for number, cells in rows[1:]:
        _add(listing, header, f"line {number}", [cell.strip() for cell in cells])
    if not listing.entries:
        raise UserError(f"{file} lists no image below its header; add rows `{','.join(header)}`.")
    if header[: len(CLASSES)] == CLASSES:
        _check_unique(listing)
    return listing


def write_layout(file: Path, examples: Iterable[Example]) -> None:
    """Write the layout that holds the examples: with boxes unless every image has but a class."""
    pairs = [(example, one) for example in examples for one in example.objects or (None,)]
    layout = CLASSES if all(one and one.box is None for _, one in pairs) else BOXES
    columns = layout + SPLIT if any(example.split for example, _ in pairs) else layout
    rows = []
    for example, one in pairs:
        row = dict.fromkeys(columns, "") | {"path": example.path, "class": one.label if one else ""}
        if one and one.box:
            row |= dict(zip(BOXES[1:-1], map(str, one.box), strict=True))
        if example.split:
            row["split"] = example.split
        rows.append(row)
    write_csv(file, rows, columns)


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of every line that is not empty, with its number."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            return [(reader.line_num, row) for row in reader if row]
    except FileNotFoundError:
        raise missing(file) from None
    except (csv.Error, OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is no CSV in UTF-8: {error}.") from None


def _add(listing: Listing, header: Layout, where: str, cells: list[str]) -> None:
    """Add a row to the listing, or to what of it is bad."""
    width = len(header) - (header[-1:] == SPLIT)
    layout, path, split = header[:width], cells[0], "".join(cells[width:])
    if len(cells) == len(header):
        cells = cells[:width]
        problem = _problem(layout, cells) or _split_problem(listing, path, split)
    else:
        problem = f"{len(cells)} cells, expected {','.join(header)}"
    if problem:
        listing.spoil(path, where, problem)
        return
    given = next((one for one in SPLITS if one == split), None)
    listed = listing.images.setdefault(path, Listed(where, split=given))
    if layout == CLASSES:
        listed.objects.append((where, Object(cells[1], None)))
    elif any(cells[1:]):
        listed.objects.append((where, Object(cells[-1], _box(cells[1:-1]))))


def _problem(layout: Layout, cells: list[str]) -> str:
    empty = [name for name, cell in zip(layout, cells, strict=True) if not cell]
    if empty and (layout == CLASSES or empty != list(BOXES[1:])):
        return f"{empty[0]} is empty"
    if layout == BOXES and not empty:
        for name, cell in zip(BOXES[1:-1], cells[1:-1], strict=True):
            if not _is_number(cell):
                return f"{name} is {cell!r}, which is not a number"
    return ""


def _split_problem(listing: Listing, path: str, split: str) -> str:
    """Say why an image cannot be in a split: an earlier row of it may name another."""
    listed = listing.images.get(path)
    if listed is None or listed.split == (split or None):
        return split_problem(split)
    return f"split is {split!r}, but {listed.split or ''!r} for {path} on {listed.where}"


def _is_number(cell: str) -> bool:
    try:
        return is_number(parse_number(cell))
    except ValueError:
        return False


def _box(cells: list[str]) -> Box:
    x1, y1, x2, y2 = map(parse_number, cells)
    return x1, y1, x2, y2


def _check_unique(listing: Listing) -> None:
    repeated = [path for path, listed in listing.images.items() if len(listed.objects) > 1]
    if repeated:
        raise UserError(
            f"{listing.file} names {len(repeated)} images more than once, first "
            f"{', '.join(repeated[:3])}; an image in two splits would falsify the test."
        )

"""A CSV of annotations: one row per image, or one per object, in columns of any names."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from modelyard.config.annotation_section import AnnotationSource
from modelyard.errors import UserError
from modelyard.files import write_csv

from .csv_columns import CORNERS, find_columns
from .csv_rows import RowReader
from .csv_targets import Labels
from .listing import Example, Listing
from .named import class_namer
from .places import Places
from .source_files import SourceFile, listed_in, read_text, source_files

CLASSES = ("path", "class")
BOXES = ("path", *CORNERS, "class")  # pixels; all empty: the image shows nothing
SPLIT, GROUP = ("split",), ("group",)

Row = tuple[str, list[str]]  # where, cells


def read(source: AnnotationSource) -> Listing:
    """Read a CSV, or one per split, before any image is opened.

    Rows of the same path are objects of one image. Spaces around cells do not count, and rows of
    empty cells are none.

    Raises:
        UserError: no such file, no CSV, a header without what is needed, or no row.
    """
    listing = Listing(listed_in(source), entries=0)
    places, named = Places(source), class_namer(source)
    labels = Labels(source.label_delimiter)
    for file in source_files(source):
        rows = _rows(source, file)
        columns = find_columns(source, file.path, rows[0][1])
        if columns.header:
            del rows[0]
        if not rows:
            raise UserError(
                f"{file.path} lists no image below its header; add rows "
                f"`{source.delimiter.join(columns.header)}`."
            )
        listing.entries += len(rows)
        reader = RowReader(
            listing, places, named, columns, file.split, source.delimiter, source.target, labels
        )
        for where, cells in rows:
            reader.add(where, cells)
    labels.check(listing.file)
    return listing


def write_layout(file: Path, examples: Iterable[Example]) -> None:
    """Write the layout that holds the examples: with boxes unless every image has but a class."""
    pairs = [(example, one) for example in examples for one in example.objects or (None,)]
    layout = CLASSES if all(one and one.box is None for _, one in pairs) else BOXES
    columns = layout + SPLIT if any(example.split for example, _ in pairs) else layout
    columns += GROUP if any(example.group for example, _ in pairs) else ()
    rows = []
    for example, one in pairs:
        row = dict.fromkeys(columns, "") | {"path": example.path, "class": one.label if one else ""}
        if one and one.box:
            row |= dict(zip(BOXES[1:-1], map(str, one.box), strict=True))
        if example.split:
            row["split"] = example.split
        if example.group:
            row["group"] = example.group
        rows.append(row)
    write_csv(file, rows, columns)


def _rows(source: AnnotationSource, file: SourceFile) -> list[Row]:
    """Return the cells of every line that is not empty, with its number; at least one."""
    text = read_text(source, file.path)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter)
        rows = [
            (f"{file.prefix}line {reader.line_num}", cells)
            for row in reader
            if any(cells := [cell.strip() for cell in row])
        ]
    except (csv.Error, TypeError, ValueError) as error:
        raise UserError(
            f"{file.path} cannot be read as a CSV: {error}; mend it, or data.delimiter in "
            "config.yaml."
        ) from None
    if rows and rows[0][1][0].lower().startswith("sep="):
        del rows[0]  # by which Excel tells itself the delimiter
    if not rows:
        raise UserError(f"{file.path} is empty; add a header, such as path,class, and rows.")
    if any("\n" in cell for cell in rows[-1][1]):
        _check_closed(source, file, text, rows)
    return rows


def _check_closed(source: AnnotationSource, file: SourceFile, text: str, rows: list[Row]) -> None:
    """Refuse a quotation mark that swallows all lines to the end of the file."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end" in str(error):
            after = f" after {rows[-2][0]}" if len(rows) > 1 else ""
            raise UserError(
                f'{file.path}: a quotation mark (")'
                f"{after} is never closed; close it, or write it twice inside a quoted cell."
            ) from None

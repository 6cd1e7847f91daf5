"""Which column of a table says what: by what its cells lead to, then by what it is called."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from modelyard.errors import UserError

from .found import Found
from .tables import Table, read_table
from .tree import SPLIT_WORDS, Tree, by_split, merged, sample

MOST_TEXTS = 20
LEAST_FOUND = 0.5  # the share of a path column's cells that must lead to an image
LABELS = ("class", "label", "category", "target", "species", "breed", "name", "diagnosis", "y")
SEVERAL = ("labels", "tags", "classes", "categories", "attributes")
SPLITS = ("split", "set", "subset", "partition", "fold")
BETWEEN = ";|,"  # several classes in one cell
GROUPS = ("group", "patient", "subject", "scene", "video", "sequence", "session", "person", "site")
CORNERS = {
    "x1": ("x1", "xmin", "x_min", "left"), "y1": ("y1", "ymin", "y_min", "top"),
    "x2": ("x2", "xmax", "x_max", "right"), "y2": ("y2", "ymax", "y_max", "bottom"),
}  # fmt: skip
SIZES = {
    "x": ("x", "bbox_x", "box_x", *CORNERS["x1"]), "y": ("y", "bbox_y", "box_y", *CORNERS["y1"]),
    "width": ("w", "bbox_w", "box_w", "bbox_width", "box_width", "width"),
    "height": ("h", "bbox_h", "box_h", "bbox_height", "box_height", "height"),
}  # fmt: skip


Keys = dict[str, Any]


def find_tables(tree: Tree) -> Iterator[Found]:
    """Yield what tables say that name images which are here."""
    files = tree.with_suffix(".csv", ".tsv")
    texts = tree.with_suffix(".txt")
    files += texts if len(texts) <= MOST_TEXTS else []  # of more, each is of an image
    seen = {file: _described(tree, file) for file in files}
    found = {file: one for file, one in seen.items() if one is not None}
    splits = by_split(found) if len(found) > 1 else None
    if splits and all(len(files) == 1 for files in splits.values()):
        places = {split: files[0] for split, files in splits.items()}
        described = [found[file] for file in places.values()]
        if all(_form(one) == _form(described[0]) for one in described):
            images = merged({split: found[file].keys["images"] for split, file in places.items()})
            keys = described[0].keys | {"annotations": places, "images": images}
            yield Found(keys, f"tables {', '.join(places.values())}", shows=described[0].shows)
            return
    yield from sorted(found.values(), key=lambda one: -one.rows)


def _form(found: Found) -> Keys:
    """Return what files that are read as one must have in common."""
    return {key: value for key, value in found.keys.items() if key not in ("annotations", "images")}


def _described(tree: Tree, file: str) -> Found | None:
    table = read_table(tree.root / file)
    path, images = _path(tree, file, table) if table else (None, ".")
    if table is None or path is None:
        return None
    rest = [one for one in range(len(table.columns)) if one != path]
    boxes, split, group = _boxes(table, rest), split_column(table, rest), group_column(table, rest)
    rest = [one for one in rest if one not in {*boxes.values(), split, group}]
    several, between = (None, "") if boxes else several_column(table, rest)
    labels = label_columns(table, rest) if several is None else [several]
    if not labels:
        return None
    target = "class" if several is None else "labels"
    roles = {"path": path, **({target: labels[0]} if len(labels) == 1 else {}), **boxes}
    columns = {role: table.name(column) for role, column in roles.items()}
    keys: Keys = {
        "annotation_type": "csv",
        "images": images,
        "annotations": file,
        "columns": {role: name for role, name in columns.items() if role != name},
        "delimiter": table.delimiter,
        "encoding": table.encoding,
    }
    keys |= {"label_delimiter": between} if between else {}
    notes = []
    if table.header and split is not None:
        keys["split_column"] = table.name(split)
    if table.header and group is not None:
        keys["group_column"] = table.name(group)
        notes = [f"rows of one {table.name(group)} are kept in one split (data.group_column)"]
    classes = [str(table.name(one)) for one in labels]
    words = f"a table, {file}; {columns['path']} is the image, {classes[0]} its {target}"
    shows = "boxes" if boxes else "class"
    open_ = classes if len(classes) > 1 else []
    return Found(keys, words, notes, shows, open_, rows=len(table.columns[path]))


def _path(tree: Tree, file: str, table: Table) -> tuple[int | None, str]:
    """Return the column whose cells lead to images, and the folder that they start from.

    Raises:
        UserError: a column names images, and most of them are not here.
    """
    near = str(PurePosixPath(file).parent)
    columns = range(len(table.columns))
    places = [tree.place(filter(None, table.columns[one]), near) for one in columns]
    path = max(columns, key=lambda one: (places[one][1], table.names_images(one)))
    if places[path][1] >= LEAST_FOUND:
        return path, places[path][0]
    for column in columns:
        if table.names_images(column):
            here = [
                one for one in sample(table.columns[column]) if not tree.has(places[column][0], one)
            ]
            raise UserError(
                f"{tree.root / file} names images, and most of them are not in {tree.root}, first "
                f"{', '.join(here[:3])}; correct the paths, or bring the images."
            )
    return None, "."


def _named(table: Table, columns: list[int], names: tuple[str, ...]) -> int | None:
    """Return the column of the first of the names that a header is, then that one contains."""
    headers = {column: table.header[column].lower() for column in columns} if table.header else {}
    for name in names:
        for column, header in headers.items():
            if header == name:
                return column
    for name in names:
        for column, header in headers.items():
            if len(name) > 1 and name in header:
                return column
    return None


def _boxes(table: Table, columns: list[int]) -> dict[str, int]:
    """Return the columns of a box; none if there is none."""
    for roles in (CORNERS, SIZES):
        exact = {role: exactly_named(table, columns, names) for role, names in roles.items()}
        found = {role: column for role, column in exact.items() if column is not None}
        if len(found) == len(roles):
            return found
    numbers = [
        one for one in columns if table.columns[one] and all(map(_is_number, table.columns[one]))
    ]
    if not table.header and len(numbers) == len(CORNERS):
        return dict(zip(CORNERS, numbers, strict=True))
    return {}


def exactly_named(table: Table, columns: list[int], names: Sequence[str]) -> int | None:
    """Return the column of the first of the names that a header is, whatever its capitals."""
    headers = {table.header[column].lower(): column for column in columns} if table.header else {}
    return next((headers[name] for name in names if name in headers), None)


def split_column(table: Table, columns: list[int]) -> int | None:
    """Return the column whose cells are all names of splits: several, or it is named so."""
    for column in columns:
        cells = {cell.lower() for cell in table.columns[column] if cell}
        named = bool(table.header) and table.header[column].lower() in SPLITS
        if len(cells) > (not named) and cells <= SPLIT_WORDS.keys():
            return column
    return None


def group_column(table: Table, columns: list[int]) -> int | None:
    """Return the column that is named after what belongs together, and repeats."""
    column = _named(table, columns, GROUPS)
    if column is None:
        return None
    cells = table.columns[column]
    return column if 1 < len(set(cells)) < len(cells) else None


def label_columns(table: Table, columns: list[int]) -> list[int]:
    """Return the column of the class: by its name, else each of which values repeat."""
    counts = {one: (len(set(table.columns[one])), len(table.columns[one])) for one in columns}
    varying = [one for one, (few, _) in counts.items() if few > 1]
    repeating = [one for one in varying if counts[one][0] <= max(2, counts[one][1] / 2)]
    for among, names in ((repeating, LABELS), (varying, LABELS[:4])):
        named = _named(table, among, names)
        if named is not None:
            return [named]
    return repeating or (columns if len(columns) == 1 else [])


def several_column(table: Table, columns: list[int]) -> tuple[int | None, str]:
    """Return the column that is named after several classes and has such, and what divides them."""
    column = _named(table, columns, SEVERAL)
    if column is None:
        return None, ""
    cells = table.columns[column]
    found = {one: sum(one in cell for cell in cells) for one in BETWEEN}
    between = max(BETWEEN, key=lambda one: found[one])
    parts = Counter(part for cell in {*cells} for part in {*map(str.strip, cell.split(between))})
    shared = any(count > 1 for part, count in parts.items() if part)  # not "dog, small"
    return (column, between) if found[between] and shared else (None, "")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

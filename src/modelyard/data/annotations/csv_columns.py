"""Which columns of a CSV hold what: by the names in its header, or by position without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.config.annotation_section import AnnotationSource
from modelyard.errors import UserError

from .places import is_image

CORNERS = ("x1", "y1", "x2", "y2")
CORNER_AND_SIZE = ("x", "y", "width", "height")
SPLIT = "split"  # the column that is one even if no key says so, in any capitals
DELIMITERS = (";", "\t", "|", ",")


@dataclass(frozen=True)
class Columns:
    """Where cells of a row stand, counted from 0.

    Attributes:
        header: the cells of the first line; empty where that is a row.
        used: path, the box's four if there is one, what is learned (class, labels or value): name
            and position.
        box: which four numbers a box is; empty where there is none.
        split: the position of the split; None: there is none.
        group: the position of the group; None: there is none.
    """

    header: tuple[str, ...]
    used: tuple[tuple[str, int], ...]
    box: tuple[str, ...]
    split: int | None
    group: int | None

    @property
    def width(self) -> int:
        """How many cells a row has at least."""
        others = [position for position in (self.split, self.group) if position is not None]
        return len(self.header) or 1 + max(*(position for _, position in self.used), *others)


def find_columns(source: AnnotationSource, file: Path, first: Sequence[str]) -> Columns:
    """Return the columns of a CSV with this first line.

    Raises:
        UserError: one is missing, or there are two of its name.
    """
    named = [*source.columns.values(), source.split_column, source.group_column]
    if any(isinstance(one, int) for one in named):
        return _by_position(source, file, len(first))
    header = tuple(cell.strip() for cell in first)
    names = {key: str(source.columns.get(key, key)) for key in ("path", source.target)}
    box = next((keys for keys in (CORNERS, CORNER_AND_SIZE) if _has_box(source, header, keys)), ())
    names |= {key: str(source.columns.get(key, key)) for key in (*source.columns, *box)}
    others = [one for one in (source.split_column, source.group_column) if one]
    _check_header(source, file, header, [*names.values(), *map(str, others)])
    split = source.split_column or next((one for one in header if one.lower() == SPLIT), None)
    return Columns(
        header,
        tuple((names[key], header.index(names[key])) for key in ("path", *box, source.target)),
        box,
        header.index(str(split)) if split else None,
        header.index(str(source.group_column)) if source.group_column else None,
    )


def _has_box(source: AnnotationSource, header: Sequence[str], keys: Sequence[str]) -> bool:
    """Say whether a box is written so: as the configuration says, else as the header does."""
    if source.target != "class":
        return False
    if any(key in source.columns for key in (*CORNERS, *CORNER_AND_SIZE)):
        return any(key in source.columns for key in keys)
    return all(key in header for key in keys)


def _by_position(source: AnnotationSource, file: Path, width: int) -> Columns:
    positions = {key: int(one) - 1 for key, one in source.columns.items()}
    box = next((keys for keys in (CORNERS, CORNER_AND_SIZE) if {*keys} & {*positions}), ())
    needed = ("path", *box, source.target)
    if lacking := [key for key in needed if key not in positions]:
        raise UserError(
            f"config.yaml: data.columns gives no position for {', '.join(lacking)}; columns count "
            "from 1, such as {path: 1, class: 2}."
        )
    split, group = (
        int(one) - 1 if one else None for one in (source.split_column, source.group_column)
    )
    columns = Columns((), tuple((key, positions[key]) for key in needed), box, split, group)
    if columns.width > width:
        raise UserError(
            f"{file}: its first line has {width} columns, but config.yaml names column "
            f"{columns.width}; correct data.columns, split_column or group_column there, or set "
            "data.delimiter."
        )
    return columns


def _check_header(
    source: AnnotationSource, file: Path, header: Sequence[str], names: Sequence[str]
) -> None:
    if twice := [name for name in names if header.count(name) > 1]:
        raise UserError(
            f"{file}: {header.count(twice[0])} columns are called {twice[0]}; keep one."
        )
    lacking = [name for name in names if name not in header]
    if not lacking:
        return
    if len(header) == 1:
        for delimiter in DELIMITERS:
            if delimiter in header[0] and delimiter != source.delimiter:
                raise UserError(
                    f"{file}: its first line, {header[0]!r}, is one column; set data.delimiter in "
                    f"config.yaml, perhaps to {_in_yaml(delimiter)}."
                )
    if any(map(is_image, header)):
        raise UserError(
            f"{file}: its first line, {source.delimiter.join(header)!r}, names an image, so there "
            "is no header; give positions from 1 in data.columns of config.yaml, such as "
            "{path: 1, class: 2}."
        )
    raise UserError(
        f"{file} has no column {' or '.join(lacking)}, only {', '.join(header) or 'empty ones'}; "
        f"{_cure(source, lacking)}."
    )


def _cure(source: AnnotationSource, lacking: Sequence[str]) -> str:
    keys = [
        key
        for key, name in (
            ("split_column", source.split_column),
            ("group_column", source.group_column),
        )
        if name in lacking
    ]
    if keys:
        return f"correct data.{keys[0]} in config.yaml"
    return "say in data.columns of config.yaml which are which, such as {path: image, class: label}"


def _in_yaml(delimiter: str) -> str:
    return '"\\t"' if delimiter == "\t" else f"'{delimiter}'"

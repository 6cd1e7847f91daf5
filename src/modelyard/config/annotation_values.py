"""The kinds of values that say where annotations lie and how they are written, checked by hand.

Each value may be of two types; pydantic would report what is wrong with it as either, in two lines.
"""

import os
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from .section import unusable

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Target = Literal["class", "labels", "value"]
TARGETS: tuple[Target, ...] = ("class", "labels", "value")
Column = Literal[
    "path", "class", "labels", "value", "x1", "y1", "x2", "y2", "x", "y", "width", "height"
]
MOST_COLUMNS = 100_000
Text = Annotated[str, Field(min_length=1)]


def _place(value: Any) -> Any:
    """Refuse what is neither a path inside root, nor such a path for each of some splits."""
    if isinstance(value, dict) and value:
        return _places(value)
    _check_inside(value, "; or name one for each of train, validation and test")
    return value


def _places(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must give a path for each of train, validation and test, or some of them")
    for split, path in value.items():
        if split not in SPLITS:
            raise ValueError(f"{split!r} is not a split; write train, validation or test")
        _check_inside(path)
    return value


def _check_inside(path: Any, otherwise: str = "") -> None:
    if not isinstance(path, str) or not path:
        raise ValueError(f"must be a path relative to data.root, such as images{otherwise}")
    if problem := unusable(path):
        raise ValueError(f"the path {problem}")
    absolute = Path(path).is_absolute() or PureWindowsPath(path).is_absolute()
    if absolute or os.path.normpath(path).split(os.sep, 1)[0] == os.pardir:
        raise ValueError(
            f"the path {path} lies outside data.root, which DVC tracks as a whole, and DVC notices "
            "no change outside it; let data.root be a folder that holds everything, and write this "
            "path relative to it"
        )


def inside_root(value: Any) -> Any:
    """Return the path of one file inside `data.root`.

    Raises:
        ValueError: it is not one, the end of a sentence.
    """
    _check_inside(value)
    return value


def _column(value: Any) -> Any:
    """Refuse what is neither the name of a column nor its position."""
    named = isinstance(value, str) and value != ""
    placed = type(value) is int and 1 <= value <= MOST_COLUMNS
    if not named and not placed:
        raise ValueError("must be the name of a column, or in a file without a header its position")
    return value


def _columns(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("must give names of columns, such as {path: image, class: label}")
    for key in value:
        if key not in get_args(Column):
            raise ValueError(f"{key!r} is not known; allowed are {', '.join(get_args(Column))}")
    return value


def _class_names(value: Any) -> Any:
    """Let labels be numbers: YAML reads `0: cat` so, annotations say "0"."""
    if isinstance(value, dict):
        value = {str(key) if type(key) is int else key: name for key, name in value.items()}
    texts = [*value, *value.values()] if isinstance(value, dict) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) and one for one in texts):
        raise ValueError(
            "must be a list of the names of 0, 1, …, or give each label its name; put names that "
            "are numbers in quotes"
        )
    return value


def _delimiter(value: Any) -> Any:
    if value == "\\t":  # in YAML, only double quotes make it a tab
        return "\t"
    if not isinstance(value, str) or len(value) != 1 or value in '"\r\n' or value.isalnum():
        raise ValueError('must be one character such as ";", or "\\t" for a tab')
    return value


def _encoding(value: str) -> str:
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise ValueError("not an encoding that Python knows; write utf-8 or latin-1") from None
    return value


Places = Annotated[Text | dict[Split, Text], BeforeValidator(_place)]
BySplit = Annotated[dict[Split, Text], BeforeValidator(_places)]
ColumnName = Annotated[str | int, BeforeValidator(_column)]
Columns = Annotated[dict[Column, ColumnName], BeforeValidator(_columns)]
ClassNames = Annotated[list[Text] | dict[str, Text], BeforeValidator(_class_names)]
Encoding = Annotated[Text, AfterValidator(_encoding)]
Delimiter = Annotated[str, BeforeValidator(_delimiter)]

"""Write YOLO's text: a file per image, classes.txt, and lists of the splits' images."""

from decimal import Decimal
from pathlib import Path

from modelyard.data.annotations.listing import Object

from .content import Content, Size
from .one_per_image import LISTS, given_splits, label_paths, write_lists, write_text

NAMES = "classes.txt"


def write(target: Path, content: Content) -> None:
    """Write a line per object below a folder.

    Raises:
        UserError: two images would share a file.
    """
    lists = [LISTS[split] for split in given_splits(content.examples)]
    paths = label_paths(content.examples, ".txt", [NAMES, *lists])
    for example, path in zip(content.examples, paths, strict=True):
        lines = (
            _line(content.classes.index(one.label), one, content.size(example.path))
            for one in example.objects
        )
        write_text(target, path, "".join(lines))
    write_text(target, NAMES, "".join(f"{name}\n" for name in content.classes))
    write_lists(target, content.examples)


def _line(number: int, one: Object, size: Size) -> str:
    height, width = size
    if one.mask:
        shares = [value / (width, height)[at % 2] for at, value in enumerate(one.mask[0])]
    else:
        x1, y1, x2, y2 = map(float, one.box or ())
        shares = [
            (x1 + x2) / 2 / width,
            (y1 + y2) / 2 / height,
            (x2 - x1) / width,
            (y2 - y1) / height,
        ]
    return " ".join([str(number), *map(_text, shares)]) + "\n"


def _text(share: float) -> str:
    """Return a share without an exponent, which not every reader understands."""
    return format(Decimal(repr(share)), "f")

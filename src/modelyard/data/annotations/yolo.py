"""YOLO's text files: a line per object, its class by number, places as shares of the image.

`class cx cy w h` is a box, `class x1 y1 x2 y2 x3 y3 …` a polygon of three or more points (four
are an oriented box). An image without a file, or with an empty one, shows nothing.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable
from itertools import chain

from modelyard.config.annotation_section import AnnotationSource
from modelyard.errors import UserError

from .label_files import (
    LabelFile,
    Size,
    add_image,
    bounds,
    label_files,
    label_listing,
    measure,
    mirrored_name,
    read_label,
)
from .listing import Bad, Listing, Object
from .named import NUMBER, class_namer
from .places import Place, Places

BOX, TRIANGLE = 4, 6  # numbers behind the class
CONFIDENCE = 5  # numbers of a prediction
TOLERANCE = 1e-5  # how far rounding may lead out of the image
DIGITS = 6  # of a pixel: a millionth is beyond what a file of shares means
OTHERS = re.compile(r"(\w+_)?classes|train|val|valid|validation|test|readme.*", re.IGNORECASE)


def read(source: AnnotationSource) -> Listing:
    """Read the labels of every image; boxes become pixels of it, rounded to a millionth.

    Raises:
        UserError: a folder is missing, or the classes have no names.
    """
    name_of = _namer(source)
    listing, places = label_listing(source), Places(source)
    names = source.class_names
    listing.classes = sorted({*(names.values() if isinstance(names, dict) else names)})
    labels: dict[str, list[LabelFile]] = {}
    for file in label_files(source, ".txt"):
        labels.setdefault(file.name, []).append(file)
    used: dict[str, str] = {}
    for place in places.images():
        found = [
            file
            for file in labels.get(mirrored_name(source, place), [])
            if None in (file.split, place.split) or file.split == place.split
        ]
        listing.entries += 1
        if problem := _problem(place, found, used):
            listing.bad.append(Bad(place.path, problem))
        elif found:
            _add(source, listing, place, found[0], name_of)
        else:
            add_image(listing, place, place.path, split=None)
    if not listing.entries:
        raise UserError(f"{source.root} has no image in data.images; correct it in config.yaml.")
    _note_unused(source, listing, [*chain(*labels.values())], used)
    return listing


def pixel(share: float, side: int) -> float:
    """Return a share of a side in pixels; an int where it is whole."""
    number = round(share * side, DIGITS)
    return int(number) if number.is_integer() else number


def _namer(source: AnnotationSource) -> Callable[[str], str]:
    """Return what gives the name of a class by what a line begins with."""
    if not source.class_names:
        raise UserError(
            "data.class_names in config.yaml is empty; YOLO's labels are numbers: list the names "
            "in their order, as data.yaml (`names`), classes.txt or obj.names beside them has them."
        )
    named = class_namer(source)

    def name_of(word: str) -> str:
        number = NUMBER.fullmatch(word)
        if number is None:
            raise ValueError(f"class is {word!r}, expected a number: 0, 1, …")
        return named(str(int(number[1])))

    return name_of


def _problem(place: Place, found: list[LabelFile], used: dict[str, str]) -> str:
    """Say why an image cannot have the files that were found for it."""
    if len(found) > 1:
        return f"it has {len(found)} files of labels, {', '.join(one.path for one in found)}"
    if found and used.setdefault(found[0].path, place.path) != place.path:
        return f"{found[0].path} is the labels of {used[found[0].path]} too; rename one image"
    return ""


def _add(
    source: AnnotationSource,
    listing: Listing,
    place: Place,
    file: LabelFile,
    name_of: Callable[[str], str],
) -> None:
    content, size = read_label(source.root, file.path), measure(source, place.path)
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = text = "it is not text in UTF-8"
    if isinstance(content, str) or size is None:
        problem = f"{place.path} cannot be read as an image" if size is None else text
        listing.bad.append(Bad(file.path, problem))
        return
    if (listed := add_image(listing, place, file.path, size=size, split=file.split)) is None:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if words := line.split():
            listing.entries += 1
            where = f"{file.path}, line {number}"
            try:
                listed.objects.append((where, _object(words, size, name_of)))
            except ValueError as error:
                listing.spoil(place.path, where, str(error))


def _object(words: list[str], size: Size, name_of: Callable[[str], str]) -> Object:
    label = name_of(words[0])
    if len(words) - 1 == CONFIDENCE:
        raise ValueError(
            "it has 5 numbers behind the class, of which the last is the confidence of a "
            "prediction; take it away"
        )
    if len(words) - 1 != BOX and (len(words) - 1 < TRIANGLE or len(words) % 2 == 0):
        raise ValueError(
            f"it has {len(words) - 1} numbers behind the class; a box has 4, a polygon x and y "
            "of three points or more"
        )
    height, width = size
    shares = [_share(word) for word in words[1:]]
    if len(shares) > BOX:
        points = [pixel(one, (width, height)[at % 2]) for at, one in enumerate(shares)]
        return Object(label, bounds([points]), [points])
    cx, cy, w, h = shares
    return Object(
        label,
        (
            pixel(cx - w / 2, width),
            pixel(cy - h / 2, height),
            pixel(cx + w / 2, width),
            pixel(cy + h / 2, height),
        ),
    )


def _share(word: str) -> float:
    try:
        share = float(word.replace("_", "?"))
    except ValueError:
        raise ValueError(f"{word!r} is not a number") from None
    if not -TOLERANCE <= share <= 1 + TOLERANCE:
        cause = "it looks like pixels: divide by width or height" if share > 2 else "mend it"  # noqa: PLR2004
        raise ValueError(f"{word} is not a share of the image from 0 to 1; {cause}")
    return min(max(share, 0.0), 1.0)


def _note_unused(
    source: AnnotationSource, listing: Listing, files: list[LabelFile], used: dict[str, str]
) -> None:
    """Count every file of labels that has no image; lists of names are not labels."""
    lists = {*source.split_lists.values()}
    unused = [
        file
        for file in files
        if file.path not in used
        and file.path not in lists
        and not OTHERS.fullmatch(posixpath.basename(file.name))
    ]
    if not unused:
        return
    images = {_plain(mirrored_name(source, one)): one.path for one in Places(source).images()}
    for file in unused:
        other = images.get(_plain(file.name))
        nearly = f", but {other}: capitals or accents are written otherwise" if other else ""
        listing.entries += 1
        listing.bad.append(Bad(file.path, f"there is no image of its name{nearly}"))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

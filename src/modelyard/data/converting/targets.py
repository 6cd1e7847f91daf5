"""What a conversion writes: which format, where, read back, and the keys of `data` for it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Example, read_listing
from modelyard.data.annotations.coco import to_coco, write_coco
from modelyard.data.annotations.csv_layouts import write_layout
from modelyard.data.annotations.places import Places
from modelyard.data.suffixes import IMAGE_SUFFIXES
from modelyard.errors import UserError
from modelyard.files import whole_file, whole_folder

from . import to_folders, to_labelme, to_via, to_voc, to_yolo
from .content import FORMATS, Content, Described, below_one_root, content_of
from .one_per_image import LISTS, given_splits

FILES = {"csv": ".csv", "coco": ".json", "via": ".json"}
PER_IMAGE = {"yolo": {".txt"}, "voc": {".xml", ".txt"}, "labelme": {".json"}}
SUFFIXES = {".csv": "csv", ".json": "coco"}


def kind_of(target: Path, kind: str | None) -> str:
    """Return the format to write, by the suffix unless it is named.

    Raises:
        UserError: nothing says which, or a file of another suffix.
    """
    kind = kind or SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise UserError(
            f"{target}: nothing says which format to write; name one with --to: "
            f"{', '.join(FORMATS)}."
        )
    if kind in FILES and target.suffix.lower() != FILES[kind]:
        raise UserError(f"{target}: {FORMATS[kind]} is a file; let its name end in {FILES[kind]}.")
    return kind


def write_content(target: Path, kind: str, content: Content) -> None:
    """Write the content; it becomes the target only if it reads back the same.

    Raises:
        UserError: it does not.
        OSError: it cannot be written.
    """
    try:
        with whole_file(target) if kind in FILES else whole_folder(target) as temporary:
            WRITERS[kind](temporary, content)
            _check_same(target, temporary, kind, content)
    except UnicodeEncodeError as error:
        raise UserError(
            f"{target}: {error.object!r} has half of a character, which no file can hold; rename "
            "it."
        ) from None


def data_keys(target: Path, kind: str, content: Content) -> dict[str, Any]:
    """Return the keys of `data` that describe what was written."""
    if kind == "folders":
        root, (images,) = below_one_root([target])
        keys: dict[str, Any] = {"annotation_type": kind, "root": root, "images": images}
        if splits := given_splits(content.examples):
            keys["images"] = {split: split for split in splits}
        return keys
    folder = target.parent if kind in FILES else target
    root, (images, inside) = below_one_root([content.base, folder])
    annotations = os.path.normpath(f"{inside}/{target.name}") if kind in FILES else inside
    keys = {"annotation_type": kind, "root": root, "images": images, "annotations": annotations}
    if kind in ("yolo", "voc") and (splits := given_splits(content.examples)):
        keys["split_lists"] = {
            split: os.path.normpath(f"{inside}/{LISTS[split]}") for split in splits
        }
    if kind == "yolo":
        keys["class_names"] = content.classes
    if kind == "via":
        keys["columns"] = {"class": to_via.CLASS}
    if any(example.group is not None for example in content.examples):
        keys["group_column"] = "group"
    return keys | ({"exif": content.exif} if content.exif == "apply" else {})


def unlisted(content: Content, kind: str) -> list[str]:
    """Return the images beside those of the content, which a format would take for listed too."""
    if kind not in PER_IMAGE:
        return []
    source = AnnotationSource(annotation_type="yolo", root=content.base)
    known = {example.path for example in content.examples}
    return [place.path for place in Places(source).images() if place.path not in known]


def check_replaceable(target: Path, kind: str, content: Content, source: Path) -> None:
    """Refuse to replace a folder in which anything else lies than what a conversion writes.

    Raises:
        UserError: it is one.
    """
    if not target.exists():
        return
    if target.is_dir() == (kind in FILES):
        what = "a folder" if target.is_dir() else "a file"
        raise UserError(f"{target} is {what}; name another target.")
    if kind in FILES:
        return
    real = target.resolve()
    for inside in (content.base, source):
        if inside.resolve().is_relative_to(real):
            raise UserError(
                f"{target} holds {inside}, which would be replaced; name another folder."
            )
    allowed = PER_IMAGE.get(kind, IMAGE_SUFFIXES)
    for file in _files(target):
        if file.suffix.lower() not in allowed:
            raise UserError(
                f"{target} holds other files, such as {file}, and would be replaced as a whole; "
                "name another folder."
            )


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if not file.is_dir())


def _check_same(target: Path, written: Path, kind: str, content: Content) -> None:
    """Read back what was written: a CSV keeps no spaces around a name, for one."""
    source = Described.model_validate(data_keys(written, kind, content))
    listing, others = read_listing(source), {*unlisted(content, kind)}
    back = content_of(listing, source)
    expected = _in_folders(content) if kind == "folders" else content.examples
    found = [one for one in back.examples if kind not in PER_IMAGE or one.path not in others]
    if kind not in FILES:
        expected, found = (sorted(ones, key=lambda one: one.path) for ones in (expected, found))
    if found == expected and (kind not in ("coco", "yolo") or back.classes == content.classes):
        return
    pairs = zip(expected, found, strict=False)
    last = expected[-1].path if expected else "nothing"
    first = next((one.path for one, other in pairs if one != other), last)
    raise UserError(
        f"{target}: {first!r} would not come back the same; drop spaces at the ends of names, line "
        "breaks, and characters that are not printed."
    )


def _in_folders(content: Content) -> list[Example]:
    return [
        replace(one, path=to_folders.folder_path(one.path, one.label, one.split))
        for one in content.examples
    ]


def _write_coco(target: Path, content: Content) -> None:
    sizes = [content.size(example.path) for example in content.examples]
    write_coco(target, to_coco(content.examples, sizes, content.classes))


def _write_csv(target: Path, content: Content) -> None:
    write_layout(target, content.examples)


WRITERS: dict[str, Callable[[Path, Content], None]] = {
    "folders": to_folders.write,
    "csv": _write_csv,
    "coco": _write_coco,
    "yolo": to_yolo.write,
    "voc": to_voc.write,
    "labelme": to_labelme.write,
    "via": to_via.write,
}

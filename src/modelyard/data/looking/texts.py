"""A text file per image: YOLO's, and Pascal VOC's in XML."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from modelyard.config.annotation_section import Split
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .found import Found
from .tree import SPLIT_WORDS, Tree, by_split, merged, sample

NAMES = ("classes.txt", "obj.names", "_darknet.labels", "labels.txt", "names.txt")
YOLO_LINE = re.compile(r"\s*\d+(\s+-?[\d.eE+-]+){4,}\s*")
VOC_HEAD = re.compile(r"(\ufeff)?\s*(<\?xml[^>]*>)?\s*<annotation\b")
HEAD = 4096  # bytes that tell a file's kind
BOX = 5  # numbers of a class and a box; more is a polygon
LEAST_FOUND = 0.5

Keys = dict[str, Any]


def find_texts(tree: Tree) -> Iterator[Found]:
    """Yield what YOLO's or VOC's files say of images that are here."""
    yolo = [file for file in tree.with_suffix(".txt") if _has_image(tree, file)]
    alike = [_is_yolo(tree, file) for file in sample(yolo)]
    if sum(alike) * 2 > len(alike):
        names, source = class_names(tree)
        keys = {"annotation_type": "yolo", **_places(tree, yolo), "class_names": names}
        polygons = any(_has_polygons(tree, file) for file in sample(yolo)[:20])
        words = f"YOLO's text files, their classes from {source}"
        yield Found(keys, words, shows="masks" if polygons else "boxes")
    voc = tree.with_suffix(".xml")
    if any(VOC_HEAD.match("\n".join(_lines(tree, file))) for file in sample(voc)[:20]):
        keys = {"annotation_type": "voc", **_places(tree, voc)}
        yield Found(keys, "Pascal VOC's XML, one file per image", shows="boxes")


def _lines(tree: Tree, file: str) -> list[str]:
    """Return the first lines of a text file that are not empty."""
    with (tree.root / file).open("rb") as stream:
        text = stream.read(HEAD).decode("utf-8-sig", "replace")
        cut = bool(stream.read(1))
    lines = text.splitlines()
    return [line for line in (lines[:-1] if cut else lines) if line.strip()]


def class_names(tree: Tree) -> tuple[list[str], str]:
    """Return the names of classes 0, 1, … and the file that has them.

    Raises:
        UserError: none has.
    """
    for file in tree.with_suffix(".yaml", ".yml"):
        document = read_yaml(tree.root / file)
        names = document.get("names") if isinstance(document, dict) else None
        if isinstance(names, dict):
            names = [names[key] for key in sorted(names, key=int)]
        if isinstance(names, list) and names:
            return [str(name) for name in names], file
    for file in tree.files:
        if PurePosixPath(file).name in NAMES:
            lines = (tree.root / file).read_text("utf-8-sig").splitlines()
            return [line.strip() for line in lines if line.strip()], file
    raise UserError(
        f"{tree.root} has YOLO's text files, and nothing names their classes; write the names into "
        "classes.txt in it, one per line."
    )


def _has_image(tree: Tree, file: str) -> bool:
    """Whether an image has the name of a text file, beside it or in `images` for `labels`."""
    path = PurePosixPath(file)
    beside = _beside(_folder(file))
    return path.name not in NAMES and any(tree.has(folder, path.stem) for folder in beside)


def _is_yolo(tree: Tree, file: str) -> bool:
    """Whether lines are a class and numbers; there may be none."""
    return all(map(YOLO_LINE.fullmatch, _lines(tree, file)))


def _places(tree: Tree, files: Sequence[str]) -> Keys:
    """Return where annotations and images are, split by split where folders are named so."""
    stems: dict[str, list[str]] = {}
    for file in files:
        stems.setdefault(_folder(file), []).append(PurePosixPath(file).stem)
    images = {folder: _images_of(tree, folder, names) for folder, names in stems.items()}
    splits = by_split(stems)
    if splits and all(len(folders) == 1 for folders in splits.values()):
        one = {split: folders[0] for split, folders in splits.items()}
        places: Keys = {
            "annotations": merged(one),
            "images": merged({split: images[folder] for split, folder in one.items()}),
        }
    else:
        places = {"annotations": _common(stems), "images": _common(images.values())}
    lists = _lists(tree)
    return places | ({"split_lists": lists} if lists and isinstance(places["images"], str) else {})


def _images_of(tree: Tree, folder: str, stems: Sequence[str]) -> str:
    """Return where the images of a folder of annotations are."""
    for other in reversed(_beside(folder)):
        if tree.place(stems, other)[0] == other:
            return other
    return tree.place(stems, folder)[0]


def _beside(folder: str) -> list[str]:
    """Return where the images of text files may lie: with them, or in `images` for `labels`."""
    parts = PurePosixPath(folder).parts
    swapped = ["images" if part == "labels" else part for part in parts]
    return [folder, str(PurePosixPath(*swapped))]


def _common(folders: Iterator[str] | Any) -> str:
    """Return the folder that all lie in."""
    shared: list[str] = []
    for names in zip(*(PurePosixPath(folder).parts for folder in folders), strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return str(PurePosixPath(*shared))


def _has_polygons(tree: Tree, file: str) -> bool:
    return any(len(line.split()) > BOX for line in _lines(tree, file))


def _lists(tree: Tree) -> dict[Split, str]:
    """Return the files that list the images of a split, as ImageSets/Main/train.txt does."""
    found: dict[Split, str] = {}
    for file in tree.with_suffix(".txt"):
        split = SPLIT_WORDS.get(PurePosixPath(file).stem.lower())
        lines = _lines(tree, file) if split else []
        stems = [PurePosixPath(line.strip()).stem for line in lines]
        if split and stems and tree.place(stems)[1] >= LEAST_FOUND:
            found.setdefault(split, file)
    return found


def _folder(file: str) -> str:
    return str(PurePosixPath(file).parent)

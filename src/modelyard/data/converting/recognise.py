"""Which format of annotations lies somewhere, and where its images are."""

import csv
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelyard.config.mistakes import explain
from modelyard.data.annotations.coco_reader import LISTS
from modelyard.data.annotations.via import COLUMNS
from modelyard.data.looking.choosing import everything
from modelyard.data.looking.texts import NAMES, class_names
from modelyard.data.looking.tree import Tree
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .content import FORMATS, Described, below_one_root

LABELS = {".txt": "yolo", ".xml": "voc", ".json": "labelme"}


def recognise(path: Path, images: Path | None = None, kind: str | None = None) -> Described:
    """Return where annotations and images lie, and the format unless `kind` names it.

    `images` is the folder that paths start from, by default the one that the annotations lie in.
    A config.yaml stands for what its section `data` describes.

    Raises:
        UserError: there is nothing, or nothing that is recognised.
    """
    if path.is_dir():
        return _folder(path, kind) if images is None else _mirrored(path, images, kind)
    if not path.is_file():
        raise UserError(
            f"{path} does not exist; name a file or a folder of annotations, or a config.yaml."
        )
    if path.suffix in (".yaml", ".yml"):
        return _configured(path, kind)
    found = _kind_of_file(path) if kind is None else kind
    if found in LABELS.values() or found == "folders":
        raise UserError(f"{path} is a file; {FORMATS[found]} is a folder of files: name that.")
    root, (inside, base) = below_one_root([path.parent, images or path.parent])
    annotations = os.path.normpath(os.path.join(inside, path.name))  # noqa: PTH118
    document = {"annotation_type": found, "images": base, "annotations": annotations}
    return _validated(path, {"root": root} | document)


def _validated(file: Path, document: dict[str, Any]) -> Described:
    try:
        return Described.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, file, document, Described, set())) from None


def _configured(file: Path, kind: str | None) -> Described:
    document = read_yaml(file)
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or "root" not in data:
        raise UserError(
            f"{file} has no section `data` with a root; name the root config.yaml of a project, or "
            "the annotations themselves (for YOLO the folder, not its data.yaml)."
        )
    known = {key: value for key, value in data.items() if key in Described.model_fields}
    if kind is not None and kind != known.get("annotation_type"):
        raise UserError(
            f"{file}: data.annotation_type is {known.get('annotation_type')}, not {kind}; leave "
            "out --from."
        )
    return _validated(file, known | {"root": file.parent / str(data["root"])})


def _kind_of_file(path: Path) -> str:
    if path.suffix.lower() == ".json":
        return _kind_of_json(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
            header = next(csv.reader(stream), [])
        return "via" if COLUMNS[0] in {cell.lstrip("#") for cell in header[:1]} else "csv"
    raise UserError(f"{path} may be anything; name its format with --from: {', '.join(FORMATS)}.")


def _kind_of_json(path: Path) -> str:
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON in UTF-8: {error}; export it again.") from None
    keys = document.keys() if isinstance(document, dict) else ()
    if "shapes" in keys:
        raise UserError(f"{path} is LabelMe's file of one image; name the folder of all of them.")
    if any(name in keys for name in LISTS):
        return "coco"
    records = document.get("_via_img_metadata", document) if keys else {}
    if any(isinstance(one, dict) and "regions" in one for one in records.values()):
        return "via"
    raise UserError(
        f"{path} is neither COCO's JSON (with {', '.join(LISTS)}) nor VIA's (with regions)."
    )


def _folder(path: Path, kind: str | None) -> Described:
    """Return what lies in a folder with its images."""
    found = [one for one in everything(Tree(path)) if kind in (None, one.keys["annotation_type"])]
    kinds = {one.keys["annotation_type"]: one.keys for one in found}
    if len(kinds) > 1:
        kinds.pop("folders", None)  # what names images says more than where they lie
    if len(kinds) == 1:
        return _validated(path, {**next(iter(kinds.values())), "root": path})
    what = " and ".join(map(FORMATS.__getitem__, kinds)) or "nothing that is known, with images"
    raise UserError(f"{path} has {what}; name its format with --from: {', '.join(FORMATS)}.")


def _mirrored(path: Path, images: Path, kind: str | None) -> Described:
    """Return what a folder of files says of the images in another."""
    tree = Tree(path)
    kinds = {LABELS[suffix] for suffix in tree.suffixes(without=NAMES) if suffix in LABELS}
    found = kind or (next(iter(kinds)) if len(kinds) == 1 else None)
    if found not in LABELS.values():
        raise UserError(
            f"{path} is a folder, and not of one file per image; name a file, or its format with "
            f"--from: {', '.join(LABELS.values())}."
        )
    root, (inside, base) = below_one_root([path, images])
    keys = {"annotation_type": found, "root": root, "images": base, "annotations": inside}
    return _validated(
        path, keys | ({"class_names": class_names(tree)[0]} if found == "yolo" else {})
    )

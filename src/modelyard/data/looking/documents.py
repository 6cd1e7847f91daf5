"""JSON that annotates images: COCO's, VIA's and LabelMe's, told apart by their keys."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from .found import Found
from .tree import Tree, by_split, merged, sample

LARGEST = 2**30  # bytes of a JSON that is looked into
VIA = "_via_img_metadata"


def find_documents(tree: Tree) -> Iterator[Found]:
    """Yield what JSON files say that name images which are here."""
    files = tree.with_suffix(".json")
    kinds: dict[str, dict[str, Any]] = {"coco": {}, "via": {}, "labelme": {}}
    for file in sample(files):
        kind, document = _kind(tree, file)
        if kind:
            kinds[kind][file] = document
    if kinds["coco"]:
        yield from _coco(tree, kinds["coco"])
    for file, document in kinds["via"].items():
        yield from _via(tree, file, document)
    if kinds["labelme"]:
        yield _labelme(tree, kinds["labelme"])


def _kind(tree: Tree, file: str) -> tuple[str, Any]:
    """Return which kind of annotations a file is, with its document; an empty one if none."""
    document = _document(tree.root / file)
    entries = document.get(VIA, document)
    if all(isinstance(document.get(key), list) for key in ("images", "annotations", "categories")):
        return "coco", document
    if "shapes" in document and "imagePath" in document:
        return "labelme", document
    if isinstance(entries, dict) and entries and all(_is_via(one) for one in entries.values()):
        return "via", entries
    return "", None


def _document(path: Path) -> dict[str, Any]:
    """Return a JSON file's mapping; an empty one if it has none, or is too large to look into."""
    try:
        document = json.loads(path.read_text("utf-8-sig")) if path.stat().st_size < LARGEST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _is_via(entry: object) -> bool:
    return isinstance(entry, dict) and {"filename", "regions"} <= entry.keys()


def _coco(tree: Tree, documents: dict[str, Any]) -> Iterator[Found]:
    """Yield COCO's files: together if each is of another split, otherwise each by itself."""
    instances = {file: one for file, one in documents.items() if _has_categories(one)}
    splits = by_split(instances) if len(instances) > 1 else None
    if splits and all(len(files) == 1 for files in splits.values()):
        files = {split: files[0] for split, files in splits.items()}
        places = {split: _images(tree, file, instances[file]) for split, file in files.items()}
        shows = _coco_shows(list(instances.values()))
        keys = {"annotation_type": "coco", "annotations": files, "images": merged(places)}
        yield Found(keys, f"COCO's JSON for each split: {', '.join(files.values())}", shows=shows)
        return
    for file, document in instances.items():
        keys = {
            "annotation_type": "coco",
            "annotations": file,
            "images": _images(tree, file, document),
        }
        if any(isinstance(one, dict) and one.get("split") for one in document["images"]):
            keys["split_column"] = "split"
        yield Found(keys, f"COCO's JSON, {file}", shows=_coco_shows([document]))


def _has_categories(document: Any) -> bool:
    """Whether annotations are of categories: COCO's captions are not."""
    return any(isinstance(one, dict) and "category_id" in one for one in document["annotations"])


def _images(tree: Tree, file: str, document: Any) -> str:
    names = [str(one.get("file_name")) for one in document["images"] if isinstance(one, dict)]
    return tree.place(names, str(PurePosixPath(file).parent))[0]


def _coco_shows(documents: list[Any]) -> str:
    records = [
        one for document in documents for one in document["annotations"] if isinstance(one, dict)
    ]
    if any(one.get("segmentation") for one in records):
        return "masks"
    return "boxes" if any(one.get("bbox") for one in records) else "class"


def _via(tree: Tree, file: str, entries: Any) -> Iterator[Found]:
    names = [str(one["filename"]) for one in entries.values()]
    images, share = tree.place(names, str(PurePosixPath(file).parent))
    if not share:
        return
    shapes, attributes = set(), set()
    for one in entries.values():
        regions = one["regions"].values() if isinstance(one["regions"], dict) else one["regions"]
        for region in regions:
            shapes.add(region.get("shape_attributes", {}).get("name"))
            attributes |= region.get("region_attributes", {}).keys()
    shows = ("boxes" if "rect" in shapes else "masks") if shapes else "class"
    keys: dict[str, Any] = {"annotation_type": "via", "annotations": file, "images": images}
    if len(attributes) > 1:
        likely = [one for one in attributes if one.lower() in ("class", "label", "name", "type")]
        keys["columns"] = {"class": sorted(likely or attributes)[0]}
    yield Found(keys, f"VIA's JSON, {file}", shows=shows)


def _labelme(tree: Tree, documents: dict[str, Any]) -> Found:
    shapes = {one.get("shape_type") for each in documents.values() for one in each["shapes"]}
    folder = str(PurePosixPath(next(iter(documents))).parent)
    images = tree.place([PurePosixPath(file).stem for file in documents], folder)[0]
    keys = {"annotation_type": "labelme", "annotations": folder, "images": images}
    shows = "masks" if shapes & {"polygon", "circle", "mask"} else "boxes"
    words = f"LabelMe's JSON, one file per image in {folder}"
    return Found(keys, words, shows=shows if shapes else "class")

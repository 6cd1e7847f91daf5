"""Choose, of all that a folder says of its images, what this project's task can learn from."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modelyard.config.annotation_section import TARGETS
from modelyard.config.data_section import Task
from modelyard.errors import UserError

from .columns import find_tables
from .documents import find_documents
from .folders import find_folders
from .found import Found
from .texts import find_texts
from .tree import Tree

Finder = Callable[[Tree], Iterator[Found]]
# The first that fits is taken: a file that names images says more than the folders they lie in.
FINDERS: tuple[Finder, ...] = (find_documents, find_texts, find_tables, find_folders)
FITS: dict[Task, tuple[str, ...]] = {
    "image_classification": ("class",),
    "object_detection": ("boxes", "masks"),
    "instance_segmentation": ("masks",),
}
MOST_NAMED = 5


def look(tree: Tree, task: Task, asked: Mapping[str, Any]) -> Found:
    """Return how to read a folder, with the keys that were asked for in place of what was seen.

    Raises:
        UserError: no image, nothing that says what images show, or nothing for this task.
    """
    if not tree.images:
        raise UserError(f"{tree.root} has no image; {_left(tree)}name a folder of images.")
    found = [one for one in everything(tree) if _asked_for(one, asked)]
    if "annotation_type" in asked and not found:
        return Found(dict(asked), f"{asked['annotation_type']}, as you say")
    fitting = [one for one in found if one.shows in FITS[task]]
    if not fitting and task == "image_classification":
        fitting = [one for one in found if one.keys["annotation_type"] == "coco"]
    if not fitting:
        raise UserError(_why_not(tree, task, found))
    first, *others = fitting
    notes = [*first.notes, *(f"not used: {one.words}" for one in others[:MOST_NAMED])]
    columns = {**first.keys.get("columns", {}), **asked.get("columns", {})}
    if target := next((one for one in TARGETS if one in asked.get("columns", {})), None):
        columns = {key: one for key, one in columns.items() if key == target or key not in TARGETS}
    elif first.classes:
        raise UserError(
            f"{tree.root}: {first.words.partition(';')[0]}: its class may be "
            f"{' or '.join(first.classes)}; add columns.class={first.classes[0]}, or another; or "
            "columns.labels=… if a cell has several, columns.value=… for a number."
        )
    keys = {**first.keys, **asked, **({"columns": columns} if columns else {})}
    if target not in (None, "labels"):
        keys.pop("label_delimiter", None)
    words = f"{first.words.partition(';')[0]}; {columns[target]} is its {target}" if target else ""
    return Found(keys, words or first.words, notes, first.shows)


def everything(tree: Tree) -> Iterator[Found]:
    """Yield every way to read a folder.

    Raises:
        UserError: what is there is not understood, and there is nothing else.
    """
    problems = []
    some = False
    for finder in FINDERS:
        try:
            for one in finder(tree):
                some = True
                yield one
        except UserError as error:
            problems.append(error)
    if problems and not some:
        raise problems[0]


def _asked_for(found: Found, asked: Mapping[str, Any]) -> bool:
    keys = ("annotation_type", "annotations")
    return all(found.keys.get(key) == asked[key] for key in keys if key in asked)


def _why_not(tree: Tree, task: Task, found: list[Found]) -> str:
    if found:
        seen = "; ".join(f"{one.words} ({one.shows})" for one in found[:MOST_NAMED])
        return (
            f"{tree.root} has {seen}, but data.task in config.yaml is {task}, which needs "
            f"{' or '.join(FITS[task])}; bake a project with another task, or add annotations."
        )
    return (
        f"{tree.root} has {len(tree.images)} images and nothing that says what they show; "
        f"{_left(tree)}put them into one folder per class, or add annotations: a CSV, COCO, YOLO, "
        "Pascal VOC, LabelMe or VIA."
    )


def _left(tree: Tree) -> str:
    """Name what else lies there, by suffix."""
    suffixes = tree.suffixes()
    if not suffixes:
        return ""
    named = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(MOST_NAMED))
    return f"its other files are {named}; "

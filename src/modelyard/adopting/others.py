"""Data of another kind than the project's: which task would fit it."""

from collections import Counter
from pathlib import Path, PurePosixPath

from modelyard.config.data_section import Task
from modelyard.data.looking.tree import Tree

TABLES = (".csv", ".tsv", ".tab", ".parquet", ".pq")
LINES = (".jsonl", ".ndjson")
NO_TEXTS = (
    *TABLES, *LINES, ".json", ".xml", ".yaml", ".yml", ".zip", ".gz", ".tar", ".pdf", ".npy",
    ".npz", ".h5", ".pkl", ".wav", ".mp3", ".mp4", ".avi", ".mov", ".xlsx", ".xls", ".db",
)  # fmt: skip
MOST_NAMED = 5
LEAST = 2  # texts in each of so many folders are texts by class


def texts_in(tree: Tree) -> list[str]:
    """Return the files that may be texts, by their suffix."""
    return [file for file in tree.files if PurePosixPath(file).suffix.lower() not in NO_TEXTS]


def fitting_task(tree: Tree) -> Task | None:
    """Return the task that a folder is likely meant for; None if nothing says so."""
    if tree.images:
        return "image_classification"
    folders = Counter(PurePosixPath(file).parent for file in texts_in(tree))
    folders.pop(PurePosixPath("."), None)
    if len(folders) >= LEAST or tree.with_suffix(*LINES):
        return "text_classification"
    return "tabular" if tree.with_suffix(*TABLES) else None


def has_nothing(tree: Tree, what: str, task: Task) -> str:
    """Say that a folder has nothing for a task, what it has, and what to do."""
    other = fitting_task(tree)
    if other and other != task:
        return f"{tree.root} has no {what}; {_left(tree)}{_bake(task, other)}"
    return f"{tree.root} has no {what}; {_left(tree)}name a folder that has one."


def meant_for(where: Path, task: Task, other: Task) -> str:
    """Say that a file, or a folder, is of another task than the project's."""
    seen = {"image_classification": "names images", "tabular": "is a table without texts"}
    return f"{where} {seen[other]}; {_bake(task, other)}"


def _bake(task: Task, other: Task) -> str:
    return f"data.task in config.yaml is {task}: bake a project with the task {other}."


def _left(tree: Tree) -> str:
    """Name what lies there, by suffix."""
    suffixes = tree.suffixes()
    if tree.images:
        suffixes["images"] = len(tree.images)
    named = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(MOST_NAMED))
    return f"its files are {named}; " if named else ""

"""Where the texts of a folder are: in a table, a file of JSON lines, or a folder per class."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from modelyard.adopting.groups import divided_note
from modelyard.adopting.kinds import Source
from modelyard.adopting.others import LINES, has_nothing, meant_for, texts_in
from modelyard.config.data_section import Task
from modelyard.data.looking.encodings import encoding_of, is_plain
from modelyard.data.looking.folders import class_folders
from modelyard.data.looking.tables import Table
from modelyard.data.looking.tree import Tree, by_split, sample, split_of
from modelyard.errors import UserError

from .first_rows import first_objects, first_texts
from .roles import Roles, roles_of

TASK: Task = "text_classification"
TABLES = (".csv", ".tsv", ".tab")
MOST_NAMED = 5
LARGEST = 2**20  # characters of a text that are looked at
LEAST_FILES = 0.5  # of a column's values that name files: it lists them, and holds no texts


@dataclass(frozen=True)
class Found:
    """How texts lie in a folder.

    Attributes:
        keys: of TextData, that say so.
        words: what it is, for people.
        texts: the first of them.
        notes: what else people should know, a sentence each.
        inner: the folder in it that holds the folders of classes.
        classes: columns of which one must be named as the class; empty if it is known.
    """

    keys: dict[str, Any]
    words: str
    texts: list[str]
    notes: list[str] = field(default_factory=list)
    inner: str = "."
    classes: list[Any] = field(default_factory=list)


def find_texts(source: Source, wanted: Mapping[str, Any]) -> Found:
    """Return how the texts of a folder, or a file, are to be read.

    Raises:
        UserError: there are none, or of several columns any may be the class.
    """
    asked = wanted.get("file", source.file)
    if asked:
        files = [*asked.values()] if isinstance(asked, dict) else [str(asked)]
        described = [_described(source, file, wanted) for file in files]
        if described[0] is None:
            raise UserError(_no_texts(source.folder / files[0], wanted))
        named = replace(described[0], keys=described[0].keys | {"file": asked})
        return _decided(source, named, wanted)
    tree = Tree(source.folder)
    found = list(_in_files(source, tree, wanted))
    if (inside := _in_folders(tree, wanted)) is not None:
        found.append(inside)
    fitting = [one for one in found if wanted.get("format") in (None, one.keys["format"])]
    if not fitting:
        raise UserError(_nothing(tree, wanted))
    first, *others = fitting
    notes = [*first.notes, *(f"not used: {one.words}" for one in others[:MOST_NAMED])]
    return _decided(source, replace(first, notes=notes), wanted)


def _no_texts(file: Path, wanted: Mapping[str, Any]) -> str:
    """Say that a table has no texts, or not the columns that were asked for."""
    if asked := wanted.get("columns"):
        table = _rows(file, wanted)
        has = f"; its columns are {', '.join(table.header)}" if table and table.header else ""
        return f"{file} has no texts in the columns {', '.join(map(str, asked.values()))}{has}."
    return meant_for(file, TASK, "tabular")


def _nothing(tree: Tree, wanted: Mapping[str, Any]) -> str:
    tables = tree.with_suffix(*TABLES, *LINES)
    if tables and not tree.images:
        return _no_texts(tree.root / tables[0], wanted)
    return has_nothing(tree, "text (folders of files by class, CSV, TSV, JSON lines)", TASK)


def _decided(source: Source, found: Found, wanted: Mapping[str, Any]) -> Found:
    """Refuse a class that may be any of several columns."""
    columns = {**found.keys.get("columns", {}), **wanted.get("columns", {})}
    if found.classes and not {"class", "labels"} & columns.keys():
        raise UserError(
            f"{source.folder}: {found.words.partition(';')[0]}: its class may be "
            f"{' or '.join(map(str, found.classes))}; add columns.class={found.classes[0]}, or "
            "another."
        )
    if "labels" in wanted.get("columns", {}):
        columns.pop("class", None)
    return replace(found, keys=found.keys | ({"columns": columns} if columns else {}))


def _in_files(source: Source, tree: Tree, wanted: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the tables of texts, those of training texts and the largest first."""
    files = tree.with_suffix(*TABLES, *LINES)
    files.sort(key=lambda one: (split_of(one) == "train", (tree.root / one).stat().st_size))
    found = {file: _described(source, file, wanted) for file in reversed(files)}
    texts = {file: one for file, one in found.items() if one and not _lists(tree, one)}
    splits = by_split(texts) if len(texts) > 1 else None
    if splits and "train" in splits and all(len(files) == 1 for files in splits.values()):
        places = {split: files[0] for split, files in splits.items()}
        described = [texts[file] for file in places.values()]
        if all(_form(one) == _form(described[0]) for one in described):
            words = f"a file for each split: {', '.join(places.values())}; {_columns(described[0])}"
            yield replace(described[0], keys=described[0].keys | {"file": places}, words=words)
            return
    yield from texts.values()


def _described(source: Source, file: str, wanted: Mapping[str, Any]) -> Found | None:
    """Return how to read a file; None if it holds no texts with a class."""
    path = source.folder / file
    if not path.is_file():
        raise UserError(f"{path} is not a file; name a table of texts.")
    table = _rows(path, wanted)
    roles = roles_of(table, wanted) if table else None
    if table is None or roles is None or not (roles.classes or wanted.get("columns")):
        return None
    return _with_roles(file, "jsonl" if path.suffix.lower() in LINES else "csv", table, roles)


def _rows(file: Path, wanted: Mapping[str, Any]) -> Table | None:
    read = first_objects if file.suffix.lower() in LINES else first_texts
    return read(file, wanted)


def _with_roles(file: str, form: str, table: Table, roles: Roles) -> Found:
    named: dict[str, Any] = {"text": roles.text}
    if len(roles.classes) == 1:
        named[roles.target] = roles.classes[0]
    keys: dict[str, Any] = {
        "format": form,
        "file": file,
        "columns": {role: name for role, name in named.items() if role != name or role == "labels"},
        "encoding": table.encoding,
    }
    if form == "csv":
        keys["delimiter"] = table.delimiter
    if roles.split is not None:
        keys["split_column"] = roles.split
    if roles.group is not None:
        keys["group_column"] = roles.group
    at = next(n for n in range(len(table.columns)) if table.name(n) == roles.text)
    label = roles.classes[0] if roles.classes else "?"
    words = f"{file}; {_named(roles.text)} is the text, {_named(label)} its {roles.target}"
    open_ = roles.classes if len(roles.classes) > 1 else []
    unused = ", ".join(map(str, roles.others[:MOST_NAMED]))
    notes = [f"columns that are not used: {unused}"] if unused else []
    notes += [divided_note(_named(roles.divided))] if roles.divided is not None else []
    return Found(keys, words, table.columns[at], notes, classes=open_)


def _named(column: Any) -> str:
    return f"column {column}" if isinstance(column, int) else str(column)


def _columns(found: Found) -> str:
    return found.words.partition("; ")[2]


def _form(found: Found) -> dict[str, Any]:
    """Return what files that are read as one must have in common."""
    return {key: value for key, value in found.keys.items() if key != "file"}


def _lists(tree: Tree, found: Found) -> bool:
    """Whether the texts of a table are names of files that lie there."""
    names = {*tree.files, *tree.images, *(PurePosixPath(one).name for one in tree.files)}
    some = sample(found.texts)
    return sum(text in names for text in some) > LEAST_FILES * len(some)


def _beginning(file: Path, encoding: str) -> str:
    with file.open(encoding=encoding, errors="replace") as text:
        return text.read(LARGEST)


def _in_folders(tree: Tree, wanted: Mapping[str, Any]) -> Found | None:
    """Return how to read one folder per class, with or without a folder for each split above."""
    files = texts_in(tree)
    place = class_folders(files)
    if place is None or len(tree.images) > len(files):
        return None
    base, words = place
    inside = [file for file in files if base == "." or file.startswith(f"{base}/")]
    some = sample([file for file in inside if "/" in file.removeprefix(f"{base}/")])
    paths = [tree.root / file for file in some]
    found = Counter(encoding_of(path) for path in paths if not is_plain(path))
    seen = found.most_common(1)[0][0] if found else "utf-8"
    encoding = encoding_of(paths[0], wanted.get("encoding")) if "encoding" in wanted else seen
    notes = []
    if len(found) > 1:
        named = ", ".join(f"{name} {count}" for name, count in found.most_common())
        notes = [f"files are in several encodings ({named}), and read as {encoding}"]
    texts = [_beginning(path, encoding) for path in paths]
    keys = {"format": "folders", "encoding": encoding}
    return Found(keys, words, texts, notes, base)

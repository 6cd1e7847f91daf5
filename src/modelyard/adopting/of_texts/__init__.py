"""Adopting texts: where they are, what their columns are for, and what `prepare` makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from modelyard.adopting.kinds import Source, Understood
from modelyard.adopting.named import Named, counted
from modelyard.adopting.rehearsal import rehearse
from modelyard.adopting.sections import begun, checked, without_defaults
from modelyard.config.data_section import SharedData, TextData
from modelyard.data.text.folders import class_folders
from modelyard.data.text.tables import csv_rows, json_rows

from .finding import find_texts
from .fitting import cut
from .summary import Seen

SECTION: type[SharedData] = TextData
ORDER = (
    "task", "max_bad_share", "max_duplicate_share", "root", "format", "file", "columns",
    "delimiter", "encoding", "split_column", "group_column", "tokens", "ngrams", "standardize",
    "vocabulary_size", "max_tokens", "processed", "splits", "seed",
)  # fmt: skip
COMMENTS = {
    "format": "folders: one folder per class; csv, jsonl: one text per row",
    "file": "inside root; one, or one for each split",
    "columns": "what the columns that are used are called",
    "split_column": "names the split of each text",
    "group_column": "what it names is never divided by splits",
    "max_tokens": "the rest of a longer text is cut off",
}
RENEWED = ("format", "group_column")
WORDS = {"window": (3, (1, 2, 3))}  # tokens in a row that a pattern is of, where these are words


def understand(
    source: Source, old: TextData, wanted: Mapping[str, Any], asked: Mapping[str, Any]
) -> Understood:
    """Look at texts, and try out what `prepare` will make of them.

    Raises:
        UserError: nothing can be learned from them.
    """
    found = find_texts(source, wanted)
    source = _inside(source, found.inner)
    data = begun(old, source) | without_defaults(TextData, found.keys | cut(found.texts))
    given = {key: one for key, one in wanted.items() if one is not None and key != "columns"}
    data |= given  # the columns are in what was found
    config = checked(TextData, data, asked)
    tried = rehearse(config, source.folder, wanted)
    if "max_bad_share" not in wanted and tried.bad:
        data["max_bad_share"] = tried.bad_share
    named = _named(config.model_copy(update={"root": source.folder}))
    lines = list(Seen(found, config, tried, named).lines())
    values = WORDS if config.tokens == "words" else {}
    return Understood(source, data, tried.manifest.head, tried.train, lines, values)


def _inside(source: Source, inner: str) -> Source:
    """Return the folder that holds those of classes; what lies beside it is left where it is."""
    if inner == ".":
        return source
    root = source.root if source.copied else source.root / inner
    return replace(source, folder=source.folder / inner, root=root)


def _named(config: TextData) -> Named:
    """Count what texts, or the folders that they lie in, say of splits and groups."""
    if isinstance(config.file, dict):
        return Named(frozenset(config.file))
    if config.format == "folders":
        return counted((split, None) for split, _ in class_folders(config.root))
    given = (config.split_column, config.group_column)
    if given == (None, None):
        return Named()
    read = csv_rows if config.format == "csv" else json_rows
    rows = (
        cells for _, cells in read(config.root / config.file, config) if isinstance(cells, dict)
    )
    return counted([cells.get(name) for name in given] for cells in rows)

"""Adopting a table: which file it is, what its columns are for, and what `prepare` makes of it."""

from collections.abc import Mapping
from typing import Any

from modelyard.adopting.groups import divided_note
from modelyard.adopting.kinds import Source, Understood
from modelyard.adopting.named import Named, counted
from modelyard.adopting.rehearsal import rehearse
from modelyard.adopting.sections import begun, checked, without_defaults
from modelyard.config.data_section import SharedData, TableData
from modelyard.data.table.parts import open_data
from modelyard.data.table.reading import PARQUET, TAB_SEPARATED

from .finding import Found, find_table
from .roles import Target, counting, group_of, is_dividing, split_of, target_of
from .summary import Seen

SECTION: type[SharedData] = TableData
ORDER = (
    "task", "max_bad_share", "max_duplicate_share", "root", "file", "delimiter", "encoding",
    "target", "target_type", "columns", "date_format", "missing", "split_column", "group_column",
    "max_categories", "processed", "splits", "seed",
)  # fmt: skip
COMMENTS = {
    "file": "inside root: CSV, TSV or Parquet; one, or one for each split",
    "columns": "in place of what they look like: number, category, boolean, date, ignore",
    "split_column": "names the split of each row",
    "group_column": "what it names is never divided by splits",
}
RENEWED = ("file",)


def understand(
    source: Source, old: TableData, wanted: Mapping[str, Any], asked: Mapping[str, Any]
) -> Understood:
    """Look at a table, and try out what `prepare` will make of it.

    Raises:
        UserError: nothing can be learned from it.
    """
    found = find_table(source, wanted)
    if is_dividing(found.table, wanted):
        found.notes.append(divided_note(group_of(found.table, wanted)))
        wanted = {**wanted, "group_column": None}
    target = target_of(found.table, source.folder / found.first, wanted)
    data = _section(source, old, found, target, wanted)
    config = checked(TableData, data, asked)
    tried = rehearse(config, source.folder, wanted)
    if "max_bad_share" not in wanted and tried.bad:
        data["max_bad_share"] = tried.bad_share
    named = _named(config.model_copy(update={"root": source.folder}))
    lines = list(Seen(found, target, config, tried, named).lines())
    return Understood(source, data, tried.manifest.head, tried.train, lines)


def _section(
    source: Source, old: TableData, found: Found, target: Target, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the section `data`, without what is a default."""
    table, name = found.table, found.first.lower()
    in_lines = not name.endswith(PARQUET)
    split, group = split_of(table, wanted), group_of(table, wanted)
    taken = {one for one in (target[0], split, group) if one}
    ignored = dict.fromkeys(counting(table, taken), "ignore")
    keys: dict[str, Any] = {
        "file": found.file,
        "target": target[0],
        "columns": ignored | wanted.get("columns", {}),
    }
    if in_lines and not name.endswith(TAB_SEPARATED):
        keys["delimiter"] = table.delimiter
    if in_lines:
        keys["encoding"] = table.encoding
    keys |= {"split_column": split} if split else {}
    keys |= {"group_column": group} if group else {}
    seen = begun(old, source) | without_defaults(TableData, keys)
    return seen | {key: one for key, one in wanted.items() if one is not None and key != "columns"}


def _named(config: TableData) -> Named:
    """Count what the rows say of splits and groups."""
    table, given = open_data(config), [config.split_column, config.group_column]
    if isinstance(config.file, dict):
        return Named(frozenset(config.file))
    if given == [None, None]:
        return Named()
    places = [table.header.index(name) if name else None for name in given]
    rows = (cells for _, cells in table.rows() if len(cells) == len(table.header))
    return counted([None if at is None else cells[at] for at in places] for cells in rows)

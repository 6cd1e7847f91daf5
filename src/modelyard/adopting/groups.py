"""Columns that name what belongs together, by what they are called."""

from collections.abc import Iterable

from modelyard.data.looking.tables import Table

GROUPS = (
    "group", "patient", "subject", "participant", "person", "user", "customer", "client",
    "household", "session", "author", "document", "speaker", "package", "repository", "project",
)  # fmt: skip
LEAST = 10  # different ones; of fewer, splits would hardly be alike


def group_named(table: Table, columns: Iterable[int]) -> int | None:
    """Return the column of a group, such as patient_id, of which there are many that repeat."""
    if not table.header:
        return None
    for at in columns:
        cells, words = table.columns[at], table.header[at].lower().replace(" ", "_")
        base = words.removesuffix("id").removesuffix("_").removesuffix("name").removesuffix("_")
        if base in GROUPS and LEAST <= len(set(cells)) < len(cells):
            return at
    return None


def is_divided(table: Table, group: int, split: int) -> bool:
    """Whether the splits that are named divide a group, so that its column is of no use."""
    pairs = set(zip(table.columns[group], table.columns[split], strict=True))
    return len(pairs) > len(set(table.columns[group]))


def divided_note(group: object) -> str:
    """Say that the splits that are named divide groups, which may flatter a model."""
    return (
        f"the splits that are given divide those of one {group}: a test may measure memory; "
        "split_column=null draws others, which divide none"
    )

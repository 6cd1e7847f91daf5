"""Texts in a table for each split."""

from collections.abc import Iterator
from dataclasses import replace

from modelyard.config.data_section import Split
from modelyard.config.text_section import TextData
from modelyard.data.annotations.listing import Listing
from modelyard.data.spool import Example

from . import tables


def listed(config: TextData) -> Listing:
    """Return what errors name, nothing is counted yet.

    Raises:
        UserError: a file is missing.
    """
    for part in _parts(config).values():
        tables.listed(part)
    return Listing(config.root, entries=0)


def examples(config: TextData, listing: Listing) -> Iterator[Example]:
    """Yield the text of each row of each file; what cannot be used is counted and noted.

    Raises:
        UserError: a file is not text, no table, or lacks a column.
    """
    for split, part in _parts(config).items():
        found = tables.listed(part)
        for example in tables.examples(part, found):
            yield replace(example, split=split)
        listing.entries += found.entries
        listing.bad += [bad._replace(where=f"{part.file}, {bad.where}") for bad in found.bad]


def _parts(config: TextData) -> dict[Split, TextData]:
    """Return a section for the table of each split."""
    files = config.file if isinstance(config.file, dict) else {}
    return {split: config.model_copy(update={"file": file}) for split, file in files.items()}

"""The `prepare` stage where an example is a text: arrays, targets, and the vocabulary."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType

import numpy as np

from modelyard.config.data_section import Split
from modelyard.config.text_section import LARGEST, TextData
from modelyard.data.annotations.listing import Listing
from modelyard.data.examples import Contents, write_examples
from modelyard.data.grouping import Indices
from modelyard.data.left_out import judge_left_out
from modelyard.data.manifest import STRING, ArraySpec
from modelyard.data.rows import Rows
from modelyard.data.spool import Example
from modelyard.errors import UserError

from . import by_split, folders, tables
from .tokens import VOCABULARY, Tokens, most_frequent, read_vocabulary, write_vocabulary

CHUNK = 64  # texts in memory at once


def prepare_data(config: TextData, *, dry_run: bool = False) -> dict[Split, int]:
    """Write the texts, their targets, vocabulary.txt and the manifest.

    Texts are read one after the other; what cannot be used is left out, listed beside the folder,
    and judged all together.

    Returns:
        The number of examples by split. A dry run reads every text, and writes nothing.

    Raises:
        UserError: unusable texts; nothing but lists of what is unusable is written then.
    """
    source = _source(config)
    listing = source.listed(config)
    with closing(_judged(config, source.examples(config, listing), listing)) as found:
        if dry_run:
            for _ in found:
                pass
            return {}
        return write_examples(config, found, _contents(config, listing.file))


def _source(config: TextData) -> ModuleType:
    """Return the module that reads the texts."""
    if config.format == "folders":
        return folders
    return by_split if isinstance(config.file, dict) else tables


def _judged(config: TextData, examples: Iterator[Example], listing: Listing) -> Generator[Example]:
    """Yield the usable texts, then judge how many are not.

    Raises:
        UserError: too many, or all.
    """
    usable = 0
    for usable, example in enumerate(examples, 1):  # noqa: B007
        yield example
    judge_left_out(config, listing)
    if not usable:
        raise UserError(f"{listing.file} has no usable text; add some.")


def _contents(config: TextData, file: Path) -> Contents:
    tokens = Tokens.of(config)

    def fit(folder: Path, rows: Mapping[str, Rows], indices: Indices) -> None:
        counts = tokens.count(_texts(rows["text"], indices["train"]))
        if not counts:
            raise UserError(
                f"{file}: the training texts have no token left once data.standardize has taken "
                f"away what it does ({config.standardize}); change it in config.yaml."
            )
        write_vocabulary(folder / VOCABULARY, most_frequent(counts, config.vocabulary_size))
        for line in said(config, folder / VOCABULARY, rows["text"], indices):
            print(line)

    return Contents(
        inputs={"text": ArraySpec(shape=(), dtype=STRING)},
        kind="text",
        settings=settings(config),
        encoded=lambda _: {"tokens": ArraySpec(shape=(config.max_tokens,), dtype="int32")},
        file=file,
        fit=fit,
    )


def settings(config: TextData) -> dict[str, object]:
    """Return how a text is read and cut, for the manifest."""
    column = tables.columns_of(config)["text"] if config.format != "folders" else "text"
    named = {"column": column} if isinstance(column, str) and column != "text" else {}
    limits = {"max_tokens": config.max_tokens, "max_bytes": LARGEST}
    return Tokens.of(config).settings | limits | named


def said(config: TextData, file: Path, rows: Rows, indices: Indices) -> Iterator[str]:
    """Yield what a model does not see of the texts: cut ends, and tokens that it does not know."""
    tokens, known = Tokens.of(config), {one.encode() for one in read_vocabulary(file)}
    total = longer = unknown = seen = 0
    for split, positions in indices.items():
        for text in _texts(rows, positions):
            found = tokens.cut(text)
            total, longer = total + 1, longer + (len(found) > config.max_tokens)
            if split == "validation":
                seen += len(found)
                unknown += sum(1 for one in found if one not in known)
    share = f"; of those in validation texts {unknown / seen:.2%} are unknown" if seen else ""
    yield f"{config.processed / file.name}: {len(known):,} tokens of the training texts{share}"
    if longer:
        yield (
            f"note: {longer:,} of {total:,} texts have more than {config.max_tokens:,} tokens, "
            "and models see their beginning alone: data.max_tokens in config.yaml."
        )


def _texts(rows: Rows, positions: Sequence[int]) -> Iterator[bytes]:
    for start in range(0, len(positions), CHUNK):
        yield from rows[np.array(positions[start : start + CHUNK])]

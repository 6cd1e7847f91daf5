"""Write prepared data from examples of any kind: spooled to disk, divided, described."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config.data_section import SharedData, Split
from modelyard.errors import UserError
from modelyard.files import sha256_of_all, whole_folder, write_csv

from .annotations.listing import Example as Annotated
from .arrays import ArrayWriter
from .duplicates import judge_duplicates
from .grouping import Indices
from .manifest import Manifest, Specs, write_manifest
from .rows import Rows
from .splits import divided, warning_of_absent
from .spool import Example, Shapes, Spool
from .targets import Targets, targets_of

__all__ = ["Contents", "Example", "prepare_examples", "write_examples"]

CHUNK = 1024  # examples in memory at once

Fitted = Callable[[Path, Mapping[str, Rows], Indices], None]


@dataclass(frozen=True)
class Contents:
    """What examples are made of.

    Attributes:
        inputs: what a saved model takes; None: as the first example has it.
        shapes: of inputs whose lengths differ by example, such as {"steps": (None, 3)}.
        kind, settings: how more examples are read, see Manifest.
        encoded: what the network takes, if an encoder stands before it.
        file: what lists the examples, for messages; None: the data's root.
        content: given a hash of each example, returns those by which equal ones are known: all
            different where equal examples are not one example twice.
        fit: called with the folder, the rows of all examples by input, and their positions by
            split: it writes what is learned from the training split, such as a vocabulary.
    """

    inputs: Specs | None = None
    shapes: Shapes = field(default_factory=dict)
    kind: str = "arrays"
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoded: Callable[[Path], Specs] = lambda _: {}
    file: Path | None = None
    content: Callable[[Sequence[bytes]], Sequence[bytes]] = lambda found: found
    fit: Fitted = lambda *_: None


def prepare_examples(
    config: SharedData,
    examples: Iterable[Example],
    shapes: Shapes | None = None,
    *,
    dry_run: bool = False,
) -> dict[Split, int]:
    """Write prepared data of the team's own examples; a dry run reads the first one alone."""
    if not dry_run:
        return write_examples(config, examples, Contents(shapes=shapes or {}))
    first = next(iter(examples), None)
    if first is None:
        raise UserError(f"{config.root} has no usable example; add some.")
    return {}


def write_examples(
    config: SharedData, examples: Iterable[Example], contents: Contents | None = None
) -> dict[Split, int]:
    """Write arrays of inputs and targets, test.csv and the manifest, all or nothing.

    Examples pass through memory a thousand at a time; what is kept of each is its target, its name
    and a hash. Equal ones stay together where splits are drawn.

    Returns:
        The number of examples by split.

    Raises:
        UserError: no examples, examples that differ in kind, or splits that cannot be drawn.
    """
    contents = contents or Contents()
    with whole_folder(config.processed) as folder:
        spool = Spool(folder, contents.inputs, contents.shapes)
        with closing(spool):
            for some in _chunks(examples):
                spool.append(some)
        file = contents.file or config.root
        if not spool.noted:
            raise UserError(f"{file} has no usable example; add some.")
        targets = targets_of([one.target for one in spool.noted], file)
        annotated = [
            Annotated(one.path, targets.objects(one.target), one.split, one.group)
            for one in spool.noted
        ]
        content = contents.content(spool.content)
        indices = divided(config, file, annotated, targets.strata, content)
        if warning := warning_of_absent(config.NOUN, annotated, indices):
            print(warning)
        judge_duplicates(config, annotated, indices, content, None)
        rows = spool.rows()
        contents.fit(folder, rows, indices)
        for split, positions in indices.items():
            _write_rows(folder, split, positions, rows)
            for name, values in targets.arrays(positions).items():
                np.save(folder / f"{split}_{name}.npy", values)
            listed = [{"path": annotated[at].path, **targets.listed(at)} for at in positions]
            write_csv(folder / f"{split}.csv", listed)
        spool.remove()
        write_manifest(folder, _manifest(folder, contents, spool.specs, targets, indices))
    return {split: len(positions) for split, positions in indices.items()}


def _manifest(
    folder: Path, contents: Contents, inputs: Specs, targets: Targets, indices: Indices
) -> Manifest:
    return Manifest(
        kind=contents.kind,
        head=targets.head,
        inputs=inputs,
        encoded=contents.encoded(folder),
        targets=targets.specs,
        classes=targets.classes,
        examples={split: len(positions) for split, positions in indices.items()},
        counts={split: targets.counts(positions) for split, positions in indices.items()},
        files=sha256_of_all(folder),
        settings=dict(contents.settings),
    )


def _chunks(examples: Iterable[Example]) -> Iterator[list[Example]]:
    waiting = iter(examples)
    while some := list(itertools.islice(waiting, CHUNK)):
        yield some


def _write_rows(
    folder: Path, split: Split, positions: Sequence[int], rows: Mapping[str, Rows]
) -> None:
    for name, found in rows.items():
        writer = ArrayWriter(folder, split, name, found.spec)
        for start in range(0, len(positions), CHUNK):
            writer.append(list(found[np.array(positions[start : start + CHUNK])]))
        writer.close()

"""Data: what lies raw read and checked, splits drawn, arrays written, and what lies prepared."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.config import Options
from modelyard.config.data_section import SPLITS, Split
from modelyard.errors import UserError
from modelyard.pipeline.tracked import untracked_root

from .manifest import ArraySpec, Manifest, read_manifest

if TYPE_CHECKING:
    from modelyard.config import Config

    from .rows import Rows
    from .spool import Example

__all__ = [
    "SPLITS", "ArraySpec", "Manifest", "Split", "examples_of", "open_array", "prepare",
    "read_manifest", "vocabulary_size",
]  # fmt: skip


def prepare(options: Options) -> None:
    """Turn what lies raw into what models read."""
    from .preparing import prepare_data  # numpy and Pillow, which most stages do not need

    config = options.project.data
    if config.root.exists() and (problem := untracked_root(config.root)):
        print(f"warning: {problem}", file=sys.stderr)
    counts = prepare_data(config, dry_run=options.dry_run)
    said = ", ".join(f"{n} {split}" for split, n in counts.items())
    print(f"{config.processed}: {said or 'not written, the data can be read'}")


def examples_of(
    read: "Callable[[Any], Iterable[Example]]", **shapes: tuple[int | None, ...]
) -> Callable[[Options], None]:
    """Return a stage `prepare` that writes the examples which a function of the team's reads.

    Args:
        read: is given the section `data` of config.yaml, and yields what
            `modelyard.data.examples.Example` describes.
        shapes: of inputs whose lengths differ by example: `steps=(None, 3)`; batches of them are
            filled up with zeros.
    """

    def stage(options: Options) -> None:
        from .examples import prepare_examples  # numpy, which most stages do not need
        from .own import checked, unlisted

        config = options.project.data
        if problem := unlisted(read):
            print(f"warning: {problem}", file=sys.stderr)
        examples = checked(read, config)
        counts = prepare_examples(config, examples, shapes, dry_run=options.dry_run)
        said = ", ".join(f"{n} {split}" for split, n in counts.items())
        print(f"{config.processed}: {said or 'not written, the first example can be read'}")

    return stage


def open_array(folder: Path, split: Split, name: str) -> "Rows":
    """Open the array of an input or a target of the prepared data without reading it.

    Indexed by positions int (n,) it gives these rows, texts as bytes.

    Raises:
        UserError: there is no such array, or it is missing or damaged.
    """
    from .rows import open_rows  # numpy, which most stages do not need

    manifest = read_manifest(folder)
    return open_rows(folder, split, name, manifest.spec(name))


def vocabulary_size(config: "Config") -> int:
    """Return how many tokens the texts of a model's prepared data have: what an embedding knows.

    0 is what short texts are filled up with, 1 every token that is not in vocabulary.txt.

    Raises:
        UserError: there is no vocabulary, or `input_paths.vocabulary` names another one.
    """
    from .text.tokens import RESERVED, VOCABULARY, read_vocabulary

    file = config.input_paths.data / VOCABULARY
    named = config.input_paths.own.get("vocabulary", file)
    if named.resolve() != file.resolve():
        raise UserError(
            f"{config.file}: input_paths.vocabulary is {named}, but the texts were prepared with "
            f"{file}; name that one."
        )
    return len(read_vocabulary(file)) + RESERVED

"""What `prepare` will make of a folder, tried out before anything is changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from modelyard.config.data_section import ImageData, Splits
from modelyard.data.annotations import Example, Listing, check_objects, read_annotations
from modelyard.data.annotations.source_files import listed_in
from modelyard.data.cropping import cropped
from modelyard.data.decoding import Decoded, decode
from modelyard.data.duplicates import find_contradictory, find_leaked
from modelyard.data.grouping import HELD_OUT, Indices
from modelyard.data.image_preparing import targets_of
from modelyard.data.splits import divided, warning_of_absent
from modelyard.errors import UserError

MOST_BAD = 0.2  # of the entries


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        examples: what can be used.
        indices: their positions by split.
        odd: what `prepare` will warn of, or refuse until it is decided.
    """

    examples: Sequence[Example]
    listing: Listing
    indices: Indices
    odd: list[str]


def section(data: Mapping[str, Any], folder: Path) -> ImageData:
    """Return the section of a folder that may lie outside the project."""
    document = {**data, "root": folder, "splits": Splits.model_validate(data["splits"])}
    return ImageData.model_construct(**document)


def read(data: Mapping[str, Any], folder: Path) -> tuple[list[Example], Listing]:
    """Read the annotations of a folder as the section says."""
    return read_annotations(section(data, folder))


def try_out(data: dict[str, Any], folder: Path, asked: Mapping[str, Any]) -> Trial:
    """Read, decode and divide as `prepare` will; allow as many bad entries as there are.

    Raises:
        UserError: it cannot be prepared.
    """
    examples, listing = read(data, folder)
    objects = [one for example in examples for one in example.objects]
    if objects and all(one.crowd for one in objects) and "crowds" not in asked:
        data["crowds"] = "learn"  # as CVAT marks each of its masks
        examples, listing = read(data, folder)
    config = section(data, folder)
    decoded = decode(config, examples)
    listing.bad += decoded.bad
    if listing.bad and "max_bad_share" not in asked:
        data["max_bad_share"] = _allowed(listing, folder)
    usable = cropped(config, decoded.examples)
    check_objects(usable, listing)
    strata = targets_of(config).groups(usable)
    with redirect_stdout(StringIO()):  # the summary says what it prints
        indices = divided(config, listed_in(config), usable, strata, decoded.content)
    odd = list(_odd(config, decoded, usable, indices))
    return Trial(usable, listing, indices, odd)


def _allowed(listing: Listing, folder: Path) -> float:
    """Return the share of bad entries, rounded up to a thousandth.

    Raises:
        UserError: it is so high that the folder was hardly understood.
    """
    share = math.ceil(len(listing.bad) / max(1, listing.entries) * 1000) / 1000
    if share > MOST_BAD:
        raise UserError(
            f"{folder}: {len(listing.bad)} of {listing.entries} entries cannot be used, first "
            f"{listing.first_bad}; mend them, or say how the folder is to be read: "
            "annotations=FILE, columns.path=NAME, columns.class=NAME."
        )
    return share


def _odd(
    config: ImageData, decoded: Decoded, usable: Sequence[Example], indices: Indices
) -> Iterator[str]:
    if absent := warning_of_absent(config.NOUN, usable, indices):
        yield absent.removeprefix("warning: ").rstrip(".")
    if found := list(find_contradictory(usable, decoded.content)):
        have = "1 image has" if len(found) == 1 else f"{len(found):,} images have"
        first = usable[found[0][0]].path
        yield f"{have} the pixels of one of another class, first {first}"
    yield from _leaks(config, decoded, indices)


def _leaks(config: ImageData, decoded: Decoded, indices: Indices) -> Iterator[str]:
    leaked = list(find_leaked(indices, decoded.content, decoded.small))
    count = sum(len(indices[split]) for split in HELD_OUT)
    if not leaked:
        return
    one, other, how = leaked[0]
    said = (
        f"{len(leaked):,} of {count:,} validation and test images are in another split too, first "
        f"{decoded.examples[one].path}, {how} to {decoded.examples[other].path}"
    )
    share = len(leaked) / count
    if share > config.max_duplicate_share:
        said += (
            f"; `prepare` refuses that until you drop them, or decide data.max_duplicate_share "
            f"({config.max_duplicate_share:g} now, {share:.3g} measured)"
        )
    yield said

"""Convert annotations from one format to another: `modelyard convert SOURCE TARGET`.

Formats are one folder per class, CSV, COCO, YOLO, Pascal VOC, LabelMe and VIA. What was written is
read back and must be the same: images, also those without objects, the objects of each in their
order, classes, and numbers to the last digit. What the target has no place for is counted by kind
and refused, or left out with --allow-loss. Ids are numbered anew.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.command import finish
from modelyard.data.annotations import read_listing
from modelyard.data.annotations.listing import Listing
from modelyard.errors import UserError

from .converting.content import FORMATS, Content, content_of, drop_other_sizes
from .converting.losses import fit
from .converting.recognise import recognise
from .converting.targets import check_replaceable, data_keys, kind_of, unlisted, write_content

CONFIGS = (".yaml", ".yml")
KEPT = {"labels": "any number of labels per image", "value": "a number per image"}
UNLISTED = "images that no entry names"


@dataclass(frozen=True)
class Choices:
    """How to convert.

    Attributes:
        read_as: the source's format; None: by its content.
        write_as: the target's format; None: by its suffix.
        images: the folder that paths start from; None: that of the source.
        force: whether the target is overwritten.
        allow_loss: whether what is bad, or has no place in the target, is left out and named.
    """

    read_as: str | None = None
    write_as: str | None = None
    images: Path | None = None
    force: bool = False
    allow_loss: bool = False


def convert(source: Path, target: Path, images: Path | None = None, *, force: bool = False) -> int:
    """Write the annotations of `source` as `target`; return the number of their images.

    Raises:
        UserError: unknown formats, a target that exists or cannot hold everything, a bad entry.
    """
    return len(converted(source, target, Choices(images=images, force=force))[1].examples)


def converted(source: Path, target: Path, choices: Choices) -> tuple[str, Content]:
    """Write the annotations of `source` as `target`; return its format and what it holds.

    Raises:
        UserError: unknown formats, a target that exists or cannot hold everything, a bad entry.
    """
    kind = kind_of(target, choices.write_as)
    described = recognise(source, choices.images, choices.read_as)
    if described.annotation_type == kind and source.suffix not in CONFIGS:
        raise UserError(f"{source} and {target} are both {FORMATS[kind]}; nothing is to convert.")
    if described.target != "class":
        raise UserError(
            f"{source} has {KEPT[described.target]}, for which no other format has a place; leave "
            "it as it is."
        )
    if target.exists() and not choices.force:
        raise UserError(f"{target} exists; name another file, or add --force.")
    listing = read_listing(described)
    _warn(listing)
    if kind != "csv":
        drop_other_sizes(listing, described)
    lost = _bad(source, listing, choices)
    content = content_of(listing, described)
    check_replaceable(target, kind, content, source)
    if kind != "csv":
        _check_images(content, kind)
    fitted, left_out = fit(content, kind)
    left_out[UNLISTED] = len(unlisted(content, kind))
    lost |= +left_out
    if not fitted.examples or (content.used and not fitted.used):
        raise UserError(
            f"{source} has {_named(lost) or 'no image'}; {FORMATS[kind]} would hold nothing of it: "
            "choose another format."
        )
    _check_losses(source, kind, lost, choices)
    write_content(target, kind, fitted)
    return kind, fitted


def _warn(listing: Listing) -> None:
    """Print what should be known of a source, and which of its files are not images."""
    if listing.ignored:
        files = ", ".join(f"{count} {suffix}" for suffix, count in listing.ignored.items())
        print(f"warning: files that are not images were passed by: {files}", file=sys.stderr)
    for note in listing.notes:
        print(f"warning: {note}", file=sys.stderr)


def _bad(source: Path, listing: Listing, choices: Choices) -> dict[str, int]:
    """Return how many entries of the source are bad.

    Raises:
        UserError: some are, and may not be left out.
    """
    if listing.bad and not choices.allow_loss:
        raise UserError(
            f"{source}: {len(listing.bad)} of {listing.entries} entries are bad, first "
            f"{listing.first_bad}; mend or drop them, or add --allow-loss to leave them out."
        )
    return {"bad entries": len(listing.bad)} if listing.bad else {}


def _check_images(content: Content, kind: str) -> None:
    if missing := content.missing():
        raise UserError(
            f"{len(missing)} images are not in {content.base}, first {', '.join(missing[:3])}; "
            f"{FORMATS[kind]} needs their sizes or themselves: name their folder with --images."
        )


def _named(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in lost.items())


def _check_losses(source: Path, kind: str, lost: Mapping[str, int], choices: Choices) -> None:
    """Name what is left out.

    Raises:
        UserError: something is that may not be.
    """
    if lost and not choices.allow_loss:
        raise UserError(
            f"{source} has {_named(lost)}, which {FORMATS[kind]} would lose; choose another "
            "format, or add --allow-loss to leave that out."
        )
    if lost:
        print(f"warning: left out: {_named(lost)}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert annotations; return 0, or 1 after one sentence on what to mend."""
    options = vars(_parser().parse_args(arguments))
    source, target = options.pop("source"), options.pop("target")
    return finish(lambda: _convert(source, target, Choices(**options)))


def _convert(source: Path, target: Path, choices: Choices) -> None:
    kind, content = converted(source, target, choices)
    print(f"{target}: {len(content.examples)} images")
    print("keys of `data` in config.yaml for it:")
    keys = data_keys(target, kind, content)
    for key, value in keys.items():
        print(f"  {key}: {_in_yaml(value)}")
    if keys["root"] == Path() or keys["root"].is_absolute():
        print("  # a project's data.root is a folder inside it: move both into one")


def _in_yaml(value: Any) -> str:
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="modelyard convert",
        description="Annotations from one format to another: " + ", ".join(FORMATS) + ".",
    )
    parser.add_argument("source", type=Path, help="a file, a folder, or the root config.yaml")
    parser.add_argument("target", type=Path, help="the .csv, the .json or the folder to write")
    parser.add_argument(
        "--from", dest="read_as", choices=FORMATS, help="the source's format; default: by content"
    )
    parser.add_argument(
        "--to", dest="write_as", choices=FORMATS, help="the target's format; default: by suffix"
    )
    parser.add_argument("--images", type=Path, help="the images' folder; default: source's")
    parser.add_argument("--force", action="store_true", help="overwrite the target")
    parser.add_argument(
        "--allow-loss", action="store_true", help="leave out what the target cannot hold"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

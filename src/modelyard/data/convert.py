"""Convert annotations from CSV to COCO's JSON, or back: `modelyard convert SOURCE TARGET`.

Nothing is lost on the way there and back: images in their order, also those without objects,
the objects of each, classes, and numbers to the last digit. What the target has no place for is
refused (masks, crowds, spaces around a name) or, if it is none of these, named: categories that
no object has. Ids are numbered anew, and the rows of an image stand together.

A CSV's layout path,class becomes annotations without `bbox`, and these become that layout.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from modelyard.command import finish
from modelyard.data.annotations.coco import read_coco, to_coco, write_coco
from modelyard.data.annotations.csv_layouts import read_layout, write_layout
from modelyard.data.annotations.listing import Example, Listing
from modelyard.errors import UserError
from modelyard.files import whole_file

from .images import image_size

READERS: dict[str, Callable[[Path], Listing]] = {".csv": read_layout, ".json": read_coco}


def convert(source: Path, target: Path, images: Path | None = None, *, force: bool = False) -> int:
    """Write the annotations of `source` as `target`; return the number of their images.

    COCO's JSON names the size of each image: `images` is the folder that their paths start from,
    by default that of `source`. With `force` the target is overwritten.

    Raises:
        UserError: other suffixes, a target that exists or cannot hold everything, or a bad row.
    """
    if {source.suffix, target.suffix} != READERS.keys():
        raise UserError(
            f"{source} to {target}: one must end in .csv, the other in .json; there is nothing "
            "else to convert."
        )
    if not source.is_file():
        raise UserError(f"{source} does not exist; name a CSV, or a file in COCO's JSON.")
    if target.exists() and not force:
        raise UserError(f"{target} exists; name another file, or add --force.")
    listing = READERS[source.suffix](source)
    if listing.bad:
        raise UserError(
            f"{source}: {len(listing.bad)} of {listing.entries} entries are bad, first "
            f"{listing.first_bad}; mend or drop them."
        )
    examples = listing.examples()
    with whole_file(target) as temporary:
        if target.suffix == ".json":
            _to_coco(examples, temporary, images or source.parent)
        else:
            _to_csv(listing, examples, temporary)
        _check_same(listing, examples, READERS[target.suffix](temporary))
    return len(examples)


def _to_coco(examples: list[Example], target: Path, images: Path) -> None:
    missing = [example.path for example in examples if not (images / example.path).is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} images are not in {images}, first {', '.join(missing[:3])}; COCO's "
            "JSON names their sizes: name their folder with --images."
        )
    sizes = [image_size(images / example.path) for example in examples]
    classes = sorted({one.label for example in examples for one in example.objects})
    write_coco(target, to_coco(examples, sizes, classes))


def _to_csv(listing: Listing, examples: list[Example], target: Path) -> None:
    objects = [one for example in examples for one in example.objects]
    boxes = [one for one in objects if one.box]
    for what, count in (
        ("masks", sum(one.mask is not None for one in objects)),
        ("crowds (iscrowd: 1)", sum(one.crowd for one in objects)),
    ):
        if count:
            raise UserError(
                f"{listing.file} has {count} {what}, which a CSV would lose; keep COCO's JSON, or "
                "take them out of a copy first."
            )
    if len(boxes) < len(objects) and (boxes or any(len(one.objects) != 1 for one in examples)):
        raise UserError(
            f"{listing.file}: {len(objects) - len(boxes)} annotations have no bbox; in a CSV "
            "either every object has a box, or every image one class: add what is missing."
        )
    unused = sorted(set(listing.classes) - {one.label for one in objects})
    if unused:
        print(f"warning: no object is of, so no row names: {', '.join(unused)}", file=sys.stderr)
    write_layout(target, examples)


def _check_same(listing: Listing, examples: list[Example], written: Listing) -> None:
    """Read back what was written: a CSV keeps no spaces around a name, for one."""
    back = written.examples()
    if back == examples:
        return
    pairs = zip(examples, back, strict=False)
    first = next((one.path for one, other in pairs if one != other), examples[-1].path)
    raise UserError(
        f"{listing.file}: {first!r} would not come back the same; drop spaces at the ends of names."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert a file; return 0, or 1 after one sentence on what to mend."""
    options = _parser().parse_args(arguments)
    return finish(lambda: _convert(**vars(options)))


def _convert(source: Path, target: Path, images: Path | None, *, force: bool) -> None:
    count = convert(source, target, images, force=force)
    print(f"{target}: {count} images")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="modelyard convert", description="Annotations: CSV to COCO's JSON, or back."
    )
    parser.add_argument("source", type=Path, help="a .csv or .json")
    parser.add_argument("target", type=Path, help="the .json or .csv to write")
    parser.add_argument("--images", type=Path, help="the images' folder; default: source's")
    parser.add_argument("--force", action="store_true", help="overwrite the target")
    return parser


if __name__ == "__main__":
    sys.exit(main())

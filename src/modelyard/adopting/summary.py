"""What was seen in a folder, for people to confirm."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modelyard.config.data_section import SPLITS
from modelyard.data.annotations import Example
from modelyard.data.looking.found import Found
from modelyard.data.looking.tree import Tree

from .images import Images
from .trial import Trial

MOST = 12  # classes, or suffixes, that are shown one by one
WIDTH = 12
RARE, UNEVEN = 10, 10  # images of a class; times as many of another


@dataclass(frozen=True)
class Seen:
    """All that was seen in a folder.

    Attributes:
        data: the section of config.yaml that reads it.
    """

    tree: Tree
    found: Found
    images: Images
    trial: Trial
    data: Mapping[str, Any]

    @property
    def examples(self) -> Sequence[Example]:
        """What can be used."""
        return self.trial.examples

    @cached_property
    def counts(self) -> Counter[str]:
        """Examples or, where there are boxes, objects by class."""
        return Counter(one.label for example in self.examples for one in example.objects)

    @cached_property
    def given(self) -> Counter[str]:
        """Examples by the split that they are given."""
        return Counter(one.split for one in self.examples if one.split)

    def in_split(self, split: str) -> Counter[str]:
        """`counts` of one split."""
        members = (example for example in self.examples if example.split == split)
        return Counter(one.label for example in members for one in example.objects)

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        formats, sizes = self.images.lines()
        yield f"{self.tree.root}: {self.found.words}"
        yield from _block("images", [formats, sizes])
        if self.data["task"] != "image_classification":
            empty = sum(not one.objects for one in self.examples)
            yield from _block("objects", [f"{self.counts.total():,}; {empty:,} images show none"])
        yield from _block("classes", _classes(self))
        yield from _block("splits", [_splits(self)])
        height, width = self.data["image_size"]
        channels = "grey" if self.data["channels"] == 1 else "in colour"
        resized = f"{width} x {height} pixels, {channels} (data.image_size, data.channels)"
        yield from _block("seen as", [resized])
        yield from _block(
            "odd", [*self.found.notes, *_odd_entries(self), *self.trial.odd, *_odd_images(self)]
        )


def _block(name: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else name:{WIDTH}}{line}"


def _classes(seen: Seen) -> Iterator[str]:
    """Yield a line per class: its count and, where splits are given, the count in each."""
    splits = {split: seen.in_split(split) for split in SPLITS if split in seen.given}
    yield f"{len(seen.counts):,}" + (f" ({', '.join(splits)})" if splits else "")
    shown = seen.counts.most_common(MOST)
    width = max((len(label) for label, _ in shown), default=0)
    for label, count in shown:
        by_split = ", ".join(f"{counts[label]:,}" for counts in splits.values())
        yield f"  {label:{width}}  {count:,}" + (f" ({by_split})" if splits else "")
    if len(seen.counts) > MOST:
        yield f"  and {len(seen.counts) - MOST:,} more"


def _splits(seen: Seen) -> str:
    groups = len({one.group for one in seen.examples if one.group})
    kept = f"; {groups:,} groups are not divided" if groups else ""
    if not seen.given:
        shares = seen.data["splits"]
        drawn = ", ".join(f"{split} {shares[split]:g}" for split in SPLITS)
        return f"none are given; drawn: {drawn}{kept}"
    given = ", ".join(f"{split} {seen.given[split]:,}" for split in SPLITS if split in seen.given)
    missing = ", ".join(split for split in SPLITS if split not in seen.given)
    return f"given: {given}" + (f"; drawn from train: {missing}" if missing else "") + kept


def _odd_entries(seen: Seen) -> Iterator[str]:
    """Yield what one may want to know of the annotations before training on them."""
    listing, counts = seen.trial.listing, seen.counts
    if listing.bad:
        yield (
            f"{len(listing.bad):,} of {listing.entries:,} entries cannot be used and are left out "
            f"(data.max_bad_share: {seen.data['max_bad_share']:g}), first {listing.first_bad}"
        )
    if unlisted := len(set(seen.tree.images) - set(listing.images)):
        yield f"{unlisted:,} images are not annotated, and not used"
    if suffixes := seen.tree.suffixes(without=_read(seen.data)).most_common(MOST):
        yield "other files: " + ", ".join(f"{count:,} {suffix}" for suffix, count in suffixes)
    if linked := seen.tree.linked:
        yield f"{len(linked)} folders are links, which are not followed, first {linked[0]}"
    if rare := sorted(label for label, count in counts.items() if count < RARE):
        yield f"{len(rare):,} classes have fewer than {RARE} examples, first {', '.join(rare[:3])}"
    if counts and max(counts.values()) > UNEVEN * min(counts.values()):
        cure = "; params.class_weight: balanced counts rare ones as much as others"
        yield "the classes are uneven" + (cure if seen.found.shows == "class" else "")
    yield from listing.notes


def _read(data: Mapping[str, Any]) -> set[str]:
    """Return the files, and suffixes of files, that annotate."""
    places = data.get("annotations", ".")
    files = {places} if isinstance(places, str) else set(places.values())
    suffix = {"yolo": ".txt", "voc": ".xml", "labelme": ".json"}.get(data["annotation_type"], "")
    return {*files, *data.get("split_lists", {}).values(), suffix}


def _odd_images(seen: Seen) -> Iterator[str]:
    """Yield what one may want to know of the images."""
    images, exif = seen.images, seen.data.get("exif", "ignore")
    if images.turned:
        yield f"{images.turned:,} images have an orientation in EXIF (data.exif: {exif})"
    if images.transparent:
        yield f"{images.transparent:,} images may be transparent: data.background shows there"
    if images.highest:
        low, high = seen.data.get("sixteen_bit_range", [0, 65535])
        yield (
            f"images have 16 bits, at most {images.highest:,}; {low:,} to {high:,} becomes 0 to "
            "255 (data.sixteen_bit_range)"
        )

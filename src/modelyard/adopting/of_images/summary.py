"""What was seen in a folder, for people to confirm."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modelyard.adopting.blocks import MOST, block, class_lines, odd_counts, split_line
from modelyard.config.data_section import SPLITS, Split
from modelyard.data.annotations import Example
from modelyard.data.looking.found import Found
from modelyard.data.looking.tree import Tree

from .images import Images
from .trial import Trial


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
        return _counted(self.examples)

    @cached_property
    def given(self) -> Counter[Split]:
        """Examples by the split that they are given."""
        return Counter(one.split for one in self.examples if one.split)

    def in_split(self, split: str) -> Counter[str]:
        """`counts` of one split."""
        members = (example for example in self.examples if example.split == split)
        return _counted(members)

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        formats, sizes = self.images.lines()
        yield f"{self.tree.root}: {self.found.words}"
        yield from block("images", [formats, sizes])
        if self.data["task"] != "image_classification":
            empty = sum(not one.objects for one in self.examples)
            yield from block("objects", [f"{self.counts.total():,}; {empty:,} images show none"])
        by_split = {split: self.in_split(split) for split in SPLITS if split in self.given}
        if values := [one.value for example in self.examples for one in example.objects
                      if one.value is not None]:  # fmt: skip
            yield from block("values", [f"{min(values):g} to {max(values):g}"])
        else:
            yield from block("classes", class_lines(self.counts, by_split))
        drawn = split_line(self.data["splits"], self.given, _kept(self))
        yield from block("splits", [drawn])
        height, width = self.data["image_size"]
        channels = "grey" if self.data["channels"] == 1 else "in colour"
        resized = f"{width} x {height} pixels, {channels} (data.image_size, data.channels)"
        yield from block("seen as", [resized])
        yield from block(
            "odd", [*self.found.notes, *_odd_entries(self), *self.trial.odd, *_odd_images(self)]
        )


def _counted(examples: Iterable[Example]) -> Counter[str]:
    """Return how many objects there are of each class."""
    objects = (one for example in examples for one in example.objects)
    return Counter(one.label for one in objects if one.value is None)


def _kept(seen: Seen) -> str:
    groups = len({one.group for one in seen.examples if one.group})
    return f"; {groups:,} groups are not divided" if groups else ""


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
    yield from odd_counts(counts, balanced=seen.found.shows == "class")
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

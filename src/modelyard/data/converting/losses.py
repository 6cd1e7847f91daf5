"""What a format has no place for: counted, and taken out of what is written."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

from modelyard.data.annotations.label_files import bounds
from modelyard.data.annotations.labelme_masks import pixel_runs
from modelyard.data.annotations.listing import Box, Example, Object
from modelyard.data.annotations.masks import mask_box, mask_pixels, mask_problem

from .content import Content, Size
from .holds import HOLDS, Holds

DIGITS = 6  # of a pixel, in YOLO's shares

Measure = Callable[[], Size]  # opens the image only where its size matters


def fit(content: Content, kind: str) -> tuple[Content, Counter[str]]:
    """Return what of the content a format holds, and how much of what it does not."""
    holds, lost = HOLDS[kind], Counter[str]()
    objects = [one for example in content.examples for one in example.objects]
    whole = bool(objects) and not any(one.box or one.mask for one in objects)
    examples = []
    for example in content.examples:
        fitted = _fit_example(content, holds, example, lost, whole=whole)
        if fitted.objects or not example.objects:
            examples.append(fitted)
        else:  # without objects it would say that nothing is there
            lost["images of which nothing is left"] += 1
    if not holds.boxes or (whole and kind != "coco"):
        examples = _of_one_class(examples, lost, empty=holds.empty and kind != "csv")
    examples = _fit_splits(holds, examples, lost)
    left = replace(content, examples=examples)
    if not holds.unused:
        lost["classes of no object"] += len({*content.classes} - {*content.used})
        left = replace(left, classes=left.used)
    return left, +lost


def _fit_example(
    content: Content, holds: Holds, example: Example, lost: Counter[str], *, whole: bool
) -> Example:
    objects = []
    for one in example.objects:
        size = partial(content.size, example.path)
        if fitted := _fit_object(holds, one, size, lost, whole=whole):
            objects.append(fitted)
    if example.group is not None and not holds.groups:
        lost["groups of images"] += 1
        example = replace(example, group=None)
    return replace(example, objects=tuple(objects))


def _fit_object(
    holds: Holds, one: Object, size: Measure, lost: Counter[str], *, whole: bool
) -> Object | None:
    """Return what of an object a format holds, None if it holds nothing of it."""
    if one.crowd and not holds.crowds:
        lost["crowds (iscrowd: 1, difficult: 1)"] += 1
        return None
    if not (one.box or one.mask):
        if (whole and holds.whole) or holds.own_box:
            return one
        lost["classes of images without a box"] += 1
        return None
    if not holds.boxes:
        lost["masks" if one.mask else "boxes"] += 1
        return Object(one.label, None)
    if holds.own_box:
        return _with_usable_mask(one, size, lost)
    return _fit_box(holds, _fit_mask(holds, one, size, lost), size, lost)


def _fit_mask(holds: Holds, one: Object, size: Measure, lost: Counter[str]) -> Object:
    """Return an object with its box, and its mask where there is a place for that."""
    if not one.mask:
        return one
    parts = isinstance(one.mask, list)
    kept = len(one.mask) <= holds.polygons if parts else holds.runs
    if not kept:
        lost[_masks(holds, one.mask)] += 1
    if not kept and one.box:
        return replace(one, mask=None)
    if mask_problem(one.mask, size()):
        lost["masks that cannot be used"] += kept
        return replace(one, mask=None)
    if not kept:
        return replace(one, box=mask_box(one.mask, size()), mask=None)
    if parts:
        around = bounds(one.mask)
    else:
        one = replace(one, mask=pixel_runs(mask_pixels(one.mask, size())))
        around = mask_box(one.mask, size())
    if one.box is not None and one.box != around:
        lost["boxes other than the one around their mask"] += 1
    return replace(one, box=around)


def _with_usable_mask(one: Object, size: Measure, lost: Counter[str]) -> Object | None:
    if not one.mask or not mask_problem(one.mask, size()):
        return one
    lost["masks that cannot be used"] += 1
    return replace(one, mask=None) if one.box else None


def _masks(holds: Holds, mask: Any) -> str:
    if not holds.polygons:
        return "masks"
    return "masks of several polygons" if isinstance(mask, list) else "masks of pixels (RLE)"


def _fit_box(holds: Holds, one: Object, size: Measure, lost: Counter[str]) -> Object | None:
    if one.box is None:
        lost["objects without a box"] += 1
        return None
    if not holds.reversed_boxes and (one.box[2] <= one.box[0] or one.box[3] <= one.box[1]):
        lost["boxes without an area"] += 1
        return None
    if _is_outside(holds, one.box, size):
        lost["objects that reach over the edge of their image"] += 1
        one = _cut(one, size())
    return one if holds.digits else _rounded(one, lost)


def _is_outside(holds: Holds, box: Box, size: Measure) -> bool:
    """Say whether a box reaches over an edge that a format does not let it."""
    x1, y1, x2, y2 = box
    if not holds.over_left and min(x1, y1) < 0:
        return True
    return not holds.over_right and (x2 > size()[1] or y2 > size()[0])


def _cut(one: Object, size: Size) -> Object:
    """Return the part of an object that is in its image."""
    height, width = size

    def inside(values: Sequence[float]) -> list[float]:
        sides = zip(values, cycle((width, height)), strict=False)
        return [min(max(value, 0), side) for value, side in sides]

    x1, y1, x2, y2 = inside(one.box or ())
    mask = [inside(polygon) for polygon in one.mask] if one.mask else None
    return replace(one, box=(x1, y1, x2, y2), mask=mask)


def _rounded(one: Object, lost: Counter[str]) -> Object:
    if one.mask:
        mask = [[round(value, DIGITS) for value in one.mask[0]]]
        fitted = replace(one, mask=mask, box=bounds(mask))
    else:
        x1, y1, x2, y2 = one.box or (0, 0, 0, 0)
        fitted = replace(
            one, box=(round(x1, DIGITS), round(y1, DIGITS), round(x2, DIGITS), round(y2, DIGITS))
        )
    if fitted != one:
        lost[f"objects with more than {DIGITS} digits of a pixel"] += 1
    return fitted


def _of_one_class(examples: list[Example], lost: Counter[str], *, empty: bool) -> list[Example]:
    """Return the images of one class each and, where they may be empty, of none."""
    kept = []
    for example in examples:
        labels = _labels(example, lost)
        if len(labels) == 1 or (empty and not labels):
            kept.append(replace(example, objects=tuple(Object(one, None) for one in labels)))
        else:
            lost["images of several classes" if labels else "images without an object"] += 1
    return kept


def _labels(example: Example, lost: Counter[str]) -> list[str]:
    """Return an image's classes; one that is named twice is written once."""
    labels = sorted({one.label for one in example.objects})
    if len(labels) == 1:
        lost["repetitions of an image's class"] += len(example.objects) - 1
    return labels


def _fit_splits(holds: Holds, examples: list[Example], lost: Counter[str]) -> list[Example]:
    given = sum(example.split is not None for example in examples)
    if not given or (holds.splits and (given == len(examples) or not holds.all_splits)):
        return examples
    lost["splits of images"] += given
    return [replace(example, split=None) for example in examples]

"""What each format has a place for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Holds:
    """What a format has a place for.

    Attributes:
        whole: the class of an image without a box.
        polygons: how many a mask may consist of.
        runs: masks of pixels.
        own_box: a box other than the one around its mask.
        empty: images without objects.
        all_splits: whether either all images have a split or none.
        over_left: objects that reach over the left or upper edge of their image.
    """

    boxes: bool = True
    whole: bool = True
    polygons: float = 0
    runs: bool = False
    own_box: bool = False
    crowds: bool = False
    splits: bool = True
    all_splits: bool = True
    groups: bool = False
    empty: bool = True
    unused: bool = False
    reversed_boxes: bool = False
    over_left: bool = True
    over_right: bool = True
    digits: bool = True


MANY = float("inf")
HOLDS = {
    "folders": Holds(boxes=False, empty=False),
    "csv": Holds(all_splits=False, groups=True, reversed_boxes=True),
    "coco": Holds(polygons=MANY, runs=True, own_box=True, crowds=True, all_splits=False,
                  groups=True, unused=True),
    "yolo": Holds(whole=False, polygons=1, unused=True, over_left=False, over_right=False,
                  digits=False),
    "voc": Holds(whole=False, crowds=True, over_left=False),
    "labelme": Holds(polygons=MANY, runs=True, splits=False),
    "via": Holds(polygons=1, splits=False),
}  # fmt: skip

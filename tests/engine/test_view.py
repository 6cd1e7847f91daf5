"""What a model sees of an image, and the way back to the image's own pixels."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.config.image_section import ImageReading, Resize
from modelyard.data.images import read_picture
from modelyard.data.view import Size, view_of
from modelyard.tasks import Output
from modelyard.tasks.detections import detections
from modelyard.zoo.adapters.retinanet import RetinaNet

MODES: tuple[Resize, ...] = ("stretch", "pad", "crop")
SIZES: list[Size] = [(40, 80), (81, 37), (7, 5), (1, 9), (64, 64), (480, 641)]
SEEN: list[Size] = [(32, 32), (24, 33), (9, 4)]
CASES = [*itertools.product(MODES, SIZES, SEEN)]


@pytest.mark.parametrize(("resize", "size", "seen"), CASES)
def test_a_box_comes_back_to_where_it_was(resize: Resize, size: Size, seen: Size) -> None:
    view = view_of(size, seen, resize)
    x1, y1, x2, y2 = view.source
    assert 0 <= x1 < x2 <= size[1]
    assert 0 <= y1 < y2 <= size[0]
    for share in (0.0, 0.3, 0.5):
        box = (x1 + share * (x2 - x1), y1, x2, y1 + (1 - share) * (y2 - y1))
        shares = view.shares(box)
        assert (shares >= -1e-12).all()
        assert (shares <= 1 + 1e-12).all()
        assert view.pixels(shares) == pytest.approx(box, abs=1e-9)
        assert not view.on_padding(shares)


@pytest.mark.parametrize(("size", "seen"), [*itertools.product(SIZES, SEEN)])
def test_stretching_counts_as_it_always_did(size: Size, seen: Size) -> None:
    view, (height, width) = view_of(size, seen), size
    box = np.array([0.3 * width, -1, width + 2, 0.7 * height])
    shares = np.clip(box / (width, height, width, height), 0, 1)
    assert view.shares(box).tolist() == shares.tolist()
    row = shares.astype(np.float32)
    assert view.pixels(row) == tuple((row * (width, height, width, height)).tolist())
    grid = np.random.default_rng(0).random((16, 16), np.float32)
    spread = Image.fromarray(grid).resize((width, height), Image.Resampling.BILINEAR)
    assert (view.spread(grid) == np.asarray(spread)).all()


def test_padding_keeps_proportions_and_shows_all_in_the_middle() -> None:
    view = view_of((20, 60), (33, 30), "pad")
    assert view.source == (0, 0, 60, 20)
    assert view.target == (0, 11, 30, 21)
    assert view.shares((0, 0, 60, 20)).tolist() == pytest.approx([0, 11 / 33, 1, 21 / 33])


def test_cropping_shows_the_middle_in_the_proportions_of_what_is_seen() -> None:
    assert view_of((21, 60), (8, 16), "crop").source == (9, 0, 51, 21)
    assert view_of((60, 21), (8, 16), "crop").source == (0, 25, 21, 35)
    assert view_of((30, 60), (8, 16), "crop").source == (0, 0, 60, 30)


COLOURS = {  # of what is left, in the middle and right in an image, and what each mode shows
    "stretch": [10, 10, 120, 120, 120, 120, 240, 240],
    "crop": [120] * 8,
}


@pytest.mark.parametrize("resize", MODES)
def test_pixels_lie_where_boxes_say(resize: Resize, tmp_path: Path) -> None:
    values = np.repeat(np.array([10, 120, 120, 240], np.uint8), 20)[None].repeat(40, 0)
    Image.fromarray(values).save(tmp_path / "a.png")
    document = {"image_size": [8, 8], "channels": 1, "resize": resize, "background": "#070707"}
    picture = read_picture(tmp_path / "a.png", ImageReading.model_validate(document))
    shown = picture.pixels[..., 0]
    assert picture.size == (40, 80)
    if resize == "pad":
        assert (shown[[0, 1, 6, 7]] == 7).all()
        assert shown[2:6, [0, 3, 4, 7]].tolist() == [[10, 120, 120, 240]] * 4
    else:
        most = 30 if resize == "stretch" else 0  # interpolated, not with what is cut off
        assert np.abs(shown[3].astype(int) - COLOURS[resize]).max() <= most
    x1, y1, x2, y2 = (view_of((40, 80), (8, 8), resize).shares((20, 0, 60, 40)) * 8).round(6)
    inner = shown[int(y1) : int(y2), int(x1) + 1 : int(x2) - 1]  # without interpolated edges
    assert (inner == 120).all()


@pytest.mark.parametrize(("resize", "size", "seen"), CASES)
def test_a_mask_comes_back_to_where_it_was(resize: Resize, size: Size, seen: Size) -> None:
    view = view_of(size, seen, resize)
    x1, y1, x2, y2 = view.source
    left, middle = (x1 + x2) // 2, (y1 + y2) // 2
    mask = np.zeros(size, np.uint8)
    mask[y1:middle, x1:left] = 255
    cells = np.asarray(view.cells(Image.fromarray(mask), seen)).astype(np.float32) / 255
    back = view.spread(cells)
    assert back.shape == size
    scale = max((x2 - x1) / seen[1], (y2 - y1) / seen[0], 1) * 2  # pixels that a cell blurs
    inside = back[y1 : int(middle - scale), x1 : int(left - scale)]
    assert (inside > 0.5).all()
    assert not (back[int(middle + scale) :] > 0.5).any()
    assert not (back[:, int(left + scale) :] > 0.5).any()


def said(resize: Resize, *rows: Any) -> Output:
    return Output(np.array(rows, np.float32), {"classes": ["a", "b"]}, (40, 80), (8, 8), resize)


def test_what_is_found_is_told_in_pixels_of_the_original_image() -> None:
    everything = [0.0, 0.0, 1.0, 1.0, 0.9, 1, *np.ones(16)]
    boxes, covered = {}, {}
    for resize in MODES:
        output = said(resize, everything)
        (found,) = detections(output.values, output.view)
        boxes[resize], covered[resize] = found.box, found.mask
    assert boxes == {"stretch": (0, 0, 80, 40), "pad": (0, 0, 80, 40), "crop": (20, 0, 60, 40)}
    assert covered["stretch"].all()
    assert covered["pad"].all()
    assert covered["crop"][:, 20:60].all()
    assert covered["crop"].sum() == 40 * 40


def test_what_is_found_on_the_padding_is_left_out() -> None:
    above = [0.1, 0.0, 0.9, 0.2, 0.9, 1]
    over = [0.25, 0.0, 0.75, 0.5, 0.9, 1]
    output = said("pad", above, over)
    (found,) = detections(output.values, output.view)
    assert found.box == (20, 0, 60, 20)


@pytest.mark.parametrize(
    ("resize", "boxes"),
    [("stretch", [(20, 10, 60, 30)]), ("pad", [(20, 0, 60, 40)]), ("crop", [(30, 10, 50, 30)])],
)
def test_what_retinanet_finds_counts_the_pixels_of_the_original(
    resize: Resize, boxes: list[tuple[int, ...]]
) -> None:
    network: Any = SimpleNamespace(shape=(32, 32, 3), resize=resize)
    output = {
        "boxes": np.array([[8, 8, 24, 24], [8, 0, 24, 4]], np.float32),
        "labels": np.array([1, 1]),
        "confidence": np.array([0.9, 0.9 if resize == "pad" else 0]),
    }
    found = RetinaNet._detections(network, {"width": 80, "height": 40}, output)
    assert [one.box for one in found] == boxes

"""Equal and nearly equal images in different splits are found, listed, and too many refused."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.data.likeness import copies, likeness, shrunk
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from .noise import PROCESSED, RAW, settings, write_classes

LIST = Path("data/processed/noise-duplicates.csv")
SIDE = 64


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of 60 images of noise of each of two classes."""
    monkeypatch.chdir(tmp_path)
    return write_classes({"cat": 60, "dog": 60})


def rows() -> list[dict[str, str]]:
    return read_csv(RAW / "annotations.csv")


def give_splits(paths: list[str]) -> None:
    """Say in the annotations that of five images in a row three are of train."""
    names = ("train", "train", "train", "validation", "test")
    given = [row | {"split": names[n % 5]} for n, row in enumerate(rows())]
    write_csv(RAW / "annotations.csv", given)
    assert len(given) == len(paths)


def copy(paths: list[str], one: int, other: int) -> None:
    (RAW / paths[other]).write_bytes((RAW / paths[one]).read_bytes())


def prepared(**keys: Any) -> dict[str, list[str]]:
    prepare_data(settings(**keys))
    names = ("train", "validation", "test")
    return {name: [row["path"] for row in read_csv(PROCESSED / f"{name}.csv")] for name in names}


def test_equal_images_are_drawn_into_one_split_and_nothing_is_said(
    paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for other in range(1, 6):
        copy(paths, 0, other)
    for seed in range(5):
        found = prepared(seed=seed)
        assert [len({*paths[:6]} & {*named}) for named in found.values()].count(0) == 2
    assert capsys.readouterr() == ("", "")
    assert not LIST.exists()


def test_equal_images_in_given_splits_are_a_warning_up_to_the_share(
    paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    give_splits(paths)
    copy(paths, 0, 4)
    copy(paths, 1, 9)
    keys = {"max_duplicate_share": 0.05}  # of 48
    prepared(**keys)
    said = (
        "warning: 2 of 48 validation and test images are equal or nearly equal to an image of "
        "another split, first cat_4.png (test), equal to cat_0.png (train); all are listed in "
        f"{LIST}."
    )
    assert said in capsys.readouterr().err
    assert [list(row.values()) for row in read_csv(LIST)] == [
        ["cat_4.png", "test", "cat", "equal", "cat_0.png", "train", "cat"],
        ["cat_9.png", "test", "cat", "equal", "cat_1.png", "train", "cat"],
    ]


def test_more_than_the_share_are_an_error_that_says_what_to_do(paths: list[str]) -> None:
    give_splits(paths)
    copy(paths, 0, 4)
    with pytest.raises(UserError) as error:
        prepared()
    assert "more than the share of 0.01 that data.max_duplicate_share in config" in str(error.value)
    assert "data.group_column" in str(error.value)
    assert len(read_csv(LIST)) == 1
    assert not PROCESSED.exists()
    copy(paths, 5, 4)
    Image.effect_noise((20, 10), 99).save(RAW / paths[4])
    prepared()
    assert not LIST.exists()


def test_validation_and_test_are_compared_with_each_other_too(paths: list[str]) -> None:
    give_splits(paths)
    copy(paths, 3, 4)
    prepared(max_duplicate_share=0.1)
    found = [(row["path"], row["to"], row["its_split"]) for row in read_csv(LIST)]
    assert found == [
        ("cat_3.png", "cat_4.png", "test"),
        ("cat_4.png", "cat_3.png", "validation"),
    ]


def test_equal_images_of_different_classes_are_named_also_within_a_split(
    paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    give_splits(paths)
    copy(paths, 0, 60)
    prepared()
    said = (
        "warning: 1 image has the pixels of an image of another class, first dog_0.png (dog) and "
        f"cat_0.png (cat); all are listed in {LIST}: correct the classes."
    )
    assert said in capsys.readouterr().err
    assert len(read_csv(LIST)) == 1


def test_nearly_equal_images_are_found(
    paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    give_splits(paths)
    pixels = np.kron(np.random.default_rng(1).integers(30, 200, (5, 10)), np.ones((2, 2)))
    Image.fromarray(pixels.astype(np.uint8)).save(RAW / paths[0])
    Image.fromarray((pixels * 1.1 + 5).astype(np.uint8)).save(RAW / paths[4])
    prepared(max_duplicate_share=0.05)
    assert "first cat_4.png (test), nearly equal to cat_0.png (train)" in capsys.readouterr().err


def photographs() -> list[Image.Image]:
    """Return 24 pieces of two photographs, of which some overlap."""
    from sklearn.datasets import load_sample_images

    return [
        Image.fromarray(photo[top : top + 160, left : left + 160])
        for photo in load_sample_images().images
        for top in (0, 160, 260)
        for left in (0, 160, 320, 480)
    ]


def saved(image: Image.Image, kind: str, **keys: Any) -> Image.Image:
    file = io.BytesIO()
    image.save(file, kind, **keys)
    return Image.open(file).convert(image.mode)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG": lambda image: saved(image, "jpeg", quality=75),
    "WebP": lambda image: saved(image, "webp", quality=80),
    "half the size": lambda image: image.resize((80, 80), Image.Resampling.LANCZOS),
    "twice the size": lambda image: image.resize((320, 320), Image.Resampling.BICUBIC),
    "small JPEG": lambda image: saved(image.resize((120, 120)), "jpeg", quality=85),
    "brighter": lambda image: image.point(lambda value: min(255, round(value * 1.08))),
    "darker": lambda image: image.point(lambda value: round(value * 0.85)),
}


def prepared_pixels(images: list[Image.Image], side: int = SIDE) -> np.ndarray:
    stretched = [image.resize((side, side), Image.Resampling.BILINEAR) for image in images]
    return np.stack([np.asarray(image).reshape(side, side, -1) for image in stretched])


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("kind", COPIES)
def test_copies_of_photographs_are_found_and_taken_for_no_other(kind: str, side: int) -> None:
    originals = photographs()
    altered = [COPIES[kind](image) for image in originals]
    small = shrunk([*prepared_pixels(originals, side), *prepared_pixels(altered, side)])
    count = len(originals)
    found = dict(copies(small, np.arange(count), np.arange(count, 2 * count)))
    assert all(other == one + count for one, other in found.items())
    assert len(found) >= count - 1


def test_no_handwritten_digit_is_taken_for_a_copy_of_another() -> None:
    from sklearn.datasets import load_digits

    digits = np.rint(load_digits().images * 255 / 16).astype(np.uint8)
    small = shrunk(digits[..., None])
    held, others = np.arange(0, len(small), 3), np.arange(1, len(small), 3)
    assert dict(copies(small, held, others)) == {}
    assert dict(copies(small, others, np.arange(2, len(small), 3))) == {}


def test_parts_of_one_photograph_are_no_copies_of_each_other() -> None:
    small = shrunk(prepared_pixels(photographs()))
    assert dict(copies(small, np.arange(0, 24, 2), np.arange(1, 24, 2))) == {}


def test_images_that_show_nothing_are_no_copies_unless_they_are_equal() -> None:
    flat = np.stack([np.full((20, 20, 1), value, np.uint8) for value in (0, 90, 255)])
    faint = flat[1] + (np.arange(20) // 2).astype(np.uint8)[:, None]
    small = shrunk([*flat, faint, faint + 1])
    assert dict(copies(small, np.arange(2), np.arange(2, 5))) == {}
    assert not likeness(small[3:4], small[4:5]).any()


def test_a_copy_is_found_among_images_that_all_look_the_same() -> None:
    random = np.random.default_rng(0)
    scene = np.kron(random.integers(40, 220, (16, 16)), np.ones((4, 4)))
    parts = np.stack([scene] * 60)
    for number, (top, left) in enumerate(random.integers(0, 48, (60, 2))):
        parts[number, top : top + 12, left : left + 12] = 255 - parts[number, top, left]
    small = shrunk(np.concatenate([parts, parts[7:8] * 0.9 + 9]).astype(np.uint8)[..., None])
    assert dict(copies(small, np.array([60]), np.arange(60))) == {60: 7}


def test_small_blocks_give_what_large_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    originals = photographs()
    pixels = [*prepared_pixels(originals), *prepared_pixels([COPIES["JPEG"](p) for p in originals])]
    small, count = shrunk(pixels), len(originals)
    positions = (np.arange(count), np.arange(count, 2 * count))
    before = dict(copies(small, *positions))
    for name in ("BLOCK", "ROWS"):
        monkeypatch.setattr(f"modelyard.data.likeness.{name}", 5)
    assert dict(copies(small, *positions)) == before

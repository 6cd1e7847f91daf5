"""Boxes, masks and sizes that cannot be: each is refused by what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.data.annotations import read_annotations
from modelyard.data.images import image_size
from modelyard.errors import UserError

from .annotated import HEIGHT, WIDTH, annotation, coco, config, image, read, rows, write_coco

TURNED = 6  # an orientation of EXIF: by a quarter
SHARES = "are within 0..1: they look like shares of the image, not pixels; multiply x by"


def test_a_file_of_shares_is_one_error_whatever_may_be_bad(root: Path) -> None:
    with pytest.raises(UserError) as error:
        rows(root, "a.png,0.57,0.26,0.75,0.5,dog\nb.png,0,0,1,1,cat\n", bad=0.9)
    assert str(error.value).startswith(f"raw/labels: all boxes (2) {SHARES}")
    records = [annotation(1, 0, bbox=[0.1, 0.2, 0.3, 0.4]), annotation(2, 1, bbox=[0, 0, 0.5, 1])]
    with pytest.raises(UserError, match=rf"all boxes \(2\) {SHARES}"):
        coco(root, records, bad=0.9)


def test_polygons_of_shares_are_too(root: Path) -> None:
    polygon = [[0.1, 0.1, 0.9, 0.1, 0.9, 0.8]]
    with pytest.raises(UserError, match=r"all boxes \(1\) are within"):
        coco(
            root,
            [annotation(1, 0, bbox=None, segmentation=polygon)],
            task="instance_segmentation",
            bad=0.9,
        )


def test_one_box_of_a_pixel_among_larger_ones_is_none(root: Path) -> None:
    examples, bad = rows(root, "a.png,0,0,1,1,dog\nb.png,1,2,3,4,dog\n")
    assert [len(one.objects) for one in examples] == [1, 1]
    assert not bad


def test_classes_need_no_boxes_so_shares_do_no_harm(root: Path) -> None:
    (root / "labels").write_text("path,x1,y1,x2,y2,class\na.png,0.1,0.2,0.3,0.4,dog\n")
    examples, _ = read(config(root, "image_classification", "csv"))
    assert examples[0].label == "dog"


@pytest.fixture
def photo(root: Path) -> Path:
    """Return an image that lies in its file and stands by its EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = TURNED
    Image.new("L", (WIDTH, HEIGHT)).save(root / "photo.jpg", exif=exif)
    return root / "photo.jpg"


def test_an_orientation_counts_only_if_it_is_applied(photo: Path) -> None:
    assert image_size(photo) == image_size(photo, "ignore") == (HEIGHT, WIDTH)
    assert image_size(photo, "apply") == (WIDTH, HEIGHT)


@pytest.mark.parametrize(("exif", "other"), [("ignore", "apply"), ("apply", "ignore")])
def test_an_orientation_is_named_where_it_explains_another_size(
    exif: str, other: str, photo: Path, root: Path
) -> None:
    sides = (HEIGHT, WIDTH) if exif == "ignore" else (WIDTH, HEIGHT)
    turned = image(1, photo.name, width=sides[0], height=sides[1])
    write_coco(root, [annotation(1, 1)], [turned])
    _, listing = read_annotations(config(root, "object_detection", "coco", exif=exif))
    said = f"raw/photo.jpg is {sides[1]} x {sides[0]} pixels, not {sides[0]} x {sides[1]}, "
    said += f"because its EXIF orientation turns it and data.exif is {exif}; set that to {other}"
    assert [bad.what for bad in listing.bad] == [said + " in config.yaml"]
    examples, listing = read_annotations(config(root, "object_detection", "coco", exif=other))
    assert len(examples) == 1
    assert not listing.bad


def test_an_orientation_that_explains_nothing_is_not_named(photo: Path, root: Path) -> None:
    write_coco(root, [annotation(1, 1)], [image(1, photo.name, width=7, height=7)])
    _, listing = read_annotations(config(root, "object_detection", "coco"))
    assert [bad.what for bad in listing.bad] == ["raw/photo.jpg is 20 x 10 pixels, not 7 x 7"]


@pytest.mark.parametrize("where", ["link", "folder"])
def test_a_link_out_of_root_is_bad_in_every_format(where: str, root: Path) -> None:
    Path("other").mkdir()
    (root / "b.png").rename("other/b.png")
    target: Any = Path("other").absolute()
    name = "b.png" if where == "link" else "photos/b.png"
    (root / "b.png" if where == "link" else root / "photos").symlink_to(
        target / "b.png" if where == "link" else target
    )
    examples, bad = rows(root, f"{name},1,2,3,4,dog\na.png,1,2,3,4,dog\n", bad=0.5)
    assert [one.path for one in examples] == ["a.png"]
    assert f"line 2: {name} is behind a link to" in bad[0]
    _, bad = coco(root, [annotation(1, 2)], [image(1, name), image(2, "c.png")], bad=0.5)
    assert f"image 1: {name} is behind a link to" in bad[0]


def test_annotations_behind_a_link_out_of_root_are_refused(root: Path) -> None:
    Path("labels").write_text("path,class\na.png,dog\n")
    (root / "labels").symlink_to(Path("labels").absolute())
    with pytest.raises(UserError, match=r"labels is behind a link to .*, outside raw; DVC would"):
        read_annotations(config(root, "image_classification", "csv"))

"""Conversions between all formats: there and back, awkward names, and what is lost."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations import Example, Object, read_listing
from modelyard.data.annotations.masks import mask_pixels
from modelyard.data.convert import Choices, converted, main
from modelyard.data.converting.recognise import recognise
from modelyard.data.converting.targets import data_keys
from modelyard.errors import UserError

from .labelled import HEIGHT, WIDTH, write_images, write_texts

NAMES = ["a b/é'1.png", 'sub/x "y" & <z>.v2.png', "empty.png", "日本.png"]
CLASSES = ["cat, 'black'", 'dog "é" & <b>', "日本"]
BOXES = [
    Object(CLASSES[0], (1, 2, 3, 4)),
    Object(CLASSES[1], (0.1, 0.2, 30.123456, 10.7)),
    Object(CLASSES[2], (0, 0, WIDTH, HEIGHT)),
    Object(CLASSES[0], (13.333333, 6.666667, 26.666667, 19.999999)),
]
POLYGONS = [
    Object(CLASSES[0], (2, 3, 10, 8), [[2, 3, 10, 3, 10, 8, 2, 8]]),
    Object(CLASSES[1], (0.5, 1.25, 30.75, 15.5), [[0.5, 1.25, 30.75, 2, 20, 15.5]]),
    Object(CLASSES[2], (1, 2, 3, 4)),
]
TARGETS = {
    "csv": "out.csv",
    "coco": "out.json",
    "yolo": "yolo",
    "voc": "voc",
    "labelme": "labelme",
    "via": "via.json",
}


@pytest.fixture(autouse=True)
def _images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path, [f"data/images/{name}" for name in NAMES])


def coco(objects: list[Object], *images: dict[str, Any], more: tuple[str, ...] = ()) -> Path:
    """Write the objects as COCO's, in turn on the first, second and fourth image."""
    names = sorted({one.label for one in objects} | {*more})
    document = {
        "images": [
            {"id": at, "file_name": name, "width": WIDTH, "height": HEIGHT}
            | (images[at] if at < len(images) else {})
            for at, name in enumerate(NAMES)
        ],
        "categories": [{"id": at, "name": name} for at, name in enumerate(names)],
        "annotations": [
            {
                "id": at,
                "image_id": (0, 1, 3)[at % 3],
                "category_id": names.index(one.label),
                "iscrowd": int(one.crowd),
            }
            | ({"bbox": bbox(*one.box)} if one.box else {})
            | ({"segmentation": one.mask} if one.mask else {})
            for at, one in enumerate(objects)
        ],
    }
    Path("data/source.json").write_text(json.dumps(document))
    return Path("data/source.json")


def bbox(x1: float, y1: float, x2: float, y2: float) -> list[float]:
    return [x1, y1, x2 - x1, y2 - y1]


def to(source: Path, kind: str, name: str = "", **choices: Any) -> AnnotationSource:
    """Convert into data/; return how to read what was written."""
    target = Path("data") / (name or TARGETS.get(kind, kind))
    if kind == "coco" and source.suffix == ".json":  # the same format, but from a config.yaml
        keys = {"annotation_type": kind, "root": "data", "images": "images"}
        Path("config.yaml").write_text(json.dumps({"data": keys | {"annotations": source.name}}))
        source = Path("config.yaml")
    images = None if source.suffix == ".yaml" else Path("data/images")
    _, content = converted(source, target, Choices(write_as=kind, images=images, **choices))
    return AnnotationSource.model_validate(data_keys(target, kind, content))


def read(source: AnnotationSource) -> list[Example]:
    listing = read_listing(source)
    assert listing.bad == []
    return sorted(listing.examples(), key=lambda one: one.path)


def rounded(examples: list[Example]) -> list[Any]:
    """Return what images hold, numbers to a billionth."""
    return [
        (
            one.path,
            one.split,
            one.group,
            [
                (
                    thing.label,
                    thing.crowd,
                    [round(value, 9) for value in thing.box or ()],
                    [[round(value, 9) for value in part] for part in thing.mask or ()],
                )
                for thing in one.objects
            ],
        )
        for one in examples
    ]


def expected(objects: list[Object]) -> list[Any]:
    found: dict[str, list[Object]] = {name: [] for name in NAMES}
    for at, one in enumerate(objects):
        found[NAMES[(0, 1, 3)[at % 3]]].append(one)
    return rounded([Example(f"images/{name}", (*found[name],)) for name in sorted(NAMES)])


def config_of(source: AnnotationSource) -> Path:
    """Write a source as the `data` of a config.yaml, in JSON, which is YAML."""
    keys = source.model_dump(exclude_defaults=True, mode="json")
    Path("config.yaml").write_text(json.dumps({"data": keys | {"seed": 1}}))
    return Path("config.yaml")


@pytest.mark.parametrize(("first", "second"), permutations(TARGETS, 2))
def test_boxes_come_through_every_pair_of_formats(first: str, second: str) -> None:
    there = to(coco(BOXES), first, f"first-{TARGETS[first]}")
    back = to(config_of(there), second, f"second-{TARGETS[second]}")
    assert rounded(read(there)) == rounded(read(back)) == expected(BOXES)


@pytest.mark.parametrize(("first", "second"), permutations(["coco", "yolo", "labelme", "via"], 2))
def test_polygons_come_through_every_pair_of_formats(first: str, second: str) -> None:
    there = to(coco(POLYGONS), first, f"first-{TARGETS[first]}")
    back = to(config_of(there), second, f"second-{TARGETS[second]}")
    assert rounded(read(there)) == rounded(read(back)) == expected(POLYGONS)


@pytest.mark.parametrize("kind", TARGETS)
def test_what_was_written_is_recognised_by_itself(kind: str) -> None:
    to(coco(BOXES), kind)
    found = recognise(Path("data") / TARGETS[kind], Path("data/images"))
    assert found.annotation_type == kind
    assert rounded(read(found)) == expected(BOXES)


@pytest.mark.parametrize("kind", ["csv", "coco", "labelme", "via"])
def test_classes_of_images_come_through(kind: str) -> None:
    write_texts(
        Path("data"),
        {"source.csv": "path,class\n" + "".join(
            '"' + name.replace('"', '""') + f'",{label}\n'
            for name, label in zip(NAMES, ["cat", "dog", "é 日", "cat"], strict=True)
        )},
    )  # fmt: skip
    there = to(Path("data/source.csv"), "coco", "first.json")
    if kind != "coco":
        there = to(config_of(there), kind, f"second-{TARGETS[kind]}")
    labels = {one.path.removeprefix("images/"): one.objects for one in read(there)}
    assert labels == {
        name: (Object(label, None),)
        for name, label in zip(NAMES, ["cat", "dog", "é 日", "cat"], strict=True)
    }


def test_folders_hold_the_same_bytes_under_the_class_and_come_back() -> None:
    names = [f"{split}/x{at}.png" for split in ("train", "val", "test") for at in (1, 2)]
    write_images(Path("other"), names)
    splits = {"val": "validation"}
    rows = [
        f"{name},{'cat' if '1' in name else 'a dog'},{splits.get(folder, folder)}\n"
        for name in names
        for folder in [name.partition("/")[0]]
    ]
    write_texts(Path("other"), {"source.csv": "path,class,split\n" + "".join(rows)})
    kind, content = converted(Path("other/source.csv"), Path("out"), Choices(write_as="folders"))
    found = AnnotationSource.model_validate(data_keys(Path("out"), kind, content))
    assert {one.path: (one.label, one.split) for one in read(found)} == {
        "train/cat/x1.png": ("cat", "train"),
        "train/a dog/x2.png": ("a dog", "train"),
        "validation/cat/x1.png": ("cat", "validation"),
        "validation/a dog/x2.png": ("a dog", "validation"),
        "test/cat/x1.png": ("cat", "test"),
        "test/a dog/x2.png": ("a dog", "test"),
    }
    assert Path("out/test/cat/x1.png").read_bytes() == Path("other/test/x1.png").read_bytes()
    assert main(["out", "back.csv"]) == 0
    assert "train/a dog/x2.png,a dog,train" in Path("back.csv").read_text()


@pytest.mark.parametrize(
    ("rows", "why"),
    {
        "a/x.png,cat\nb/x.png,cat\n": "a/x.png and b/x.png would both become cat/x.png; rename",
        "a/x.png,cat\nb/x.png,a/b\n": "the class 'a/b' cannot be the name of a folder",
        "a/x.png,cat\nb/x.png,..\n": "the class '..' cannot be the name of a folder",
    }.items(),
)
def test_what_cannot_be_a_folder_is_refused(rows: str, why: str) -> None:
    write_images(Path("other"), ["a/x.png", "b/x.png"])
    write_texts(Path("other"), {"source.csv": f"path,class\n{rows}"})
    with pytest.raises(UserError) as error:
        converted(Path("other/source.csv"), Path("out"), Choices(write_as="folders"))
    assert why in str(error.value)
    assert not Path("out").exists()
    assert [one.name for one in Path().iterdir() if one.name.startswith(".")] == []


SPLITS: list[dict[str, Any]] = [{"split": name} for name in ("train", "validation", "test")]
SPLITS.append({"split": "train"})


@pytest.mark.parametrize("kind", ["csv", "yolo", "voc"])
def test_splits_come_through(kind: str) -> None:
    found = read(to(coco(BOXES, *SPLITS), kind))
    assert {one.path.removeprefix("images/"): one.split for one in found} == dict(
        zip(NAMES, ["train", "validation", "test", "train"], strict=True)
    )


def test_groups_come_through() -> None:
    groups = [{"patient": "1"}, {"patient": "2"}, {"patient": "1"}, {}]
    there = AnnotationSource(
        annotation_type="coco",
        root=Path("data"),
        images="images",
        annotations=coco(BOXES, *groups).name,
        group_column="patient",
    )
    found = read(to(config_of(there), "csv"))
    assert {one.path.removeprefix("images/"): one.group for one in found} == dict(
        zip(NAMES, ["1", "2", "1", None], strict=True)
    )


RUNS = {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * 2, 5, HEIGHT * WIDTH - HEIGHT * 2 - 5]}
TWO = [[2, 3, 10, 3, 10, 8], [20, 3, 30, 3, 30, 8]]
LOSSES: list[tuple[str, Object, str]] = [
    ("labelme", Object("c", (1, 2, 3, 4), crowd=True), "1 crowds (iscrowd: 1, difficult: 1)"),
    ("yolo", Object("c", (1, 2, 3, 4), crowd=True), "1 crowds (iscrowd: 1, difficult: 1)"),
    ("via", Object("c", (2, 0, 3, 5), RUNS), "1 masks of pixels (RLE)"),
    ("yolo", Object("c", (2, 0, 3, 5), RUNS), "1 masks of pixels (RLE)"),
    ("yolo", Object("c", (2, 3, 30, 8), TWO), "1 masks of several polygons"),
    ("via", Object("c", (2, 3, 30, 8), TWO), "1 masks of several polygons"),
    ("voc", Object("c", (2, 3, 30, 8), TWO), "1 masks"),
    ("csv", Object("c", (2, 3, 30, 8), TWO), "1 masks"),
    ("labelme", Object("c", (2, 3, 31, 8), TWO), "1 boxes other than the one around their mask"),
    ("yolo", Object("c", (1, 2, 44, 4)), "1 objects that reach over the edge of their image"),
    ("voc", Object("c", (-1, 2, 4, 4)), "1 objects that reach over the edge of their image"),
    ("yolo", Object("c", (1, 2, 3.12345678, 4)), "1 objects with more than 6 digits of a pixel"),
    ("yolo", Object("c", (3, 2, 1, 4)), "1 boxes without an area"),
    ("labelme", Object("c", (3, 2, 3, 4)), "1 boxes without an area"),
    ("voc", Object("c", None), "1 classes of images without a box"),
    ("labelme", Object("c", None), "1 classes of images without a box"),
]


@pytest.mark.parametrize(("kind", "one", "what"), LOSSES)
def test_what_a_format_has_no_place_for_is_counted(
    kind: str, one: Object, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = coco([one, *BOXES]), Path("data") / TARGETS[kind]
    command = [str(source), str(target), "--images", "data/images", "--to", kind]
    assert main([*command, "--force"]) == 1
    error = capsys.readouterr().err
    assert f"data/source.json has {what}" in error
    assert "add --allow-loss" in error
    assert not target.exists()
    assert main([*command, "--allow-loss"]) == 0
    assert f"warning: left out: {what}" in capsys.readouterr().err


def test_splits_groups_classes_and_images_that_have_no_place_are_counted() -> None:
    write_images(Path("data/images"), ["other.png"])
    source = coco(BOXES, *SPLITS, more=("nothing",))
    with pytest.raises(UserError, match=r"has 4 splits of images, 1 classes of no object, 1 images "
                       "that no entry names, which LabelMe's JSON would lose"):  # fmt: skip
        to(source, "labelme")
    some = coco(BOXES, *SPLITS[:2])
    with pytest.raises(UserError, match=r"2 splits of images, 1 images that no entry names, which"):
        to(some, "yolo")
    found = to(some, "yolo", allow_loss=True)
    assert len(read(found)) == 5
    found = to(coco(BOXES, more=("nothing",)), "yolo", "named", allow_loss=True)
    assert read_listing(found).classes == sorted([*CLASSES, "nothing"])


def test_masks_of_several_polygons_and_of_pixels_come_through_labelme() -> None:
    objects = [Object("c", (2, 3, 30, 8), TWO), Object("d", (2, 0, 3, 5), RUNS)]
    there = to(coco(objects), "labelme")
    found = {one.path: one.objects for one in read(there)}
    assert found[f"images/{NAMES[0]}"] == (objects[0],)
    (second,) = found[f"images/{NAMES[1]}"]
    assert second.box == (2, 0, 3, 5)
    pixels = mask_pixels(RUNS, (HEIGHT, WIDTH))
    assert (mask_pixels(second.mask, (HEIGHT, WIDTH)) == pixels).all()


def test_crowds_come_through_voc_as_difficult() -> None:
    crowd = Object("c", (1, 2, 3, 4), crowd=True)
    found = {one.path: one.objects for one in read(to(coco([crowd]), "voc"))}
    assert found[f"images/{NAMES[0]}"] == (crowd,)


def test_an_image_of_which_nothing_is_left_is_not_said_to_be_empty() -> None:
    crowd = Object("c", (1, 2, 3, 4), crowd=True)
    source = coco([BOXES[0], crowd, BOXES[1]])
    with pytest.raises(UserError, match=r"1 crowds .*, 1 images of which nothing is left, which"):
        to(source, "via")
    found = to(source, "via", allow_loss=True)
    assert f"images/{NAMES[1]}" not in read_listing(found).images


def test_masks_that_cannot_be_used_are_counted_for_coco_too() -> None:
    source = coco([Object("c", (1, 2, 3, 4), [[1, 2]])])
    with pytest.raises(UserError, match="has 1 masks that cannot be used, which COCO's JSON would"):
        to(source, "coco")
    (one,) = [
        one for example in read(to(source, "coco", allow_loss=True)) for one in example.objects
    ]
    assert one == Object("c", (1, 2, 3, 4))


def test_an_image_of_another_size_than_the_source_says_is_bad() -> None:
    source = coco(BOXES, {"width": 41}, {"width": HEIGHT, "height": WIDTH})
    with pytest.raises(UserError, match=r"2 of 8 entries are bad, first image 0: .* is 40 x 20 pixe"
                       r"ls, not 41 x 20; image 1: .* not 20 x 40; if EXIF turns it"):  # fmt: skip
        to(source, "yolo")
    found = to(source, "yolo", allow_loss=True)
    assert sorted(path for path, one in read_listing(found).images.items() if one.objects) == [
        f"images/{NAMES[3]}"
    ]


def test_half_a_character_is_named() -> None:
    source = coco([Object("c\ud800", (1, 2, 3, 4))])
    with pytest.raises(UserError, match=r"out\.csv: .* has half of a character, which no file"):
        to(source, "csv")


def test_nothing_is_written_where_nothing_would_be_left() -> None:
    with pytest.raises(UserError, match="YOLO's text would hold nothing of it: choose another"):
        to(coco([Object("c", None)]), "yolo", allow_loss=True)
    assert not Path("data/yolo").exists()


def test_images_of_one_stem_are_refused() -> None:
    write_images(Path("other"), ["a.png", "a.jpg"])
    rows = "a.png,1,2,3,4,cat\na.jpg,1,2,3,4,cat\n"
    write_texts(Path("other"), {"source.csv": f"path,x1,y1,x2,y2,class\n{rows}"})
    for kind in ("yolo", "voc", "labelme"):
        with pytest.raises(UserError, match=r"would annotate a\.jpg, but it is for a\.png; rename"):
            converted(Path("other/source.csv"), Path("out"), Choices(write_as=kind))
    assert not Path("out").exists()


def test_a_folder_is_replaced_only_if_nothing_else_lies_in_it() -> None:
    source = coco(BOXES)
    to(source, "yolo")
    with pytest.raises(UserError, match="data/yolo exists; name another file, or add --force"):
        to(source, "yolo")
    to(source, "yolo", force=True)
    write_texts(Path("data/yolo"), {"mine.md": "mine"})
    with pytest.raises(UserError, match=r"data/yolo holds other files, such as .*mine\.md, and"):
        to(source, "yolo", force=True)
    with pytest.raises(UserError, match="data/images holds data/images, which would be replaced"):
        to(source, "yolo", "images", force=True)
    with pytest.raises(UserError, match=r"out\.png: a CSV is a file; let its name end in \.csv"):
        to(source, "csv", "out.png")
    assert Path("data/yolo/mine.md").read_text() == "mine"
    assert len(list(Path("data/images").rglob("*.png"))) == len(NAMES)


def test_images_may_lie_far_from_the_annotations(tmp_path: Path) -> None:
    write_images(tmp_path / "far", ["a.png"])
    write_texts(tmp_path / "near/deep", {"s.csv": "path,x1,y1,x2,y2,class\na.png,1,2,3,4,cat\n"})
    for kind in ("coco", "yolo", "voc", "labelme", "via"):
        target = tmp_path / "near" / TARGETS[kind]
        choices = Choices(write_as=kind, images=tmp_path / "far")
        converted(tmp_path / "near/deep/s.csv", target, choices)
    image = json.loads((tmp_path / "near/labelme/a.json").read_text())["imagePath"]
    assert image == "../../far/a.png"

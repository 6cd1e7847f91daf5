"""Folders as tools write them are recognised, with their splits and names."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.data.annotations import Listing, read_listing
from modelyard.data.convert import Choices, converted, main
from modelyard.data.converting.recognise import recognise
from modelyard.errors import UserError

from .labelled import bad, boxes, listing, write_images, write_texts

LINE = "1 0.5 0.5 0.5 0.5\n"
BOX = [("dog", (10, 5, 30, 15))]
XML = (
    "<annotation><size><width>40</width><height>20</height></size><object><name>dog</name><bndbox>"
    "<xmin>11</xmin><ymin>6</ymin><xmax>30</xmax><ymax>15</ymax></bndbox></object></annotation>"
)
SHAPES = {
    "imagePath": "a.png",
    "shapes": [{"label": "dog", "shape_type": "rectangle", "points": [[10, 5], [30, 15]]}],
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def laid(images: list[str], texts: dict[str, str]) -> Listing:
    """Write files into a folder, recognise it, read it."""
    write_images(Path("set"), images)
    write_texts(Path("set"), texts)
    found = read_listing(recognise(Path("set")))
    assert bad(found) == []
    return found


def splits(found: Listing) -> dict[str, Any]:
    return {path: one.split for path, one in found.images.items()}


def test_yolo_with_folders_for_each_split_and_data_yaml() -> None:
    found = laid(
        ["train/images/a.png", "valid/images/a.png", "test/images/b.png"],
        {
            "train/labels/a.txt": LINE,
            "valid/labels/a.txt": LINE,
            "test/labels/b.txt": "",
            "data.yaml": "train: ../train/images\nnc: 2\nnames: ['cat', 'dog']\n",
            "README.dataset.txt": "about",
        },
    )
    assert splits(found) == {
        "train/images/a.png": "train",
        "valid/images/a.png": "validation",
        "test/images/b.png": "test",
    }
    assert boxes(found)["valid/images/a.png"] == BOX


def test_yolo_with_splits_inside_images_and_labels() -> None:
    found = laid(
        ["images/train/a.png", "images/val/b.png"],
        {
            "labels/train/a.txt": LINE,
            "labels/val/b.txt": LINE,
            "data.yaml": "names:\n  0: cat\n  1: dog\n",
        },
    )
    assert splits(found) == {"images/train/a.png": "train", "images/val/b.png": "validation"}
    assert boxes(found)["images/train/a.png"] == BOX


@pytest.mark.parametrize("names", ["classes.txt", "obj.names"])
def test_yolo_beside_the_images(names: str) -> None:
    found = laid(["s/a.png", "b.png"], {"s/a.txt": LINE, "b.txt": LINE, names: "cat\ndog\n\n"})
    assert boxes(found) == {"b.png": BOX, "s/a.png": BOX}


def test_yolo_without_names_is_refused() -> None:
    with pytest.raises(UserError, match="nothing names their classes; write the names into"):
        laid(["a.png"], {"a.txt": LINE})


def test_images_of_a_split_without_labels_are_not_taken_for_empty() -> None:
    texts = {"labels/train/a.txt": LINE, "classes.txt": "cat\ndog"}
    found = laid(["images/train/a.png", "images/test/b.png"], texts)
    assert [*found.images] == ["images/train/a.png"]


def test_voc_with_its_lists_of_splits() -> None:
    found = laid(
        ["JPEGImages/a.png", "JPEGImages/b.png", "JPEGImages/c.png"],
        {
            **{f"Annotations/{name}.xml": XML for name in "abc"},
            "ImageSets/Main/train.txt": "a\n",
            "ImageSets/Main/val.txt": "b\n",
            "ImageSets/Main/trainval.txt": "a\nb\n",
        },
    )
    assert splits(found) == {"JPEGImages/a.png": "train", "JPEGImages/b.png": "validation"}
    assert boxes(found)["JPEGImages/a.png"] == BOX
    assert "are left out: 1, first" in found.notes[0]


@pytest.mark.parametrize("folders", [("", ""), ("images/", "annotations/")])
def test_labelme_beside_the_images_or_apart(folders: tuple[str, str]) -> None:
    images, labels = folders
    found = laid([f"{images}a.png"], {f"{labels}a.json": json.dumps(SHAPES)})
    assert boxes(found) == {f"{images}a.png": BOX}


def test_annotations_beside_the_images_of_each_split() -> None:
    found = laid(["train/a.png", "valid/b.png"], {"train/a.xml": XML, "valid/b.xml": XML})
    assert splits(found) == {"train/a.png": "train", "valid/b.png": "validation"}


def test_one_folder_per_class_also_in_splits() -> None:
    found = laid(["cat/a.png", "a dog/b.png"], {})
    assert boxes(found) == {"a dog/b.png": [("a dog", None)], "cat/a.png": [("cat", None)]}
    write_images(Path("other"), ["train/cat/a.png", "train/dog/a.png", "val/cat/a.png"])
    assert splits(read_listing(recognise(Path("other")))) == {
        "train/cat/a.png": "train",
        "train/dog/a.png": "train",
        "val/cat/a.png": "validation",
    }


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (
            {"a.txt": LINE, "a.xml": XML, "classes.txt": "cat"},
            "set has YOLO's text and Pascal VOC's XML; name its format with --from",
        ),
        ({"a.md": "x"}, "set has nothing that is known, with images; name its format"),
        ({"a.json": "{"}, r"set/a\.json is not JSON in UTF-8"),
        ({"a.json": '{"images": []}'}, "set has nothing that is known, with images"),
        ({"a.json": "{}"}, r"set/a\.json is neither COCO's JSON \(with images, annotations"),
        ({"a.json": json.dumps(SHAPES)}, r"a\.json is LabelMe's file of one image; name the"),
        ({"a.yaml": "names: [cat]"}, r"a\.yaml has no section `data` with a root"),
        ({"a.yaml": "data: {root: x, annotation_type: csw}"}, r"a\.yaml: annotation_type"),
    ],
)
def test_what_is_not_recognised_is_named(texts: dict[str, str], why: str) -> None:
    write_images(Path("set"), ["a.png"])
    write_texts(Path("set"), texts)
    (name,) = [*texts][:1]
    with pytest.raises(UserError, match=why):
        recognise(Path("set") if why.startswith("set ") else Path("set") / name)


def test_yolo_counts_from_the_upright_image_where_exif_is_applied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_texts(Path("set"), {"s.csv": "path,x1,y1,x2,y2,class\na.jpg,1,2,5,40,cat\n"})
    turned = Image.Exif()
    turned[274] = 6
    Image.new("L", (40, 20)).save("set/a.jpg", exif=turned)
    keys = {"root": "set", "annotation_type": "csv", "annotations": "s.csv", "exif": "apply"}
    write_texts(Path(), {"config.yaml": json.dumps({"data": keys})})
    assert main(["config.yaml", "set/labels", "--to", "yolo"]) == 0
    assert '  exif: "apply"' in capsys.readouterr().out
    assert Path("set/labels/a.txt").read_text() == "0 0.15 0.525 0.2 0.95\n"


def test_files_that_are_no_images_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    write_images(Path("set"), ["cat/a.png", "dog/b.png"])
    write_texts(Path("set"), {"cat/readme.md": "x", "dog/c.md": "x"})
    _, content = converted(Path("set"), Path("out.csv"), Choices())
    assert len(content.examples) == 2
    assert capsys.readouterr().err == ("warning: files that are not images were passed by: 2 .md\n")


def test_images_and_annotations_may_share_no_folder_but_the_root_of_the_disk(
    tmp_path: Path,
) -> None:
    write_images(tmp_path, ["images/a.png"])
    write_texts(tmp_path, {"s.csv": "path,class\na.png,cat\n", "labels/a.xml": XML})
    inside = tmp_path.resolve().relative_to("/").as_posix()
    images = f"{inside}/images"
    found = listing(Path("/"), "csv", images=images, annotations=f"{inside}/s.csv")
    assert (bad(found), [one.missing for one in found.images.values()]) == ([], [""])
    found = listing(Path("/"), "voc", images=images, annotations=f"{inside}/labels")
    assert boxes(found) == {f"{images}/a.png": BOX}

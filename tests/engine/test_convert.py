import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from modelyard.data.convert import convert, main
from modelyard.errors import UserError

CLASSES = 'path,class\nimages/b.png,dog\nimages/a.png,"cat, black"\nimages/c.png,dog\n'
BOXES = (
    "path,x1,y1,x2,y2,class\n"
    "images/b.png,1,2,3,4,dog\n"
    'images/b.png,0.1,0.2,0.30000000000000004,0.7,"cat, black"\n'
    "images/c.png,,,,,\n"
    "images/a.png,-1.5,0,100.33333333333333,1e1,dog\n"
)
NUMBERS = [0.1, 0.2, 100.33333333333333, 20.666666666666668, 7, 1e-9, 199.83999999999997]


@pytest.fixture(autouse=True)
def _images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    for number, name in enumerate("abc"):
        Image.new("RGB", (40 + number, 30)).save(f"images/{name}.png")


def document(annotations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return COCO's JSON with gaps in all ids; the last image shows nothing."""
    return {
        "images": [
            {"id": 10 * number, "file_name": f"images/{name}.png", "width": 42, "height": 30}
            for number, name in enumerate("bac", 1)
        ],
        "annotations": [
            {"id": number, "image_id": 20, "category_id": 3} | keys
            for number, keys in enumerate(annotations, 100)
        ],
        "categories": [{"id": 90, "name": "dog"}, {"id": 3, "name": "cat, black"}],
    }


def write(annotations: list[dict[str, Any]]) -> Path:
    Path("source.json").write_text(json.dumps(document(annotations)))
    return Path("source.json")


def content(file: Path) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
    """Return images, categories and annotations by name."""
    coco = json.loads(file.read_text())
    images = {one["id"]: one["file_name"] for one in coco["images"]}
    names = {one["id"]: one["name"] for one in coco["categories"]}
    found = [
        (images[one["image_id"]], names[one["category_id"]], one.get("bbox"))
        for one in coco["annotations"]
    ]
    return list(images.values()), sorted(names.values()), found


def test_classes_come_back_from_coco_byte_for_byte() -> None:
    Path("source.csv").write_text(CLASSES)
    assert convert(Path("source.csv"), Path("there.json")) == 3
    assert all(
        "bbox" not in one for one in json.loads(Path("there.json").read_text())["annotations"]
    )
    convert(Path("there.json"), Path("back.csv"))
    assert Path("back.csv").read_text() == CLASSES


def test_boxes_come_back_from_coco_to_the_last_digit() -> None:
    Path("source.csv").write_text(BOXES)
    convert(Path("source.csv"), Path("there.json"))
    convert(Path("there.json"), Path("back.csv"))
    assert Path("back.csv").read_text() == BOXES.replace("1e1", "10")


def test_a_csv_becomes_coco_with_sizes_and_ids_from_one() -> None:
    Path("source.csv").write_text(BOXES)
    convert(Path("source.csv"), Path("there.json"))
    coco = json.loads(Path("there.json").read_text())
    assert coco["images"] == [
        {"id": 1, "file_name": "images/b.png", "width": 41, "height": 30},
        {"id": 2, "file_name": "images/c.png", "width": 42, "height": 30},
        {"id": 3, "file_name": "images/a.png", "width": 40, "height": 30},
    ]
    assert coco["categories"] == [{"id": 1, "name": "cat, black"}, {"id": 2, "name": "dog"}]
    assert coco["annotations"][0] == {
        "id": 1,
        "image_id": 1,
        "category_id": 2,
        "iscrowd": 0,
        "area": 4,
        "bbox": [1, 2, 2, 2],
    }
    assert [one["image_id"] for one in coco["annotations"]] == [1, 1, 3]


def test_boxes_come_back_from_csv_to_the_last_digit() -> None:
    boxes = [[x, y, w, h] for x in NUMBERS for y in NUMBERS for w, h in [(x, 0.3), (20.1, y)]]
    source = write(
        [{"bbox": box} for box in boxes]
        + [{"image_id": 10, "category_id": 90, "bbox": [1, 2, 3, 4]}]
    )
    convert(source, Path("there.csv"))
    convert(Path("there.csv"), Path("back.json"))
    before, after = content(source), content(Path("back.json"))
    last = before[2].pop()  # of the first image: a CSV has the rows of an image together
    assert after == (before[0], before[1], [last, *before[2]])


def test_integers_stay_integers() -> None:
    convert(
        write([{"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2.5, 3, 4], "category_id": 90}]),
        Path("there.csv"),
    )
    rows = list(csv.reader(Path("there.csv").read_text().splitlines()))
    assert rows[2:4] == [
        ["images/a.png", "1", "2", "4", "6", "cat, black"],
        ["images/a.png", "1", "2.5", "4", "6.5", "dog"],
    ]
    assert rows[1] == ["images/b.png", "", "", "", "", ""]


RUNS = {"size": [30, 40], "counts": [5, 5, 1190]}
LOST: dict[str, tuple[list[dict[str, Any]], str]] = {
    "masks": (
        [{"bbox": [1, 2, 3, 4], "segmentation": RUNS}],
        "has 1 masks, 1 classes of no object, which a CSV would lose; choose another format, or "
        "add --allow-loss",
    ),
    "crowds": (
        [{"bbox": [1, 2, 3, 4], "iscrowd": 1}, {"bbox": [1, 2, 3, 4], "category_id": 90}],
        "has 1 crowds (iscrowd: 1, difficult: 1), which a CSV would lose",
    ),
    "both kinds": (
        [{"bbox": [1, 2, 3, 4]}, {"category_id": 90}],
        "has 1 classes of images without a box, which a CSV would lose",
    ),
    "two classes": (
        [{}, {"category_id": 90}, {"image_id": 10}],
        "has 1 images of several classes, 1 images without an object, which",
    ),
    "a class twice": (
        [{}, {}, {"image_id": 10, "category_id": 90}, {"image_id": 30}],
        "has 1 repetitions of an image's class, which a CSV would lose",
    ),
    "a class of no object": ([{"bbox": [1, 2, 3, 4]}], "has 1 classes of no object, which a CSV"),
    "unknown category": ([{"category_id": 4}], "annotation 100: there is no category 4"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_a_csv_would_lose_is_counted_and_refused(what: str) -> None:
    annotations, sentence = LOST[what]
    with pytest.raises(UserError) as error:
        convert(write(annotations), Path("there.csv"))
    assert sentence in str(error.value)
    assert sorted(path.name for path in Path().iterdir()) == ["images", "source.json"]


def test_the_rest_is_written_with_a_flag_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    crowd = {"bbox": [5, 6, 7, 8], "iscrowd": 1}
    source = write([{"bbox": [1, 2, 3, 4], "segmentation": RUNS}, crowd, {"category_id": 4}])
    assert main([str(source), "there.csv", "--force"]) == 1
    assert not Path("there.csv").exists()
    assert main([str(source), "there.csv", "--allow-loss"]) == 0
    assert Path("there.csv").read_text() == (
        "path,x1,y1,x2,y2,class\nimages/b.png,,,,,\n"
        'images/a.png,1,2,4,6,"cat, black"\nimages/c.png,,,,,\n'
    )
    assert capsys.readouterr().err.splitlines()[-1] == (
        "warning: left out: 1 bad entries, 1 masks, 1 crowds (iscrowd: 1, difficult: 1), "
        "1 classes of no object"
    )


def test_an_image_of_which_all_is_bad_is_not_said_to_be_empty() -> None:
    source = write([{"category_id": 4}, {"image_id": 10, "bbox": [1, 2, 3, 4], "category_id": 90}])
    assert main([str(source), "there.csv", "--allow-loss"]) == 0
    assert "images/a.png" not in Path("there.csv").read_text()


def test_spaces_that_a_csv_does_not_keep_are_found_by_reading_it_back() -> None:
    source = write([{"bbox": [1, 2, 3, 4]}, {"bbox": [1, 2, 3, 4], "category_id": 90}])
    source.write_text(source.read_text().replace("images/a.png", "images/a.png "))
    Path("images/a.png").rename("images/a.png ")
    with pytest.raises(UserError, match=r"'images/a\.png ' would not come back the same"):
        convert(source, Path("there.csv"))
    assert not Path("there.csv").exists()


def test_the_keys_of_what_was_written_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data").mkdir()
    Path("images").rename("data/images")
    Path("data/source.csv").write_text(CLASSES)
    assert main(["data/source.csv", "data/there.json"]) == 0
    assert capsys.readouterr().out == (
        "data/there.json: 3 images\n"
        "keys of `data` in config.yaml for it:\n"
        '  annotation_type: "coco"\n  root: "data"\n  images: "."\n'
        '  annotations: "there.json"\n'
    )


def test_a_target_is_overwritten_only_with_force(capsys: pytest.CaptureFixture[str]) -> None:
    Path("source.csv").write_text(CLASSES)
    Path("there.json").write_text("mine")
    assert main(["source.csv", "there.json"]) == 1
    assert capsys.readouterr().err == (
        "error: there.json exists; name another file, or add --force.\n"
    )
    assert Path("there.json").read_text() == "mine"
    assert main(["source.csv", "there.json", "--force"]) == 0
    assert len(json.loads(Path("there.json").read_text())["images"]) == 3


def test_sizes_come_from_the_images_folder() -> None:
    Path("labels").mkdir()
    Path("labels/source.csv").write_text(CLASSES)
    with pytest.raises(
        UserError, match=r"3 images are not in labels, first images/b\.png, .*--images"
    ):
        convert(Path("labels/source.csv"), Path("there.json"))
    convert(Path("labels/source.csv"), Path("there.json"), Path())
    assert json.loads(Path("there.json").read_text())["images"][2]["width"] == 42


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("a.csv", "b.csv", r"a\.csv and b\.csv are both a CSV; nothing is to convert"),
        ("a.csv", "b", "b: nothing says which format to write; name one with --to: folders, csv"),
        ("nothing.csv", "b.json", r"nothing\.csv does not exist; name a file or a folder of"),
        ("a.txt", "b.json", r"a\.txt may be anything; name its format with --from: folders, csv"),
    ],
)
def test_what_cannot_be_recognised_is_refused(source: str, target: str, why: str) -> None:
    Path("a.csv").write_text(CLASSES)
    Path("a.txt").write_text(CLASSES)
    with pytest.raises(UserError, match=why):
        convert(Path(source), Path(target))


def test_a_file_with_another_suffix_is_read_as_it_is_said_to_be() -> None:
    Path("a.txt").write_text(CLASSES)
    assert main(["a.txt", "b.json", "--from", "csv"]) == 0
    assert len(json.loads(Path("b.json").read_text())["images"]) == 3

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from modelyard.data.annotations import Listing, Object
from modelyard.errors import UserError

from .labelled import bad, boxes, listing, objects, write_images

RECT = {"name": "rect", "x": 2, "y": 3, "width": 8, "height": 5}
POLYGON = {"name": "polygon", "all_points_x": [2, 10, 10], "all_points_y": [3, 3, 8.5]}
HEADER = [
    "#filename",
    "file_size",
    "file_attributes",
    "region_count",
    "region_id",
    "region_shape_attributes",
    "region_attributes",
]


def region(shape: Any, **attributes: Any) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": attributes or {"class": "cat"}}


def image(name: str, regions: Any = (), **attributes: Any) -> dict[str, Any]:
    return {"filename": name, "size": 9, "regions": regions, "file_attributes": attributes}


def via(root: Path, *images: Any, project: bool = False, **keys: Any) -> Listing:
    write_images(root, ["a.png", "b.png"])
    document = {f"{number}.png9": one for number, one in enumerate(images)}
    whole = {"_via_settings": {}, "_via_img_metadata": document} if project else document
    (root / "via.json").write_text(json.dumps(whole))
    return listing(root, "via", annotations="via.json", **keys)


@pytest.mark.parametrize("project", [False, True])
def test_shapes_are_boxes_and_masks(tmp_path: Path, project: bool) -> None:  # noqa: FBT001
    regions = [region(RECT), region(POLYGON, **{"class": " é "})]
    found = via(
        tmp_path, image("a.png", regions), image("b.png", {"0": regions[0]}), project=project
    )
    assert objects(found) == {
        "a.png": [
            Object("cat", (2, 3, 10, 8)),
            Object("é", (2, 3, 10, 8.5), [[2, 3, 10, 3, 10, 8.5]]),
        ],
        "b.png": [Object("cat", (2, 3, 10, 8))],
    }
    assert (bad(found), found.entries) == ([], 5)


def test_round_shapes_are_polygons_of_the_same_box(tmp_path: Path) -> None:
    ellipse = {"name": "ellipse", "cx": 20, "cy": 10, "rx": 8, "ry": 4}
    shapes = [
        {"name": "circle", "cx": 20, "cy": 10, "r": 5},
        ellipse,
        ellipse | {"theta": math.pi / 2},
    ]
    found = via(tmp_path, image("a.png", [region(shape) for shape in shapes]))
    assert [box for _, box in boxes(found)["a.png"]] == [
        (15, 5, 25, 15),
        (12, 6, 28, 14),
        (16, 2, 24, 18),
    ]
    assert all(len(one.mask[0]) >= 64 for one in objects(found)["a.png"])


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (region({"name": "point", "cx": 1, "cy": 2}), "it is a point, which is not read"),
        (region({"name": "polyline"}), "it is a polyline, which is not read"),
        (region(RECT | {"x": "2"}), "its x, y, width, height are ['2', 3, 8, 5], which are not"),
        (region(RECT | {"width": None}), "which are not numbers of pixels"),
        (region(POLYGON | {"all_points_x": [1]}), "are not two lists of one length"),
        (region(POLYGON | {"all_points_x": [1, 2, "3"]}), "its points are not numbers of pixels"),
        (
            region({"name": "polygon", "all_points_x": [1], "all_points_y": [1]}),
            "it is a polygon of 1 points; three are needed",
        ),
        (region(None), "its shape_attributes are not a mapping with a name"),
        ("region", "its shape_attributes are not a mapping with a name"),
        (region(RECT, **{"class": ""}), "its attribute class is empty"),
        (region(RECT, **{"class": {"cat": True, "dog": True}}), "class is cat, dog: 2 classes"),
        (region(RECT, **{"class": {"cat": False}}), "its attribute class is empty"),
    ],
)
def test_a_bad_region_is_named_and_spoils_its_image(tmp_path: Path, one: Any, what: str) -> None:
    found = via(tmp_path, image("a.png", [region(RECT), one]))
    assert len(found.bad) == 1
    assert bad(found)[0].startswith("image a.png, region 2: ")
    assert what in bad(found)[0]
    assert found.images["a.png"].spoiled


def test_the_class_is_a_text_a_number_or_a_ticked_box(tmp_path: Path) -> None:
    values = ["cat", 7, {"dog": True, "cat": False}]
    found = via(tmp_path, image("a.png", [region(RECT, **{"class": one}) for one in values]))
    assert [label for label, _ in boxes(found)["a.png"]] == ["cat", "7", "dog"]


def test_the_attribute_of_the_class_must_be_chosen_where_there_are_several(tmp_path: Path) -> None:
    several = image("a.png", [region(RECT, kind="cat", colour="red")])
    with pytest.raises(UserError, match=r"columns\.class in .* is not set, .* colour, kind; set"):
        via(tmp_path, several)
    with pytest.raises(UserError, match=r"columns\.class .* is 'name', .* colour, kind"):
        via(tmp_path, several, columns={"class": "name"})
    found = via(tmp_path, several, columns={"class": "kind"})
    assert boxes(found)["a.png"] == [("cat", (2, 3, 10, 8))]


def test_without_regions_the_class_is_an_attribute_of_the_image(tmp_path: Path) -> None:
    found = via(tmp_path, image("a.png", caption="", label="cat"), image("b.png", label=""),
                columns={"class": "label"})  # fmt: skip
    assert boxes(found) == {"a.png": [("cat", None)], "b.png": []}
    found = via(tmp_path, image("a.png", [region(RECT)], label="x"), image("b.png", label="y"))
    assert boxes(found) == {"a.png": [("cat", (2, 3, 10, 8))], "b.png": []}


def test_images_that_are_missing_repeated_or_damaged_are_named(tmp_path: Path) -> None:
    found = via(tmp_path, image("z.png"), image("a.png"), image("a.png"), {"filename": "b.png",
                "regions": 3}, image("../out.png"))  # fmt: skip
    assert found.images["z.png"].missing.startswith("z.png is not in ")
    assert [what.split(" leaves")[0] for what in bad(found)] == [
        "image 3.png9: it needs a filename and regions",
        "image a.png: a.png is annotated by image a.png too; keep one",
        "image ../out.png: ../out.png",
    ]


@pytest.mark.parametrize("text", ["[]", "{", '{"images": []}', '{"metadata": {}, "file": {}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "via.json").write_text(text)
    with pytest.raises(UserError, match=r"via\.json is not (VIA's JSON|JSON in UTF-8)"):
        listing(tmp_path, "via", annotations="via.json")


def write_csv(root: Path, rows: list[list[Any]], header: list[str] = HEADER) -> None:
    write_images(root, ["a.png", "b.png"])
    with (root / "via.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def test_a_csv_has_a_row_for_each_region(tmp_path: Path) -> None:
    label = json.dumps({"class": "cat"})
    write_csv(
        tmp_path,
        [
            ["a.png", 9, "{}", 2, 0, json.dumps(RECT), label],
            ["a.png", 9, "{}", 2, 1, json.dumps(POLYGON), label],
            ["b.png", 9, "{}", 0, 0, "{}", "{}"],
            ["a.png", 9, "{}", 2, 1, "{", label],
            ["", 9, "{}", 2, 1, "{}", label],
        ],
    )
    found = listing(tmp_path, "via", annotations="via.csv")
    assert boxes(found) == {
        "a.png": [("cat", (2, 3, 10, 8)), ("cat", (2, 3, 10, 8.5))],
        "b.png": [],
    }
    assert found.images["a.png"].objects[1][0] == "line 3"
    assert sorted(where for where, _ in found.bad) == ["line 5", "line 6"]
    assert found.images["a.png"].spoiled


def test_another_csv_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, [], ["path", "class"])
    with pytest.raises(UserError, match=r"via\.csv is not VIA's CSV: it has no column filename"):
        listing(tmp_path, "via", annotations="via.csv")

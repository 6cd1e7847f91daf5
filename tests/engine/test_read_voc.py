from pathlib import Path
from typing import Any

import pytest

from modelyard.data.annotations import Listing, Object

from .labelled import bad, boxes, listing, objects, write_images, write_texts


def thing(*corners: object, name: str = "cat", more: str = "") -> str:
    keys = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{key}>{value}</{key}>" for key, value in zip(keys, corners, strict=True))
    return f"<object><name>{name}</name>{more}<bndbox>{box}</bndbox></object>"


def document(*things: str, filename: str = "a.png", size: tuple[object, object] = (40, 20)) -> str:
    return (
        f"<annotation><filename>{filename}</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height><depth>1</depth></size>{''.join(things)}</annotation>"
    )


def voc(root: Path, files: dict[str, str], **keys: Any) -> Listing:
    write_texts(root, {f"Annotations/{name}": text for name, text in files.items()})
    return listing(root, "voc", **({"images": "JPEGImages", "annotations": "Annotations"} | keys))


def one_file(root: Path, text: str) -> Listing:
    write_images(root, ["JPEGImages/a.png"])
    return voc(root, {"a.xml": text})


def test_corners_are_counted_from_one_and_the_last_pixel_belongs_to_the_box(tmp_path: Path) -> None:
    part = "<part><name>head</name><bndbox><xmin>2</xmin></bndbox></part>"
    found = one_file(
        tmp_path,
        document(thing(1, 1, 40, 20), thing(3, 4.5, 3, "5.75", name=" é &amp; dog ", more=part)),
    )
    assert boxes(found) == {
        "JPEGImages/a.png": [("cat", (0, 0, 40, 20)), ("é & dog", (2, 3.5, 3, 5.75))]
    }
    assert found.images["JPEGImages/a.png"].size == (20, 40)
    assert (bad(found), found.notes, found.entries) == ([], [], 3)
    assert found.images["JPEGImages/a.png"].objects[1][0] == "Annotations/a.xml, object 2"


def test_a_corner_of_zero_says_that_the_whole_source_counts_from_zero(tmp_path: Path) -> None:
    write_images(tmp_path, ["JPEGImages/a.png", "JPEGImages/b.png"])
    found = voc(
        tmp_path,
        {
            "a.xml": document(thing(3, 4, 10, 12)),
            "b.xml": document(thing(0, 5, 40, 20), filename="b.png"),
        },
    )
    assert [box for ((_, box),) in boxes(found).values()] == [(3, 4, 10, 12), (0, 5, 40, 20)]
    assert found.notes == [
        f"{tmp_path}: 1 objects have an xmin or ymin below 1, first Annotations/b.xml, object 1; "
        "all corners were taken to count from 0, not from 1 as VOC's own do."
    ]


def test_difficult_objects_count_as_crowds_do(tmp_path: Path) -> None:
    more = [f"<difficult>{value}</difficult>" for value in (1, 0, "true", "", "Unspecified")]
    found = one_file(tmp_path, document(*(thing(2, 2, 4, 4, more=one) for one in more)))
    crowds = [one.crowd for one in objects(found)["JPEGImages/a.png"]]
    assert crowds == [True, False, True, False, False]
    assert objects(found)["JPEGImages/a.png"][0] == Object("cat", (1, 1, 4, 4), None, crowd=True)


def test_the_image_is_the_one_of_the_files_own_name(tmp_path: Path) -> None:
    write_images(tmp_path, [f"JPEGImages/{name}" for name in ("a.png", "s/b.png", "c.png")])
    found = voc(
        tmp_path,
        {
            "a.xml": document(filename="c.png"),
            "s/b.xml": document(filename="b"),
            "x.xml": document(filename="c"),
        },
    )
    assert {path: one.where for path, one in found.images.items()} == {
        "JPEGImages/a.png": "Annotations/a.xml",
        "JPEGImages/s/b.png": "Annotations/s/b.xml",
        "JPEGImages/c.png": "Annotations/x.xml",
    }
    assert found.notes == [
        f"{tmp_path}: 1 files name an image that is not of their own name, first "
        "Annotations/a.xml names c.png; the image of their own name was taken."
    ]
    assert bad(found) == []


@pytest.mark.parametrize(
    ("text", "what"),
    {
        "<!DOCTYPE x><annotation/>": "Annotations/a.xml: it declares a document type or entities",
        '<!DOCTYPE l [<!ENTITY a "b">]><annotation/>': "may be an attack; take the declaration",
        "<annotation>": "Annotations/a.xml: it is not valid XML: no element found",
        "<a/>": "Annotations/a.xml: its element is <a>, VOC's is <annotation>",
        document(size=("wide", 20)): "Annotations/a.xml: its size is 'wide' x '20', not pixels",
        document(size=(40.5, 20)): "its size is '40.5' x '20', not pixels",
        document(filename="z.png").replace("annotation", "b"): "its element is <b>",
    }.items(),
)
def test_a_bad_file_is_named_once(tmp_path: Path, text: str, what: str) -> None:
    found = one_file(tmp_path, text)
    assert len(found.bad) == 1
    assert what in bad(found)[0]
    assert found.images == {}


def test_a_document_type_is_found_in_utf_16_too(tmp_path: Path) -> None:
    write_images(tmp_path, ["JPEGImages/a.png"])
    (tmp_path / "Annotations").mkdir()
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE l><annotation/>'
    (tmp_path / "Annotations/a.xml").write_bytes(text.encode("utf-16"))
    assert "it declares a document type" in bad(voc(tmp_path, {}))[0]


@pytest.mark.parametrize(
    ("text", "what"),
    {
        thing(1, 2, 3, "nan"): "ymax is 'nan', which is not a number of pixels",
        thing(1, "", 3, 4): "ymin is '', which is not a number of pixels",
        thing("one", 2, 3, 4): "xmin is 'one'",
        thing(1, 2, 3, 4, name=" "): "it has no <name>",
        thing(1, 2, 3, 4, more="<difficult>2</difficult>"): "difficult is '2', expected 0 or 1",
        "<object><name>cat</name></object>": "it has no <bndbox>",
    }.items(),
)
def test_a_bad_object_is_named_and_spoils_its_image(tmp_path: Path, text: str, what: str) -> None:
    found = one_file(tmp_path, document(thing(1, 2, 3, 4), text))
    assert len(found.bad) == 1
    assert bad(found)[0].startswith("Annotations/a.xml, object 2: ")
    assert what in bad(found)[0]
    assert found.images["JPEGImages/a.png"].spoiled


def test_a_size_of_zero_says_nothing(tmp_path: Path) -> None:
    found = one_file(tmp_path, document(size=(0, 0)))
    assert (found.images["JPEGImages/a.png"].size, bad(found)) == (None, [])


def test_images_without_a_file_and_files_without_an_image_are_bad(tmp_path: Path) -> None:
    write_images(tmp_path, ["JPEGImages/a.png", "JPEGImages/b.png"])
    found = voc(tmp_path, {"a.xml": document(), "z.xml": document(filename="zz.png")})
    first, second = bad(found)
    assert first.startswith("Annotations/z.xml: zz.png is not in ")
    assert second.startswith("JPEGImages/b.png: the image has no .xml file of its name; write one")
    assert found.entries == 3


def test_two_files_of_one_image_are_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["JPEGImages/a.png"])
    found = voc(tmp_path, {"a.xml": document(), "b.xml": document()})
    assert bad(found) == [
        "Annotations/b.xml: JPEGImages/a.png is annotated by Annotations/a.xml too; keep one"
    ]


def test_labels_get_the_names_that_are_configured(tmp_path: Path) -> None:
    write_images(tmp_path, ["JPEGImages/a.png"])
    found = voc(tmp_path, {"a.xml": document(thing(1, 1, 2, 2))}, class_names={"cat": "Katze"})
    assert boxes(found)["JPEGImages/a.png"] == [("Katze", (0, 0, 2, 2))]

"""Every way to write the path of an image: one image, or one sentence that names the cause."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.annotation_section import AnnotationSource
from modelyard.data.annotations.places import PlaceError, Places

from .annotated import touch

SPLIT_FOLDERS = {"train": "train", "validation": "valid"}


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    return Path("raw")


def places(raw: Path, images: Any = ".") -> Places:
    return Places(AnnotationSource(annotation_type="csv", root=raw, images=images))


def why_not(raw: Path, written: str, images: Any = ".", split: Any = None) -> str:
    with pytest.raises(PlaceError) as error:
        places(raw, images).find(written, split)
    return str(error.value)


@pytest.mark.parametrize("written", ["a.png", "./a.png", "x/../a.png", "x//../a.png", "a"])
def test_one_image_has_one_path_however_it_is_written(written: str, raw: Path) -> None:
    touch(raw, "a.png", "x/b.png")
    assert places(raw).find(written) == ("a.png", None, "")


def test_paths_start_from_the_images_folder(raw: Path) -> None:
    touch(raw, "images/x/a.png")
    assert places(raw, "images").find("x/a.png").path == "images/x/a.png"
    assert places(raw, "./images/").find("../images/x/a.png").path == "images/x/a.png"


def test_a_folder_of_a_split_gives_its_images_that_split(raw: Path) -> None:
    touch(raw, "train/a.png", "valid/b.png", "train/c.png", "valid/c.png")
    assert places(raw, SPLIT_FOLDERS).find("a.png") == ("train/a.png", "train", "")
    assert places(raw, SPLIT_FOLDERS).find("b") == ("valid/b.png", "validation", "")
    assert places(raw, SPLIT_FOLDERS).find("c.png", "validation").path == "valid/c.png"
    assert why_not(raw, "c.png", SPLIT_FOLDERS).startswith("c.png may be train/c.png and valid/c")
    assert why_not(raw, "b.png", SPLIT_FOLDERS, "train").startswith("b.png is not in raw/train")
    assert "for which data.images names no folder" in why_not(raw, "b", SPLIT_FOLDERS, "test")


def test_a_name_without_suffix_must_be_that_of_one_image(raw: Path) -> None:
    touch(raw, "scene.1.jpg", "b.png", "b.jpg", "b.txt", "c.txt")
    assert places(raw).find("scene.1").path == "scene.1.jpg"
    assert why_not(raw, "b") == "b may be b.jpg and b.png; write which"
    assert why_not(raw, "c") == "c is not in raw"


@pytest.mark.parametrize(
    "written", ["/etc/a.png", "C:\\photos\\a.png", "C:/photos/a.png", "\\\\host\\share\\a.png"]
)
def test_an_absolute_path_is_refused(written: str, raw: Path) -> None:
    assert why_not(raw, written).startswith(f"{written} is an absolute path; write it relative to")


def test_a_path_that_leaves_root_is_refused_even_if_it_exists(raw: Path) -> None:
    touch(raw, "../a.png", "../raw2/a.png", "images/b.png")
    for written in ("../a.png", "x/../../a.png", "../raw2/a.png", ".."):
        assert why_not(raw, written).startswith(f"{written} leaves raw; all images must lie inside")
    assert "leaves raw" in why_not(raw, "../../a.png", "images")


def test_links_out_of_root_are_refused_and_those_inside_are_fine(raw: Path) -> None:
    touch(raw, "a.png", "x/b.png", "../other/c.png")
    (raw / "inside.png").symlink_to("a.png")
    (raw / "y").symlink_to("x")
    (raw / "out.png").symlink_to(Path("other/c.png").absolute())
    (raw / "z").symlink_to(Path("other").absolute())
    assert places(raw).find("inside.png").path == "inside.png"
    assert places(raw).find("y/b.png").path == "y/b.png"
    for written in ("out.png", "z/c.png"):
        assert f"{written} is behind a link to" in why_not(raw, written)
        assert "DVC would not notice its changes" in why_not(raw, written)


@pytest.mark.parametrize("folder", ["cache/files/md5/0a", "cache/0a"])
def test_links_into_the_cache_of_dvc_are_fine(folder: str, raw: Path) -> None:
    cached = f"../{folder}/{'b' * 30}"
    touch(raw, cached)
    (raw / "a.png").symlink_to((raw / cached).resolve())
    assert places(raw).find("a.png").path == "a.png"
    (raw / cached).unlink()
    assert "a.png is a link to a file that does not exist; `dvc checkout`" in why_not(raw, "a.png")


CAUSES = {
    "img%20one.png": ("img one.png", "the annotations write it percent-encoded"),
    "x\\a.png": ("x/a.png", "the annotations write backslashes for /"),
    "x\\img%20one.png": ("x/img one.png", "percent-encoded"),
    "A.PNG": ("a.png", "capital letters count"),
    "X/a.png": ("x/a.png", "capital letters count"),
    "deep/a.png": ("x/deep/a.png", "data.images says where paths start, as x"),
}


@pytest.mark.parametrize("written", CAUSES)
def test_the_cause_of_a_missing_image_is_named(written: str, raw: Path) -> None:
    name, why = CAUSES[written]
    touch(raw, name)
    assert why_not(raw, written).startswith(f"{written} is not in raw, but {name} is: ")
    assert why_not(raw, written).endswith(why)


@pytest.mark.parametrize("written", ["x/é.png", "x\\é.png", "x/%C3%A9.png"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_in_another_form_are_named(form: Any, written: str, raw: Path) -> None:
    touch(raw, unicodedata.normalize(form, "x/é.png"))
    other: Any = "NFD" if form == "NFC" else "NFC"
    sentence = why_not(raw, unicodedata.normalize(other, written))
    assert " is: " in sentence
    assert "NF" in sentence or "%" in written


def test_paths_that_start_from_root_although_the_images_do_not_are_named(raw: Path) -> None:
    touch(raw, "images/a.png")
    sentence = "images/a.png is not in raw/images, but in raw: data.images says where paths start"
    assert why_not(raw, "images/a.png", "images") == sentence


@pytest.mark.parametrize("written", ["z.png", "", ".", "a\0.png", "n" * 300, "https://host/a.png"])
def test_any_other_missing_image_is_just_missing(written: str, raw: Path) -> None:
    touch(raw, "a.png")
    assert why_not(raw, written) == f"{written} is not in raw"
    assert places(raw).place(written).missing == f"{written} is not in raw"


def test_images_are_listed_in_order_without_what_systems_hide(raw: Path) -> None:
    touch(raw, "b.JPG", "x/a.png", "x/notes.txt", ".ipynb_checkpoints/a.png", "x/._a.png")
    touch(raw, "__MACOSX/a.png", "x/Thumbs.db", "../other/c.png")
    (raw / "z").symlink_to(Path("other").absolute())
    assert [place.path for place in places(raw).images()] == ["b.JPG", "x/a.png"]
    assert [place.path for place in places(raw).files()] == [
        "b.JPG", "x/a.png", "x/notes.txt", "z",
    ]  # fmt: skip

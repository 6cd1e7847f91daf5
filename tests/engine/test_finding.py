"""Which files of a folder are predicted, and that all others are counted."""

import os
from pathlib import Path

import pytest
from PIL import Image

from modelyard.data.suffixes import HEIC_SUFFIXES, IMAGE_SUFFIXES
from modelyard.errors import UserError
from modelyard.tasks.kinds.image import find_images


def write(file: Path, kind: str = "PNG") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2)).save(file, kind)


def test_every_suffix_of_images_is_found_in_small_and_capital_letters(tmp_path: Path) -> None:
    suffixes = sorted(IMAGE_SUFFIXES - HEIC_SUFFIXES)
    assert {".jfif", ".jpe", ".avif"} <= {*suffixes}
    names = [f"a{suffix}" for suffix in suffixes] + [f"b{suffix.upper()}" for suffix in suffixes]
    for name in names:
        (tmp_path / name).touch()
    found = find_images([tmp_path])
    assert [file.name for file in found.files] == sorted(names)
    assert found.said() == ""


def test_what_has_no_suffix_is_an_image_if_its_content_is(tmp_path: Path) -> None:
    write(tmp_path / "scan")
    write(tmp_path / "deeper/photo", "JPEG")
    (tmp_path / "README").write_text("no image")
    (tmp_path / ".DS_Store").touch()
    found = find_images([tmp_path])
    assert found.files == [tmp_path / "deeper/photo", tmp_path / "scan"]
    assert found.said() == "left out: 2 without suffix that are not images"


def test_everything_else_is_counted_by_what_it_is(tmp_path: Path) -> None:
    folder, away = tmp_path / "folder", tmp_path / "away"
    away.mkdir()
    write(folder / "a.png")
    for name in ("b.txt", "c.TXT", "deeper/d.txt", "e.svg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "linked").symlink_to(away)
    (folder / "back").symlink_to(folder)
    (folder / "gone.png").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.png")
    found = find_images([folder])
    assert found.files == [folder / "a.png"]
    assert found.said() == (
        "left out: 3 .txt, 2 linked folders, 1 .svg, 1 link that leads nowhere, "
        "1 that is not a file"
    )


def test_suffixes_of_any_bytes_are_counted_in_one_line(tmp_path: Path) -> None:
    for name in (b"a.\xe9", b"b.\x1b[31m", b"c.x\ny"):
        try:
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
        except OSError:
            pytest.skip("this file system allows no such name")
    assert find_images([tmp_path]).said() == r"left out: 1 .\x1b[31m, 1 .x\ny, 1 .\xe9"


def test_of_many_suffixes_the_most_frequent_are_named(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"a.{number:02}").touch()
    (tmp_path / "b.29").touch()
    said = find_images([tmp_path]).said()
    assert said.startswith("left out: 2 .29, 1 .00, 1 .01, ")
    assert said.endswith(", 1 .08, 20 of 20 other suffixes")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_folder_that_cannot_be_opened_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    (tmp_path / "closed").mkdir(mode=0o000)
    assert find_images([tmp_path]).said() == "left out: 1 folder that cannot be opened"


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    write(tmp_path / "a.dat")
    found = find_images([tmp_path / "a.dat", tmp_path / "a.dat"])
    assert found.files == [tmp_path / "a.dat"]
    with pytest.raises(UserError, match="nowhere does not exist; name images or folders"):
        find_images([tmp_path / "nowhere"])

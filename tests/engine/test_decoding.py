"""All that is wrong with images is found in one run, judged together, and listed."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modelyard.data.manifest import read_manifest
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError
from modelyard.files import read_csv, write_csv

from .conftest import ROOT
from .noise import HEIGHT, PROCESSED, RAW, WIDTH, settings, write_classes, write_noise

LIST = Path("data/processed/noise-left-out.csv")
COUNTS = {"cat": 10, "dog": 10}


@pytest.fixture(autouse=True)
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of ten images of each class, below the working directory."""
    monkeypatch.chdir(tmp_path)
    return write_classes(COUNTS)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def replace_by_jpeg_cut_in_half(file: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file, "jpeg")
    file.write_bytes(file.read_bytes()[:2000])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "zero bytes": lambda file: file.write_bytes(b""),
    "no image": lambda file: file.write_bytes(b"no image"),
    "PNG cut off": cut,
    "JPEG cut in half": replace_by_jpeg_cut_in_half,
    "32 bits": lambda file: Image.new("F", (8, 8)).save(file, "tiff"),
    "too large": lambda file: Image.new("1", (20000, 10000)).save(file, "png"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_image_that_cannot_be_decoded_is_left_out_and_named(
    damage: str, paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    DAMAGES[damage](RAW / paths[3])
    counts = prepare_data(settings(max_bad_share=0.05))
    assert sum(counts.values()) == 19
    said = capsys.readouterr().err
    start = f"warning: {RAW}/annotations.csv: 1 entry is left out, first line 5: {RAW}/{paths[3]} "
    assert said.startswith(start)
    assert said.endswith(f"; all are listed in {LIST}.\n")
    (row,) = read_csv(LIST)
    assert row["where"] == "line 5"
    assert row["what"].startswith(f"{RAW}/{paths[3]} cannot be read as an image")
    assert "replace it" not in row["what"]


def test_every_kind_of_fault_counts_towards_one_share(
    paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (RAW / paths[0]).write_bytes(b"")
    cut(RAW / paths[5])
    (RAW / paths[9]).unlink()
    rows = read_csv(RAW / "annotations.csv")
    rows[12]["class"] = ""
    write_csv(RAW / "annotations.csv", rows)
    assert sum(prepare_data(settings(max_bad_share=0.2)).values()) == 16
    assert "4 of 20 entries are left out, first line" in capsys.readouterr().err
    bad = [row["where"] for row in read_csv(LIST)]
    assert sorted(bad) == sorted(["line 2", "line 7", "line 11", "line 14", paths[12]])
    with pytest.raises(UserError) as error:
        prepare_data(settings(max_bad_share=0.15))
    assert "4 of 20 entries are bad, more than the share of 0.15 that data.max" in str(error.value)
    assert str(error.value).endswith(f" All are listed in {LIST}.")
    assert len(read_csv(LIST)) == 4


def test_an_error_leaves_the_data_of_before_and_the_next_success_no_old_list(
    paths: list[str],
) -> None:
    prepare_data(settings())
    before = {file: file.read_bytes() for file in PROCESSED.iterdir()}
    originals = [(RAW / path).read_bytes() for path in paths[:2]]
    for path in paths[:2]:
        (RAW / path).write_bytes(b"")
    with pytest.raises(UserError, match=r"2 of 20 entries are bad.*line 2: .*; line 3: "):
        prepare_data(settings())
    assert {file: file.read_bytes() for file in PROCESSED.iterdir()} == before
    assert sorted(file.name for file in PROCESSED.parent.iterdir()) == ["noise", LIST.name]
    for path, original in zip(paths[:2], originals, strict=True):
        (RAW / path).write_bytes(original)
    prepare_data(settings())
    assert not LIST.exists()


def test_an_error_that_says_it_all_leaves_no_list(paths: list[str]) -> None:
    LIST.parent.mkdir(parents=True)
    LIST.write_text("old")
    (RAW / paths[0]).write_bytes(b"")
    with pytest.raises(UserError, match=r"annotations.csv, line 2: .*; mend or drop it\.$"):
        prepare_data(settings())
    assert not LIST.exists()


def test_image_files_that_no_entry_names_are_counted_and_listed_but_not_bad(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_noise(RAW, ["more/a.png", "b.JPG"])
    (RAW / "notes.txt").write_text("no image")
    assert sum(prepare_data(settings()).values()) == 20
    said = f"note: 2 image files have no usable entry in {RAW}/annotations.csv, first b.JPG, more/a"
    assert said in capsys.readouterr().err
    assert [row["where"] for row in read_csv(LIST)] == ["b.JPG", "more/a.png"]


def test_what_is_left_out_changes_neither_hashes_nor_what_a_stage_depends_on() -> None:
    prepare_data(settings())
    before = read_manifest(PROCESSED).data_hash
    write_noise(RAW, ["unlisted.png"])
    prepare_data(settings())
    assert read_manifest(PROCESSED).data_hash == before
    assert LIST.name not in {file.name for file in PROCESSED.iterdir()}


def test_a_class_whose_images_are_all_damaged_is_no_class(paths: list[str]) -> None:
    rows = [{"path": path, "class": path[:3]} for path in paths]
    write_noise(RAW, ["cow_0.png"])
    write_csv(RAW / "annotations.csv", [*rows, {"path": "cow_0.png", "class": "cow"}])
    (RAW / "cow_0.png").write_bytes(b"")
    prepare_data(settings(max_bad_share=0.1))
    assert read_manifest(PROCESSED).classes == ["cat", "dog"]


def test_no_image_at_all_is_one_error(paths: list[str]) -> None:
    for path in paths:
        (RAW / path).write_bytes(b"")
    with pytest.raises(UserError, match="20 of 20 entries are bad"):
        prepare_data(settings(max_bad_share=0.9))


def test_a_dry_run_reads_the_first_image_and_writes_nothing(paths: list[str]) -> None:
    (RAW / paths[-1]).write_bytes(b"")
    assert prepare_data(settings(), dry_run=True) == {"train": 12, "validation": 4, "test": 4}
    (RAW / paths[0]).write_bytes(b"")
    with pytest.raises(UserError, match="cannot be read as an image"):
        prepare_data(settings(), dry_run=True)
    assert not PROCESSED.parent.exists()


def test_many_images_are_decoded_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_data(settings())
    before = {file.name: file.read_bytes() for file in PROCESSED.iterdir()}
    monkeypatch.setattr("modelyard.data.seen.BATCH_BYTES", 3 * WIDTH * HEIGHT)
    prepare_data(settings())
    assert {file.name: file.read_bytes() for file in PROCESSED.iterdir()} == before


def test_git_ignores_the_lists() -> None:
    Path(".gitignore").write_text((ROOT / ".gitignore").read_text())
    subprocess.run(["git", "init", "--quiet"], check=True)
    for name in (LIST, LIST.with_name("noise-duplicates.csv")):
        subprocess.run(["git", "check-ignore", "--quiet", str(name)], check=True)

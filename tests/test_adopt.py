"""`modelyard adopt` in a bake: it says what it saw, asks, and leaves a project that fits."""

import os
from pathlib import Path
from typing import Any

import pytest
from engine import laid_out
from engine.tiny import snapshot
from support import bake, run

from modelyard.adopting.command import main
from modelyard.checking import main as check
from modelyard.files import read_yaml

PETS = "data/raw/pets"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh bake of the default answers; it is the working directory."""
    path = bake(tmp_path)
    monkeypatch.chdir(path)
    return path


def model_config() -> Any:
    return read_yaml(Path("models/digits_classifier/config.yaml"))


def test_a_folder_becomes_the_data_of_the_project(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out.class_folders(Path(PETS), 12)
    (project / PETS / "cat/broken.png").write_bytes(b"")
    assert main([PETS, "--yes"]) == 0
    said = capsys.readouterr().out
    for line in (
        "data/raw/pets: one folder per class",
        "images      24 (PNG 24), in colour",
        "24 x 16 pixels",
        "splits      none are given; drawn: train 0.7, validation 0.15, test 0.15",
        "1 of 25 entries cannot be used and are left out (data.max_bad_share: 0.04), first ",
        "track data/raw/pets with DVC",
        "remove the example: the stage example_data, data/raw/digits",
        "data/raw/pets is adopted. Next:",
    ):
        assert line in said
    data = read_yaml(Path("config.yaml"))["data"]
    assert data == {
        "task": "image_classification",
        "annotation_type": "folders",
        "max_bad_share": 0.04,
        "max_duplicate_share": 0.01,
        "root": PETS,
        "processed": "data/processed/pets",
        "image_size": [16, 24],
        "channels": 3,
        "splits": {"train": 0.7, "validation": 0.15, "test": 0.15},
        "seed": 42,
    }
    assert "# the same seed draws the same splits" in Path("config.yaml").read_text()
    assert check([]) == 0
    assert "example_data" not in read_yaml(Path("dvc.yaml"))["stages"]
    assert "\n    deps:\n      - src/run.py\n" in Path("dvc.yaml").read_text()
    assert Path("data/raw/pets.dvc").is_file()
    assert not Path("src/data/digits.py").exists()


@pytest.mark.usefixtures("project")
def test_what_held_for_the_example_is_reset() -> None:
    laid_out.class_folders(Path(PETS), 12)
    assert main([PETS, "--yes"]) == 0
    model = model_config()
    assert model["params"]["batch_size"] == 16
    assert [one.get("min") for one in model["acceptance"]] == ["decide", None]
    assert model["acceptance"][1]["max"] == 0.0001  # of the export: it holds for any data
    assert model["card"]["intended_use"].startswith("To be written")
    tests = read_yaml(Path("model_tests.yaml"))
    assert tests["QuickTraining"]["metrics"] == {"accuracy": "decide"}
    assert tests["FullTraining"]["metrics"] == {
        "accuracy": "decide", "tflite.max_difference": {"max": 1e-5},
    }  # fmt: skip
    readme = Path("README.md").read_text()
    assert "0.985" not in readme
    assert "\n`run.sh` runs what changed and" in readme


@pytest.mark.parametrize("arguments", [["--dry-run"], []])
def test_nothing_is_changed_before_somebody_confirms(
    arguments: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out.class_folders(Path(PETS))
    before = snapshot(project)
    assert main([PETS, *arguments]) == (0 if arguments else 1)
    assert snapshot(project) == before
    assert "Nothing is changed" in "".join(capsys.readouterr())


@pytest.mark.usefixtures("project")
def test_a_folder_from_elsewhere_is_copied(tmp_path: Path) -> None:
    laid_out.class_folders(tmp_path / "home/pets")
    assert main([str(tmp_path / "home/pets"), "--yes"]) == 0
    assert len(list(Path(PETS).rglob("*.png"))) == 12
    assert len(list((tmp_path / "home/pets").rglob("*.png"))) == 12


@pytest.mark.usefixtures("project")
def test_keys_that_were_given_beat_what_was_seen() -> None:
    laid_out.class_folders(Path(PETS))
    assert main([PETS, "--yes", "image_size=[32,48]", "data.channels=1", "resize=pad"]) == 0
    data = read_yaml(Path("config.yaml"))["data"]
    assert (data["image_size"], data["channels"], data["resize"]) == ([32, 48], 1, "pad")


def copied_images(root: Path) -> None:
    for split in ("train", "valid", "test"):
        laid_out.class_folders(root / split, 3)


def too_few(root: Path) -> None:
    laid_out.class_folders(root, 1)


def foreign_names(root: Path) -> None:
    laid_out.class_folders(root)
    (root / "cat/000.png").rename(root / "cat" / os.fsdecode(b"caf\xe9.png"))


def half_missing(root: Path) -> None:
    names = laid_out.images(root, 8)
    rows = [
        (f"{'' if n % 2 else 'x/'}{name}", laid_out.CLASSES[n % 3 % 2])
        for n, name in enumerate(names)
    ]
    laid_out.table(root / "a.csv", [("file", "label"), *rows])


IMPOSSIBLE = {
    "too few": (too_few, "2 usable images leave validation and test without any"),
    "foreign names": (foreign_names, "names are not UTF-8"),
    "half missing": (half_missing, "4 of 8 entries cannot be used, first line 2: x/000.png is not"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_prepare_would_refuse_is_refused_before_anything_is_changed(
    case: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write, said = IMPOSSIBLE[case]
    write(Path(PETS))
    before = snapshot(project)
    assert main([PETS, "--yes"]) == 1
    assert said in capsys.readouterr().err
    assert snapshot(project) == before


@pytest.mark.usefixtures("project")
def test_images_in_two_splits_are_named_with_what_is_to_be_decided(
    capsys: pytest.CaptureFixture[str],
) -> None:
    copied_images(Path(PETS))
    assert main([PETS, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "12 of 12 validation and test images are in another split too, first valid/cat" in said
    assert "decide data.max_duplicate_share (0.01 now, 1 measured)" in said


MISTAKES = {
    "unknown key": (["chanels=1"], "command line: chanels is not a known key (did you mean 'chan"),
    "value": (["channels=2"], "command line: channels is 2"),
    "no pair": (["channels"], "'channels' is not KEY=VALUE"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistaken_key_is_named_and_nothing_changed(
    mistake: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, said = MISTAKES[mistake]
    laid_out.class_folders(Path(PETS))
    before = snapshot(project)
    assert main([PETS, "--yes", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert snapshot(project) == before


@pytest.mark.usefixtures("project")
def test_the_place_of_the_example_is_not_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out.class_folders(tmp_path / "digits")
    assert main([str(tmp_path / "digits"), "--yes"]) == 1
    assert "is what the stage example_data writes; name your folder" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("data/raw/nothing", "is not a folder"),
        (".", "overlap; name a folder that is data alone"),
        ("data", "overlap"),
        ("models", "overlap"),
    ],
)
def test_a_folder_that_is_not_data_alone_is_refused(
    folder: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([folder, "--yes"]) == 1
    assert said in capsys.readouterr().err


def test_data_kept_in_git_stays_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laid_out.class_folders(Path(PETS))
    run(project, "git", "init", "--quiet")
    run(project, "git", "add", "--force", PETS)
    assert main([PETS, "--yes"]) == 0
    assert "leave data/raw/pets in Git, which tracks it" in capsys.readouterr().out
    assert not Path("data/raw/pets.dvc").exists()


def test_boxes_of_others_are_adopted_for_detection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bake(tmp_path, task="object_detection", model_name="finder")
    monkeypatch.chdir(path)
    root = Path("data/raw/streets")
    for number, split in enumerate(("train", "val", "test")):
        names = laid_out.images(root / "images" / split, 4, 4 * number)
        laid_out.yolo(root / "labels" / split, names)
    (root / "data.yaml").write_text("names: [cat, dog]\n")
    assert main([str(root), "--yes"]) == 0
    assert "splits      given: train 4, validation 4, test 4" in capsys.readouterr().out
    data = read_yaml(Path("config.yaml"))["data"]
    assert data["images"] == {
        "train": "images/train", "validation": "images/val", "test": "images/test",
    }  # fmt: skip
    assert data["class_names"] == ["cat", "dog"]
    assert data["image_size"] == [64, 64]
    assert check([]) == 0
    assert read_yaml(Path("model_tests.yaml"))["QuickTraining"]["metrics"] == {
        "box.map_50": "decide"
    }


TARGETS = {
    "labels": ("tags", ["sun|sea", "sea", ""], [], "binary_crossentropy", "macro_f1"),
    "value": ("age", ["31", "4.5", "7"], ["columns.value=age"], "mean_squared_error", "r2"),
}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("target", TARGETS)
def test_several_labels_and_numbers_are_adopted_with_losses_that_fit(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    column, cells, asked, loss, metric = TARGETS[target]
    names = laid_out.images(Path(PETS), 30)
    rows = [("file", column), *((name, cells[n % 3]) for n, name in enumerate(names))]
    laid_out.table(Path(PETS, "seen.csv"), rows)
    assert main([PETS, "--yes", *asked]) == 0
    said = capsys.readouterr().out
    assert ("classes     2" if target == "labels" else "values      4.5 to 31") in said
    project, model = read_yaml(Path("config.yaml")), model_config()
    assert project["data"]["columns"] == {"path": "file", target: column}
    assert project["data"].get("label_delimiter") == ("|" if target == "labels" else None)
    assert project["summary"]["metric"] == f"test.{metric}"
    assert model["params"]["loss"] == loss
    assert model["acceptance"][0]["metric"] == f"test.{metric}"
    assert metric in read_yaml(Path("model_tests.yaml"))["FullTraining"]["metrics"]
    assert check([]) == 0


def test_a_number_and_a_class_of_a_table_are_adopted_with_what_fits_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(bake(tmp_path, task="tabular", model_name="digits_classifier"))
    body = [(n, n * 7 % 11, "ab"[n % 2], 3.5 * n) for n in range(40)]
    laid_out.table(tmp_path / "homes.csv", [("id", "rooms", "kind", "price"), *body])
    class_model, class_plots = model_config(), Path("models/digits_classifier/dvc.yaml").read_text()
    assert main([str(tmp_path / "homes.csv"), "--yes"]) == 0
    assert "copy " in (said := capsys.readouterr().out)
    assert "/homes.csv to data/raw/homes\n" in said
    assert Path("data/raw/homes/homes.csv").is_file()
    config, model = read_yaml(Path("config.yaml")), model_config()
    assert config["data"]["columns"] == {"id": "ignore"}
    assert config["summary"] == {"metric": "test.r2", "direction": "max"}
    assert (model["params"]["loss"], model["params"]["metrics"]) == (
        "mean_squared_error", ["mae", "r2"],
    )  # fmt: skip
    assert model["acceptance"][0] == {"metric": "test.r2", "direction": "max", "min": "decide"}
    plots = read_yaml(Path("models/digits_classifier/dvc.yaml"))
    history = "../../${output_paths.training_metrics}/history.csv"
    assert plots["plots"][1]["mae"]["y"] == {history: ["mae", "val_mae"]}
    assert "template: scatter" in str(plots["stages"]["evaluate"]["plots"]).replace("'", "")
    assert read_yaml(Path("model_tests.yaml"))["QuickTraining"]["metrics"] == {
        "r2": "decide", "mae": {"max": "decide"},
    }  # fmt: skip
    assert check([]) == 0

    assert main(["data/raw/homes", "--yes", "target=kind"]) == 0
    model = model_config()
    assert read_yaml(Path("config.yaml"))["summary"]["metric"] == "test.accuracy"
    for key in ("loss", "metrics", "early_stopping", "label_smoothing"):
        assert model["params"][key] == class_model["params"][key]
    assert model["acceptance"][0]["metric"] == "test.accuracy"
    assert "template: confusion" in class_plots
    assert "template: confusion" in Path("models/digits_classifier/dvc.yaml").read_text()
    assert check([]) == 0


def test_texts_are_adopted_with_their_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bake(tmp_path, task="text_classification", model_name="digits_classifier"))
    for label in laid_out.CLASSES:
        Path("data/raw/mail", label).mkdir(parents=True)
        for number in range(10):
            Path("data/raw/mail", label, f"{number}.txt").write_text(f"the {label}, {number}")
    assert main(["data/raw/mail", "--yes"]) == 0
    data, model = read_yaml(Path("config.yaml"))["data"], model_config()
    assert (data["format"], data["root"]) == ("folders", "data/raw/mail")
    assert not {"file", "columns", "group_column", "tokens"} & data.keys()
    assert model["input_paths"]["vocabulary"] == "data/processed/mail/vocabulary.txt"
    assert model["tuning"]["hyperparams"]["window"]["default_value"] == 3
    assert "example_data" not in read_yaml(Path("dvc.yaml"))["stages"]
    assert check([]) == 0


@pytest.mark.usefixtures("project")
def test_data_of_another_kind_is_refused_with_the_task_to_bake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out.table(Path("data/raw/homes/all.csv"), [("a", "b"), (1, 2)])
    assert main(["data/raw/homes", "--yes"]) == 1
    assert (
        "data/raw/homes has no image; its files are 1 .csv; data.task in config.yaml is "
        "image_classification: bake a project with the task tabular."
    ) in capsys.readouterr().err
    assert main(["data/raw/homes/all.csv", "--yes"]) == 1
    assert "all.csv is not a folder; name one with images." in capsys.readouterr().err
    assert main([str(tmp_path / "nothing"), "--yes"]) == 1

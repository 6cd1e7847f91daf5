"""`python -m src.run train --config my.yaml`: a filled-in template, as in the seed."""

import shutil
from pathlib import Path

import pytest

from modelyard.files import read_json, read_yaml, write_yaml
from modelyard.serving.predict import main as predict
from src.run import main

from .official import commit, publish, ready, record
from .tiny import CLASSES, METRICS, MODEL, PROJECT, snapshot

TEMPLATE, MINE = Path("templates/tiny.yaml"), Path("my.yaml")
RAW = Path(PROJECT["data"]["root"])
SEED_FILES = {
    "model.keras", "config.yaml", "train_configuration.yaml", "predict_configuration.yaml",
    "hparams.yaml", "val_metrics.json", "metrics.json",
}  # fmt: skip


@pytest.fixture
def _published(trained: Path) -> None:
    """Publish the trained model."""
    kept = {
        path: path.read_bytes() for path in [*MODEL.iterdir(), *METRICS.iterdir()] if path.is_file()
    }
    ready(trained.parent / "bucket")
    for path, content in kept.items():
        if path.name != "config.yaml":
            path.write_bytes(content)
    record()
    commit()
    assert publish() == 0


def fill_in(section: str, **keys: object) -> None:
    source = MINE if MINE.exists() else TEMPLATE
    document = read_yaml(source)
    document[section] |= keys
    write_yaml(MINE, document)


def by_class(folder: Path, *, bad: bool = False) -> Path:
    """Copy the project's images into a folder for each class."""
    rows = [
        line.split(",") for line in (RAW / PROJECT["data"]["annotations"]).read_text().split()[1:]
    ]
    for path, name, *_ in rows:
        (folder / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(RAW / path, folder / name / Path(path).name)
    if bad:
        (folder / name / "torn.png").write_bytes(b"no image")
    return folder


@pytest.mark.usefixtures("_published")
def test_a_template_trains_from_the_official_weights_into_its_folder_and_predicts(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(trained)
    data = by_class(Path("data/raw/mine"), bad=True)
    fill_in("train_config", data_dir=str(data), save_dir="runs/first", batch_size=4)
    arguments = ["train", "--config", str(MINE), "params.epochs=1"]
    assert main(arguments) == 1
    assert "torn.png" in capsys.readouterr().err
    assert not list(Path("runs").rglob("*.yaml"))
    fill_in("train_config", skip_load_validation=True)
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "weights of tiny@v1.0.0" in said
    folder = Path("runs/first/tiny")
    assert {path.name for path in folder.iterdir()} >= SEED_FILES
    record = read_yaml(folder / "train_configuration.yaml")
    assert record["model"] == "tiny"
    assert record["config"]["params"]["batch_size"] == 4
    assert record["config"]["data"]["root"] == str(data)
    assert "accuracy" in read_json(folder / "metrics.json")["test"]
    after = {name: value for name, value in snapshot(trained).items() if name in before}
    assert {name: one[1] for name, one in after.items()} == {n: one[1] for n, one in before.items()}

    assert main([*arguments, "--dry-run"]) == 0
    fill_in("train_config", batch_size=5)
    assert main(arguments) == 1
    assert "has the results of other settings; write another folder" in capsys.readouterr().err
    assert main(["tune", "--config", str(MINE)]) == 1
    assert "only `train` takes; for tune, make a model of it" in capsys.readouterr().err

    images = sorted(path.name for path in (data / CLASSES[0]).glob("*.png"))[:2]
    Path("list.csv").write_text("\n".join(["filepath", *images]))
    fill_in("predict_config", data_dir=str(data / CLASSES[0]), filepaths="list.csv")
    assert predict(["--config", str(MINE)]) == 0
    assert "predictions.csv: 2 images" in capsys.readouterr().out
    fill_in("predict_config", filepaths=None, checkpoint=str(folder / "model.keras"))
    assert predict(["--config", str(MINE), "--force"]) == 0
    fill_in("predict_config", data_dir=None)
    assert predict(["--config", str(MINE), "--force"]) == 1
    assert "predict_config names nothing to look at" in capsys.readouterr().err

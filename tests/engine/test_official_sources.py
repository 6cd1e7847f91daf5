"""Results that lie elsewhere (`--from`, `publish.sources`), and metrics of other weights."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.files import read_json, read_yaml, write_json, write_yaml
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import load_official
from modelyard.saved.content import weights_id

from .official import FILES, checkpoints, commit, configure, git, publish, ready, write_keras
from .tiny import METRICS, MODEL, snapshot

OFFICIAL = OFFICIAL_MODELS / "tiny"
METRICS_FILE = METRICS / "metrics.json"
NOT_TRAINED = "a" * 40


@pytest.fixture(name="bucket")
def _bucket(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the bucket of a project that is ready to publish."""
    monkeypatch.setenv("GIT_OPTIONAL_LOCKS", "0")  # else `git status` refreshes the index
    ready(workspace.parent / "bucket")
    return workspace.parent / "bucket"


@pytest.fixture(name="results")
def _results(bucket: Path) -> Path:
    """Return a directory of results outside of the project, as the seed has it; extras too."""
    folder = bucket.with_name("results") / "version_1"
    folder.mkdir(parents=True)
    for name in ("config.yaml", *FILES[1:]):
        shutil.copy(MODEL / name, folder)
    write_keras(folder / "tiny.keras", "of elsewhere")
    (folder / "notes").mkdir()
    (folder / "events.out").write_text("extra")
    change(folder / "train_configuration.yaml", git_commit=NOT_TRAINED)
    for path in (*MODEL.iterdir(), *METRICS.iterdir()):  # nothing is trained here
        if path.name not in ("config.yaml", "dvc.lock"):
            path.unlink()
    commit()
    return folder


def change(path: Path, **keys: object) -> None:
    write_yaml(path, read_yaml(path) | keys)


def test_results_that_lie_elsewhere_are_published_and_the_card_says_what_nobody_checked(
    results: Path, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured(results, None)
    (results / "metrics.json").unlink()  # which the seed's directories lack
    before = snapshot(results)
    assert publish("tiny", "--from", str(results)) == 0
    said = capsys.readouterr().out
    assert f"Copying the results from {results}.\n" in said
    name = checkpoints(bucket)[0]
    assert f"Uploading {results}/tiny.keras to file://{bucket}/{name}" in said
    assert "next: git push origin HEAD tiny@v1.0.0" in said  # DVC has nothing to push
    assert (bucket / name).read_bytes() == (results / "tiny.keras").read_bytes()
    official = load_official(OFFICIAL / "config.yaml")
    assert (official.version, official.commit) == ("v1.0.0", NOT_TRAINED)
    assert git("status", "--porcelain") == ""
    card = (OFFICIAL / "README.md").read_text()
    assert "\n**Not checked:**\n\n- The results come from outside this repository: DVC has" in card
    assert "- There is no metrics.json with them, so nothing says whether they are accep" in card
    assert "--force" not in card
    assert str(results.parent) not in card  # it may be private
    assert snapshot(results) == before
    assert publish("tiny", "--from", f"file://{results}") == 0
    assert f"Skipping since file://{bucket}/{name} exists." in capsys.readouterr().out
    assert git("tag") == "tiny@v1.0.0"


def test_sources_are_published_by_all_of_them_also_of_models_that_are_not_here(
    results: Path, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = results.with_name("version_2")
    shutil.copytree(results, other)
    for name in ("config.yaml", *FILES[1:3]):
        (other / name).write_text((other / name).read_text().replace("tiny", "other"))
    sources = {"tiny": f"file://{results}", "other": "../results/version_2"}
    configure("config.yaml", publish={"buckets": [f"file://{bucket}"], "sources": sources})
    commit()
    assert publish() == 0
    assert git("tag").split() == ["other@v1.0.0", "tiny@v1.0.0"]
    assert len(checkpoints(bucket)) == 2
    del sources["tiny"]  # which is not trained here
    configure("config.yaml", publish={"buckets": [f"file://{bucket}"], "sources": sources})
    commit()
    assert publish() == 0
    assert "Leaving out tiny: it is not trained here" in capsys.readouterr().out
    write_keras(results / "tiny.keras", "better")
    assert publish("tiny", "--from", str(results)) == 0
    assert load_official(OFFICIAL / "config.yaml").version == "v1.1.0"
    rmdir = {"tiny": "gs//nowhere"}
    configure("config.yaml", publish={"buckets": [f"file://{bucket}"], "sources": rmdir})
    capsys.readouterr()
    assert publish() == 1
    assert "config.yaml: publish.sources names gs//nowhere, but there is no such folder." in (
        capsys.readouterr().err
    )
    rmdir = {"tiny": "ftp://nowhere"}
    configure("config.yaml", publish={"buckets": [f"file://{bucket}"], "sources": rmdir})
    assert publish() == 1
    assert "publish.sources.tiny is 'ftp://nowhere': must be a folder, such as" in (
        capsys.readouterr().err
    )


def measured(results: Path, weights: str | None, accuracy: float = 0.5) -> None:
    """Write metrics beside the results, and ask for an accuracy."""
    found = {"weights": weights} if weights else {}
    write_json(results / "metrics.json", {"test": {"accuracy": accuracy}} | found)
    rule = {"metric": "test.accuracy", "direction": "max", "min": 0.9}
    configure(str(MODEL / "config.yaml"), acceptance=[rule])
    commit()


def remove(folder: Path, *names: str) -> None:
    """Remove files of a folder."""
    for name in names:
        (folder / name).unlink()


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "incomplete": (
        lambda results: remove(results, "config.yaml", "hparams.yaml"),
        " is not complete, missing: config.yaml, hparams.yaml; copy all that training leaves in "
        "models/tiny there, all files at one level.",
    ),
    "two weights": (
        lambda results: write_keras(results / "best.keras", "x"),
        " holds 2 files of weights (best.keras, tiny.keras); leave exactly one there, a .keras",
    ),
    "other weights": (
        lambda results: (results / "tiny.keras").rename(results / "tiny.ckpt"),
        " holds tiny.ckpt; only .keras files are published.",
    ),
    "no zip": (
        lambda results: (results / "tiny.keras").write_bytes(b"PK"),
        "/tiny.keras: it is not an intact .keras file",
    ),
    "another model": (
        lambda results: change(results / "train_configuration.yaml", model="other"),
        "/train_configuration.yaml: model is 'other', but tiny is asked for; a model",
    ),
    "another configuration": (
        lambda results: change(
            results / "config.yaml",
            params=read_yaml(results / "config.yaml")["params"] | {"epochs": 99},
        ),
        "/config.yaml: params.epochs is 99, but the model was trained with",
    ),
    "another training": (
        lambda results: change(results / "hparams.yaml", learning_rate=0.5),
        "they are not of one training",
    ),
    "not accepted": (
        lambda results: measured(results, weights_id(results / "tiny.keras")),
        "tiny is not accepted: test.accuracy is 0.5, below the minimum 0.9",
    ),
    "metrics of other weights": (
        lambda results: measured(results, "0" * 16, 0.95),
        "tiny: metrics.json is of other weights; `python -m src.run evaluate` measures these.",
    ),
    "metrics of nobody knows what": (
        lambda results: measured(results, None, 0.95),
        "tiny: metrics.json does not say which weights it is of; `python -m src.run evaluate` mea",
    ),
    "uncommitted": (
        lambda _: change(Path("config.yaml"), summary={"metric": "test.loss", "direction": "min"}),
        "Not committed: config.yaml; commit or drop the changes.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), CASES.values(), ids=list(CASES))
def test_results_from_elsewhere_are_checked_as_strictly(
    spoil: Callable[[Path], object],
    message: str,
    results: Path,
    bucket: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(results)
    assert publish("tiny", "--from", str(results)) == 1
    error = capsys.readouterr().err
    assert message in error
    assert f"{tempfile.gettempdir()}{os.sep}tmp" not in error  # where it was brought to
    assert not bucket.exists()
    assert not OFFICIAL.exists()


def test_from_belongs_to_one_model_and_names_a_folder(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish("--from", str(results)) == 1
    assert "command line: --from needs one MODEL, whose" in capsys.readouterr().err
    assert publish("tiny", "--from", str(results / "nowhere")) == 1
    assert f"--from names {results}/nowhere, but there is no such folder." in (
        capsys.readouterr().err
    )


def test_metrics_of_other_weights_are_refused_and_force_publishes_none(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after `python -m src.run train` without `evaluate`."""
    write_json(METRICS_FILE, read_json(METRICS_FILE) | {"weights": weights_id(MODEL / FILES[0])})
    write_keras(MODEL / "model.keras", "trained again")
    assert publish() == 1
    assert (
        "error: tiny: training_metrics/tiny/metrics.json is of other weights; `sh run.sh tiny` "
        "measures these.\n" in capsys.readouterr().err
    )
    assert publish("--force") == 0
    card = (OFFICIAL / "README.md").read_text()
    assert "is of other weights" in card
    assert "0.75" not in card
    assert load_official(OFFICIAL / "config.yaml").version is None
    write_json(METRICS_FILE, read_json(METRICS_FILE) | {"weights": weights_id(MODEL / FILES[0])})
    assert publish("--force") == 0  # not recorded by DVC, but measured on these
    card = (OFFICIAL / "README.md").read_text()
    assert "is of other weights" not in card
    assert "0.75" in card
    assert len(checkpoints(bucket)) == 1

"""What is not published: named, with a way out, before anything is written or sent."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard import stores
from modelyard.files import read_yaml, write_yaml

from .official import commit, configure, git, publish, ready, write_keras
from .tiny import METRICS, MODEL, snapshot

TRAIN = MODEL / "train_configuration.yaml"


@pytest.fixture(name="bucket", autouse=True)
def _bucket(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the bucket of a project that is ready to publish."""
    monkeypatch.setenv("GIT_OPTIONAL_LOCKS", "0")  # else `git status` refreshes the index
    ready(workspace.parent / "bucket")
    return workspace.parent / "bucket"


def change(path: Path, **keys: object) -> None:
    write_yaml(path, read_yaml(path) | keys)


def params(**keys: object) -> None:
    """Change the configuration after training, and commit that."""
    path = MODEL / "config.yaml"
    change(path, params=read_yaml(path)["params"] | keys)
    commit()


def other_project_files() -> None:
    shutil.copytree(MODEL, "models/second")
    text = (MODEL / "config.yaml").read_text().replace("/tiny", "/second")
    Path("models/second/config.yaml").write_text(text)
    shutil.copytree(METRICS, "training_metrics/second")


def new_file() -> None:
    Path("new").touch()
    git("add", "new")


def no_artifact() -> None:
    Path("dvc.yaml").write_text("stages: {}\n")
    commit()


def without(*names: str) -> None:
    for name in names:
        (MODEL / name).unlink()


CASES: dict[str, tuple[Callable[[], object], str]] = {
    "no weights": (
        (MODEL / "model.keras").unlink,
        "models/tiny holds no model.keras; train the model with `dvc repro`, or fetch it",
    ),
    "two weights": (
        lambda: write_keras(MODEL / "best.keras", "x"),
        "models/tiny holds 2 files of weights, there can only be one: best.keras, model.keras",
    ),
    "other weights": (
        lambda: (MODEL / "model.keras").rename(MODEL / "model.h5"),
        "models/tiny holds no model.keras, only model.h5",
    ),
    "no zip": (
        lambda: (MODEL / "model.keras").write_bytes(b"\x89HDF"),
        "models/tiny/model.keras: it is not an intact .keras file (File is not a zip file)",
    ),
    "two files missing": (
        lambda: without("val_metrics.json", "hparams.yaml"),
        "not complete, missing: models/tiny/hparams.yaml, models/tiny/val_metrics.json; `dvc",
    ),
    "no metrics": (
        (METRICS / "metrics.json").unlink,
        "models/tiny is not complete, missing: training_metrics/tiny/metrics.json",
    ),
    "empty record": (
        lambda: TRAIN.write_text(""),
        "models/tiny/train_configuration.yaml is empty or not a mapping",
    ),
    "no data hash": (
        lambda: change(TRAIN, data_hash=None),
        "models/tiny/train_configuration.yaml has no data_hash",
    ),
    "another model's": (
        lambda: change(TRAIN, model="other"),
        "train_configuration.yaml: model is 'other', but the folder is models/tiny",
    ),
    "another training's": (
        lambda: change(MODEL / "hparams.yaml", learning_rate=0.5),
        "they are not of one training",
    ),
    "changed configuration": (
        lambda: params(epochs=99),
        "models/tiny/config.yaml: params.epochs is 99, but the model was trained with",
    ),
    "uncommitted": (
        lambda: configure("config.yaml", summary={"metric": "test.loss", "direction": "min"}),
        "Not committed: config.yaml; commit or drop the changes.",
    ),
    "staged": (
        new_file,
        "Not committed: new;",
    ),
    "no Git": (lambda: shutil.rmtree(".git"), "There is no Git commit that says what is published"),
    "not what DVC recorded": (
        lambda: write_keras(MODEL / "model.keras", "by hand"),
        "models/tiny/model.keras is not as models/tiny/dvc.lock records it; `dvc repro`",
    ),
    "no artifact": (
        no_artifact,
        "dvc.yaml: artifacts has no tiny with `path: models/tiny/model.keras`",
    ),
    "nowhere": (
        lambda: configure("config.yaml", publish={"buckets": []}),
        "config.yaml: publish.buckets is empty; write there where official models go",
    ),
    "twice": (
        lambda: configure("config.yaml", publish={"buckets": ["gs://a/b", "gs://a/b/"]}),
        "config.yaml: publish.buckets names gs://a/b more than once",
    ),
    "a copy of a model": (
        other_project_files,
        "models/second/train_configuration.yaml: model is 'tiny', but the folder is models/second",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), CASES.values(), ids=list(CASES))
def test_a_mistake_is_named_and_nothing_is_written_or_sent(
    spoil: Callable[[], object],
    message: str,
    bucket: Path,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil()
    before = snapshot(workspace)
    assert publish() == 1
    assert message in capsys.readouterr().err
    assert snapshot(workspace) == before
    assert not bucket.exists()


def test_what_matters_for_no_weight_may_change_and_extra_files_do_not_matter() -> None:
    for name in ("notes.txt", ".partial-model.keras", "model.tflite"):  # in Git or not
        (MODEL / name).touch()
    params(cache_mb=7, export=[])
    assert publish() == 0


def test_uncommitted_official_models_and_files_of_no_model_do_not_count() -> None:
    assert publish() == 0
    git("add", ".")
    Path("untracked").touch()
    assert publish() == 0


@pytest.mark.parametrize(
    "path", [f"{MODEL}/config.yaml", f"{MODEL}/dvc.lock", f"{METRICS}/metrics.json"]
)
def test_what_a_model_is_made_of_must_be_in_git(
    path: str, bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git("rm", "--quiet", "--cached", path)
    git("commit", "--quiet", "--message", "Forgotten")
    assert publish() == 1
    assert f"error: Not in Git: {path}; `git add` and commit." in capsys.readouterr().err
    assert not bucket.exists()


def test_a_model_that_dvc_would_train_again_is_not_published(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(outdated=("train", "evaluate")) == 1
    assert "tiny is not what this code, data and configuration give: train, evaluate would run" in (
        capsys.readouterr().err
    )
    assert not bucket.exists()


def test_a_shallow_clone_is_refused_since_there_is_nothing_to_compare_with(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit()
    git("clone", "--quiet", "--depth=1", f"file://{workspace}", "../shallow")
    for name in ("model.keras", "train_configuration.yaml", "predict_configuration.yaml",
                 "hparams.yaml", "val_metrics.json"):  # fmt: skip
        shutil.copy(MODEL / name, workspace.parent / "shallow" / MODEL)
    monkeypatch.chdir(workspace.parent / "shallow")
    assert publish() == 1
    assert "error: This clone is shallow" in capsys.readouterr().err


def test_what_git_says_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".git/index").write_text("damaged")
    assert publish() == 1
    assert "error: `git status` says: fatal: .git/index" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert publish() == 1
    assert "error: There is no Git commit that says what is published (git is not installed)" in (
        capsys.readouterr().err
    )


def test_a_tag_that_git_would_not_make_is_noticed_before_anything_is_sent(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("user.name", "user.email"):
        git("config", "--unset", key)
    git("config", "user.useConfigOnly", "true")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    assert publish() == 1
    assert "error: Git does not know who tags the version; `git config" in capsys.readouterr().err
    assert not bucket.exists()


def test_a_model_that_is_not_trained_is_left_out_unless_it_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (MODEL / "config.yaml").read_text().replace("/tiny", "/second")
    Path("models/second").mkdir()
    Path("models/second/config.yaml").write_text(text)
    assert publish() == 0
    assert "Leaving out second: it is not trained here" in capsys.readouterr().out
    assert publish("second") == 1
    assert "models/second holds no model.keras; train the model" in capsys.readouterr().err


def test_an_unknown_model_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert publish("tinny") == 1
    error = "models/tinny/config.yaml does not exist (did you mean 'tiny'?); known models: tiny."
    assert error in capsys.readouterr().err


def test_models_of_other_frameworks_are_left_out_and_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(MODEL, "models/second")
    Path("models/second/adapter.py").touch()
    assert publish() == 0
    assert "Leaving out second: models/second/adapter.py" in capsys.readouterr().out
    assert publish("second") == 1
    assert "brings a model of another framework; only Keras models" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [("gs://b", "gcsfs", "gs"), ("s3://b", "s3fs", "s3"), ("az://b", "adlfs", "azure")],
)
def test_a_missing_package_is_named_with_the_line_that_brings_it(
    url: str,
    package: str,
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("config.yaml", publish={"buckets": [url]})
    commit()
    monkeypatch.setattr(stores, "find_spec", lambda name: None if name == package else name)
    assert publish() == 1
    assert (
        f"config.yaml: publish.buckets names {url}, but the package {package} is not installed; "
        f"in requirements.txt write dvc[{extra}]"
    ) in capsys.readouterr().err


def test_all_mistakes_of_all_models_are_named_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other_project_files()
    (MODEL / "hparams.yaml").unlink()
    assert publish() == 1
    error = capsys.readouterr().err
    assert "models/tiny is not complete" in error
    assert "the folder is models/second" in error

"""Official models by name: from the cache, else from the first bucket that has them intact."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard import stores
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.official.fetching import fetch_official
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.serving import predict
from modelyard.serving.predictor import kind_taken, load_predictor
from modelyard.stores import reason
from modelyard.tasks import told_by

from .official import checkpoints, commit, configure, publish, ran_in, ready, record, write_keras
from .tiny import MODEL, PROJECT, snapshot


@pytest.fixture(name="buckets")
def _buckets(workspace: Path) -> tuple[Path, Path]:
    """Return two buckets, near and far, that hold the model."""
    buckets = workspace.parent / "near", workspace.parent / "far"
    ready(*buckets)
    assert publish() == 0
    return buckets


@pytest.fixture(name="name")
def _name(buckets: tuple[Path, Path]) -> str:
    """Return the name of the checkpoint."""
    return checkpoints(buckets[0])[0]


def visible(cache: Path) -> list[str]:
    """Return what the cache holds besides its locks."""
    return sorted(path.name for path in cache.glob("[!.]*"))


def test_it_comes_from_the_first_bucket_then_from_the_user_s_cache(
    buckets: tuple[Path, Path], name: str, cache: Path
) -> None:
    cached, description = fetch_official("tiny")
    assert (cached, description) == (
        cache / name,
        OFFICIAL_MODELS / "tiny/predict_configuration.yaml",
    )
    assert cached.read_bytes() == (MODEL / "model.keras").read_bytes()
    before = snapshot(cache)
    for bucket in buckets:
        shutil.rmtree(bucket)
    assert fetch_official("tiny")[0] == cached
    assert snapshot(cache) == before


def test_a_damaged_file_in_the_cache_is_fetched_again(name: str, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / name).write_text("damaged")
    assert fetch_official("tiny")[0].read_bytes() == (MODEL / "model.keras").read_bytes()


@pytest.mark.parametrize("trouble", ["tampered", "missing", "half"])
def test_the_next_bucket_is_asked_when_one_has_it_not_or_not_intact(
    trouble: str,
    buckets: tuple[Path, Path],
    name: str,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    near = buckets[0] / name
    if trouble == "tampered":
        write_keras(near, "tampered")
    elif trouble == "missing":
        near.unlink()
    else:
        near.write_bytes(near.read_bytes()[:-40])
    capsys.readouterr()
    assert fetch_official("tiny")[0].read_bytes() == (MODEL / "model.keras").read_bytes()
    assert visible(cache) == [name]
    why = {
        "tampered": "its content has the SHA-256 ",
        "missing": "there is no such file",
        "half": "it is not an intact .keras file (",
    }
    said = capsys.readouterr().err
    assert said.startswith(f"warning: file://{near}: {why[trouble]}")
    assert said.endswith(f"; file://{buckets[1]}/{name} is used instead.\n")
    assert said.count("\n") == 1


def test_when_no_bucket_has_it_each_says_why_and_nothing_is_kept(
    buckets: tuple[Path, Path], name: str, cache: Path
) -> None:
    near, far = buckets
    write_keras(near / name, "tampered")
    (far / name).unlink()
    with pytest.raises(UserError) as caught:
        fetch_official("tiny")
    first, second, third = str(caught.value).splitlines()
    assert first == "No bucket has the official model 'tiny' intact."
    assert second.startswith(f"file://{near}/{name}: its content has the SHA-256 ")
    assert third == f"file://{far}/{name}: there is no such file."
    assert visible(cache) == []


@pytest.mark.usefixtures("name")
def test_a_refusal_names_the_account_that_may_have_been_picked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure("config.yaml", publish={"buckets": ["s3://public"]})

    def refuse(url: str, *_: object, **__: object) -> None:
        raise PermissionError(f"The bucket of {url} must be addressed by another region.")

    monkeypatch.setattr(stores, "file_system", refuse)
    with pytest.raises(
        UserError, match=r"another region \(your own account or region \(~/.aws, AW"
    ):
        fetch_official("tiny")


@pytest.mark.usefixtures("name")
def test_an_unknown_name_is_refused_with_the_official_models(
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = next(Path(PROJECT["data"]["root"]).rglob("*.png"))
    assert predict.main(["tinny", str(image)]) == 1
    assert capsys.readouterr().err == (
        "error: There is no file or folder tinny, and no official model of that name (did you mean "
        "'tiny'?); official models: tiny.\n"
    )
    assert predict.main(["models/tinny", str(image)]) == 1
    assert "models/tinny does not exist; train it or `dvc pull` it" in capsys.readouterr().err


def test_without_buckets_it_says_where_to_write_one(name: str) -> None:
    configure("config.yaml", publish={"buckets": []})
    with pytest.raises(UserError, match=rf"publish.buckets is empty; write there .* as {name}\."):
        fetch_official("tiny")


def test_a_description_that_was_not_published_is_refused(name: str) -> None:
    path = OFFICIAL_MODELS / "tiny/predict_configuration.yaml"
    about = read_yaml(path)
    about["output"]["classes"].reverse()
    write_yaml(path, about)
    with pytest.raises(UserError, match=f"is not what was published with {name}; restore it"):
        fetch_official("tiny")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("public_checkpoint", "../../secret_0123456789.keras", "public_checkpoint is '../../sec"),
        ("sha256", "0" * 63, "sha256 is "),
        ("schema_version", 2, "schema_version is 2"),
        ("extra", 1, "extra is not a known key; allowed here: schema_version, "),
    ],
)
@pytest.mark.usefixtures("name")
def test_a_broken_official_config_is_named_by_its_key(key: str, value: object, reason: str) -> None:
    path = OFFICIAL_MODELS / "tiny/config.yaml"
    write_yaml(path, read_yaml(path) | {key: value})
    with pytest.raises(UserError, match=f"official_models/tiny/config.yaml: {reason}"):
        fetch_official("tiny")


def test_a_published_model_predicts_what_the_trained_one_does(trained: Path, cache: Path) -> None:
    bucket = trained.parent / "bucket"
    configure("config.yaml", publish={"buckets": [f"file://{bucket}"]})
    record()
    commit()
    assert publish() == 0
    shutil.move(MODEL, trained.parent / "gone")
    predictor = load_predictor("tiny")
    assert predictor.file == cache / checkpoints(bucket)[0]
    images = np.load(Path(PROJECT["data"]["processed"]) / "test_images.npy")
    outputs = predictor.model.predict_on_batch(images)
    expected = np.load(trained.parent / "gone/test_predictions.npy")
    np.testing.assert_allclose(told_by(predictor.about).comparable(outputs), expected, atol=1e-5)
    _check_downloaded(bucket, trained.parent / "elsewhere", outputs, images)


def _check_downloaded(bucket: Path, folder: Path, outputs: Any, images: Any) -> None:
    """What lies in a bucket is complete by itself, wherever it is downloaded to."""
    shutil.copytree(bucket, folder)
    (file,) = folder.glob("*.keras")
    for named in (file, folder):
        predictor = load_predictor(str(named))
        assert (predictor.file, predictor.folder) == (file, file.with_suffix(""))
        assert kind_taken(str(named)).NAME == "image"
        np.testing.assert_allclose(predictor.model.predict_on_batch(images), outputs, atol=1e-5)
    card = (file.with_suffix("") / "README.md").read_text()
    assert f"modelyard predict {file.name} IMAGES" in card
    Image.fromarray(images[0, :, :, 0]).save(folder / "image.png")
    said = ran_in(folder, card.split("```python\n")[-1].split("```")[0])
    np.testing.assert_allclose(said, outputs[:1], atol=1e-5)
    described, away = file.with_suffix("") / "config.yaml", folder / "away"
    write_yaml(described, read_yaml(described) | {"sha256": "0" * 64})
    with pytest.raises(UserError, match=r"is not what .*config.yaml describes .* download both"):
        load_predictor(str(file))
    file.with_suffix("").rename(away)
    with pytest.raises(UserError, match=r"has no predict_configuration.yaml, neither beside it"):
        load_predictor(str(file))


def test_a_sentence_of_ours_stays_whole_and_what_a_library_says_is_cut() -> None:
    ours = f"{'a/long/path/' * 40}: mend it."
    assert reason(UserError(ours)) == ours.rstrip(".")
    assert reason(OSError(ours)) == ours[:300]

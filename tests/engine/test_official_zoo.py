"""Official models of others: `--zoo URL`, by the index that publishing writes into a bucket."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import UserError
from modelyard.official import command as models
from modelyard.official.fetching import fetch_official
from modelyard.official.zoo import INDEX
from modelyard.publishing import index_models
from modelyard.serving import predict

from .official import checkpoints, commit, publish, ready, record, write_keras
from .tiny import MODEL, snapshot


@pytest.fixture(name="zoo")
def _zoo(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two versions of a model, as seen from where no project is."""
    bucket = workspace.parent / "bucket"
    for weights in ("first", "second"):
        ready(bucket, weights=weights)
        assert publish() == 0
        commit()
    away = workspace.parent / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    return bucket


def test_a_model_of_a_zoo_is_found_by_its_name_and_version(
    zoo: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, weights = f"file://{zoo}", workspace / MODEL / "model.keras"
    newest, description = fetch_official(f"{url}/tiny")
    assert newest.read_bytes() == weights.read_bytes()
    assert fetch_official(f"{url}/tiny@v1.1.0")[0] == newest
    older = fetch_official(f"{url}/tiny@v1.0.0")[0]
    assert sorted([newest.name, older.name]) == checkpoints(zoo)
    assert (description.parent / "README.md").read_text().startswith("---\n")
    capsys.readouterr()
    assert models.main(["--zoo", url]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == f"The zoo {url}, from {url}"
    assert second.split()[0] == "tiny@v1.1.0"
    assert third.split()[0] == "tiny@v1.0.0"
    with pytest.raises(UserError, match=rf"The zoo {url} has no model tinny \(did you mean 'tiny'"):
        fetch_official(f"{url}/tinny")
    with pytest.raises(UserError, match=r"no tiny@v7.0.0 in the zoo .*; versions: v1.0.0, v1.1.0"):
        fetch_official(f"{url}/tiny@v7.0.0")
    assert predict.main(["a/b", "x.png", "--zoo", url]) == 1
    assert "has models by their names, and a/b is a path; write NAME" in capsys.readouterr().err
    assert predict.main(["tiny", "x.png", "--zoo", "ftp://x"]) == 1
    assert "error: --zoo ftp://x must be a bucket, such as gs://" in capsys.readouterr().err
    newest.unlink()
    write_keras(zoo / newest.name, "exchanged")
    with pytest.raises(UserError, match="its content has the SHA-256"):
        fetch_official(f"{url}/tiny")


def test_a_model_with_code_in_it_is_taken_from_the_own_project_only(
    workspace: Path,
) -> None:
    bucket = workspace.parent / "bucket"
    ready(bucket)
    layer = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}
    write_keras(MODEL / "model.keras", "code", config=json.dumps(layer))
    record()
    commit()
    assert publish() == 0
    assert fetch_official("tiny")[0].is_file()
    with pytest.raises(UserError, match=r"tiny has code in it \(a Lambda layer\), which could do"):
        fetch_official(f"file://{bucket}/tiny")


def _escaping(index: Any) -> None:
    index["models"][0]["card"] = "\x1b[2J"


def _climbing(index: Any) -> None:
    index["models"][0]["config"]["public_checkpoint"] = "../../x_0123456789.keras"


def _newer(index: Any) -> None:
    index["schema_version"] = 2


CHANGES: dict[str, Callable[[Any], None]] = {
    "has control characters": _escaping,
    "models.0.config.public_checkpoint: ": _climbing,
    "schema_version: ": _newer,
}


def test_an_index_that_is_none_is_refused(zoo: Path) -> None:
    text = (zoo / INDEX).read_text()
    for said, change in CHANGES.items():
        index = json.loads(text)
        change(index)
        (zoo / INDEX).write_text(json.dumps(index))
        with pytest.raises(UserError, match=f"{INDEX} is not an index of official models .*{said}"):
            fetch_official(f"file://{zoo}/tiny")


def test_an_index_can_be_written_for_what_was_published_before(
    zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(zoo)
    assert index_models.main([str(zoo)]) == 0
    assert snapshot(zoo) == before
    index = (zoo / INDEX).read_bytes()
    (zoo / INDEX).unlink()
    with pytest.raises(UserError, match=r"there is no such file; `modelyard index-models file://"):
        fetch_official(f"file://{zoo}/tiny")
    capsys.readouterr()
    assert index_models.main([str(zoo)]) == 0
    assert (zoo / INDEX).read_bytes() == index
    said = f"file://{zoo}/index.json lists 2 versions of official models.\n"
    assert capsys.readouterr().out == said
    assert index_models.main(["https://x.example.org"]) == 1
    assert index_models.main([str(zoo / "nothing")]) == 1
    said = capsys.readouterr().err
    assert "https://x.example.org can only be read; name the bucket" in said
    assert "nothing is not a folder; name one" in said
    old, new = checkpoints(zoo)
    shutil.copy(zoo / old.removesuffix(".keras") / "config.yaml", zoo / "config.yaml")
    text = (zoo / "config.yaml").read_text().replace(old, new)
    version = "v1.0.0" if "v1.0.0" in text else "v1.1.0"
    file = zoo / new.removesuffix(".keras") / "config.yaml"
    other = "v1.1.0" if version == "v1.0.0" else "v1.0.0"
    file.write_text(file.read_text().replace(other, version))
    assert index_models.main([str(zoo)]) == 1
    assert f"holds tiny@{version} twice, as {old} and {new}" in capsys.readouterr().err

"""Versions of official models: by NAME@VERSION, by the tag that is checked out, in a list."""

import shutil
from pathlib import Path

import pytest

from modelyard.__main__ import main
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.model_tests.definition import load_cases
from modelyard.model_tests.workspace import make_workspace
from modelyard.official.fetching import fetch_official
from modelyard.official.finding import find_official
from modelyard.official.lifecycle import lifecycle_file
from modelyard.official.listing import metrics_of
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import load_official

from .model_testing import write_tests
from .official import commit, git, publish, ready, record, write_keras
from .tiny import MODEL

CONFIG = OFFICIAL_MODELS / "tiny/config.yaml"

LIFECYCLE = """\
promoted:
- {stage: production, version: v1.1.0, before: v1.0.0, when: '2026-11-30T00:00:00+00:00', who: Ada}
withdrawn:
- {version: v1.0.0, checkpoint: tiny_0.keras, why: it leaks, when: '2026-11-30T00:00:00+00:00'}
"""


@pytest.fixture(name="first")
def _first(workspace: Path) -> bytes:
    """Publish two versions; return the weights of the first."""
    ready(workspace.parent / "bucket")
    assert publish() == 0
    first = (MODEL / "model.keras").read_bytes()
    commit()
    write_keras(MODEL / "model.keras", "other weights")
    record()
    commit()
    assert publish() == 0
    commit()
    assert load_official(CONFIG).version == "v1.1.0"
    return first


def test_a_version_is_found_in_the_history_with_what_described_it(first: bytes) -> None:
    latest = fetch_official("tiny")
    assert latest[0].read_bytes() == (MODEL / "model.keras").read_bytes()
    assert fetch_official("tiny@v1.1.0") == latest
    about = read_yaml(latest[1])
    write_yaml(latest[1], about | {"output": {"classes": ["of", "another", "version"]}})
    checkpoint, description = fetch_official("tiny@v1.0.0")
    assert checkpoint.read_bytes() == first
    assert read_yaml(description) == about
    assert description.parent == checkpoint.with_suffix("")  # as they lie in a bucket
    assert {path.name for path in description.parent.iterdir()} >= {"README.md", "config.yaml"}


REFUSED = {
    "tiny@v2.0.0": "No commit here published tiny@v2.0.0; versions: v1.1.0, v1.0.0. `git fetch",
    "tiny@1.0.0": "tiny@1.0.0: '1.0.0' is not a version (did you mean tiny@v1.0.0?)",
    "tiny@": "tiny@: '' is not a version",
    "other@v1.0.0": "There is no file or folder other, and no official model of that name",
}


@pytest.mark.usefixtures("first")
def test_a_version_that_is_not_there_is_refused() -> None:
    for asked, said in REFUSED.items():
        with pytest.raises(UserError) as caught:
            fetch_official(asked)
        assert str(caught.value).startswith(said)


@pytest.mark.usefixtures("first")
def test_a_checkout_at_a_tag_uses_that_version_whatever_its_tree_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained_at = load_official(CONFIG).commit  # which publishing tagged until modelyard 1.1
    git("tag", "--force", "tiny@v1.1.0", str(trained_at))
    git("checkout", "--quiet", "tiny@v1.1.0")
    capsys.readouterr()
    for _ in range(2):
        assert find_official("tiny").config.version == "v1.1.0"
    assert capsys.readouterr().err == (
        "tiny@v1.1.0 is checked out, so that version is used, not v1.0.0, which "
        "official_models/tiny/config.yaml names.\n"
    )
    assert find_official("tiny@v1.0.0").config.version == "v1.0.0"


def test_a_model_test_begins_with_the_version_that_its_model_names(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(MODEL / "model.keras")
    weights = {"Version": "tiny@v1.0.0", "Current": "tiny", "File": file, "Backbone": "imagenet"}
    write_tests(**{name: {"config": {"params.initial_weights": weights[name]}} for name in weights})
    latest, root = Path(file).read_bytes(), Path.cwd()
    for case in load_cases():
        monkeypatch.chdir(root)
        make_workspace(case)
        monkeypatch.chdir(case.folder)
        if case.test == "File":
            assert Path(file).read_bytes() == latest
        elif case.test != "Backbone":
            begins = fetch_official(weights[case.test])[0].read_bytes()
            assert begins == (first if case.test == "Version" else latest)


@pytest.mark.usefixtures("first")
def test_every_version_is_listed_with_its_metrics_and_buckets(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lifecycle_file(OFFICIAL_MODELS, "tiny").write_text(LIFECYCLE)
    shutil.copytree(CONFIG.parent, OFFICIAL_MODELS / "a_broken_one")
    (OFFICIAL_MODELS / "a_broken_one/config.yaml").write_text("schema_version: 2\n")
    capsys.readouterr()
    assert main(["models"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"This project, from file://{workspace.parent}/bucket",
        "  tiny@v1.1.0  loss 0.25, odd|name 0.75  here, production",
        "  tiny@v1.0.0  loss 0.25, odd|name 0.75  withdrawn: it leaks",
    ]
    assert said.err.startswith("error: official_models/a_broken_one/config.yaml: ")


def test_without_official_models_it_says_how_to_publish_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["models"]) == 0
    assert capsys.readouterr().out.startswith("There is no official model in this folder or in an")


@pytest.mark.parametrize("card", ["", "# Mine", "---\nmodel-index: 1\n---\n", "---\n[\n---\n"])
def test_a_card_that_people_wrote_anew_has_no_metrics(card: str) -> None:
    assert metrics_of(card) == {}

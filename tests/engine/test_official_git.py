"""What publishing leaves in Git: a commit that describes the version, under the version's tag."""

import shutil
from pathlib import Path

import pytest

from modelyard.official.fetching import fetch_official
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import load_official

from .official import FILES, commit, configure, git, publish, ready, record
from .tiny import METRICS, MODEL

OFFICIAL = OFFICIAL_MODELS / "tiny"


@pytest.fixture(name="bucket", autouse=True)
def _bucket(workspace: Path) -> Path:
    """Return the bucket of a project that is ready to publish."""
    ready(workspace.parent / "bucket")
    return workspace.parent / "bucket"


def tagged(tag: str) -> str:
    return git("rev-parse", f"{tag}^{{commit}}")


def second() -> None:
    """Make another model of the tiny one, and commit it."""
    shutil.copytree(MODEL, "models/second")
    shutil.copytree(METRICS, "training_metrics/second")
    for name in ("config.yaml", *FILES[1:3]):
        path = Path("models/second", name)
        path.write_text(path.read_text().replace("tiny", "second"))
    record("second")
    commit()


def test_a_checkout_at_a_version_s_tag_holds_and_reads_that_version(bucket: Path) -> None:
    first = (MODEL / "model.keras").read_bytes()
    assert publish() == 0
    ready(bucket, weights="better")
    assert publish() == 0
    for version, same in (("v1.0.0", True), ("v1.1.0", False)):
        git("checkout", "--quiet", f"tiny@{version}")
        assert load_official(OFFICIAL / "config.yaml").version == version
        assert (fetch_official("tiny")[0].read_bytes() == first) is same
        assert f"# tiny {version}" in (OFFICIAL / "README.md").read_text()


def test_a_commit_that_a_hook_refuses_is_made_by_the_next_run(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = Path(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no trailing spaces >&2\nexit 1\n")
    hook.chmod(0o755)
    assert publish() == 1
    error = capsys.readouterr().err
    assert (
        "error: official_models/tiny is written, but not committed: `git commit` says: no trailing "
        "spaces; mend that, then the same command commits it and tags tiny@v1.0.0." in error
    )
    assert git("tag") == ""
    assert len(list(bucket.glob("*.keras"))) == 1
    hook.unlink()
    trained = git("rev-parse", "HEAD")
    assert publish() == 0
    assert load_official(OFFICIAL / "config.yaml").commit == trained
    assert tagged("tiny@v1.0.0") == git("rev-parse", "HEAD")
    assert git("rev-parse", "HEAD^") == trained


def test_what_was_committed_before_an_interruption_is_tagged_unless_it_was_pushed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert publish() == 0
    described = tagged("tiny@v1.0.0")
    git("tag", "--delete", "tiny@v1.0.0")
    commit()  # something else, in between
    capsys.readouterr()
    assert publish("--dry-run") == 0
    assert "Would tag tiny@v1.0.0" in capsys.readouterr().out
    assert publish() == 0
    assert tagged("tiny@v1.0.0") == described
    assert "next: dvc push && git push origin tiny@v1.0.0\n" in capsys.readouterr().out
    git("tag", "--delete", "tiny@v1.0.0")
    git("update-ref", "refs/remotes/origin/main", "HEAD")  # as a push leaves it
    assert publish() == 0
    assert git("tag") == ""  # whoever pushed the commit has the tag
    assert "This clone has no tag tiny@v1.0.0; `git fetch --tags` br" in capsys.readouterr().out


def test_a_detached_head_is_published_and_its_tag_keeps_the_commit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    branch = git("branch", "--show-current")
    git("checkout", "--quiet", "--detach")
    assert publish() == 0
    assert "next: dvc push && git push origin tiny@v1.0.0\n" in capsys.readouterr().out
    assert tagged("tiny@v1.0.0") == git("rev-parse", "HEAD") != git("rev-parse", branch)


def test_several_models_are_told_and_committed_one_after_the_other(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second()
    configure("config.yaml", publish={"buckets": [f"file://{bucket}", f"file://{bucket}-far"]})
    commit()
    capsys.readouterr()
    assert publish("--verbose") == 0
    said, error = capsys.readouterr()
    assert error.count("warning") == 2
    assert [tagged(f"{name}@v1.0.0") for name in ("second", "tiny")] == [
        git("rev-parse", "HEAD^"),
        git("rev-parse", "HEAD"),
    ]
    for name in ("second", "tiny"):
        assert f"============\nPreparing {name} model\n============\n20" in said
    first, _, other = said.partition("Preparing tiny model")
    assert "tiny" not in first
    assert first.count("| Uploading models/second/model.keras to") == 2
    assert "| Tagged second@v1.0.0; next: dvc push && git push origin HEAD second@v1.0.0" in first
    assert "Uploading models/second" not in other
    for line in other.partition("┏")[0].splitlines()[2:]:
        assert line[:2] == "20"
        assert line[23:].partition(" | ")[0][0] in "+-"
    names = [line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")]
    assert sorted(names) == sorted(2 * [path.name for path in bucket.glob("*.keras")])


def test_official_models_that_git_ignores_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with Path(".gitignore").open("a") as file:
        file.write("\nofficial_models\n")
    commit()
    assert publish() == 1
    error = capsys.readouterr().err
    assert "official_models/tiny is written, but not committed: `git add` says: The follow" in error
    assert git("tag") == ""

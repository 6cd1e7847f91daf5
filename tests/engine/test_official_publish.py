"""`python -m ci.publish_models`: to every bucket once, verified, versioned, repaired."""

import shutil
import threading
from pathlib import Path

import pytest
from fsspec.callbacks import Callback

from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import load_official
from modelyard.publishing.official.target import Target

from .official import (
    CARD,
    checkpoints,
    commit,
    configure,
    git,
    publish,
    ready,
    record,
    write_keras,
    write_run,
)
from .tiny import MODEL, snapshot

OFFICIAL = OFFICIAL_MODELS / "tiny"
SIDE_FILES = [
    "README.md",
    "config.yaml",
    "hparams.yaml",
    "predict_configuration.yaml",
    "train_configuration.yaml",
    "val_metrics.json",
]


@pytest.fixture(name="buckets")
def _buckets(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return two buckets of a project that is ready to publish."""
    monkeypatch.setenv("GIT_OPTIONAL_LOCKS", "0")  # else `git status` refreshes the index
    assert Path.cwd() == workspace
    buckets = workspace.parent / "near", workspace.parent / "far"
    ready(*buckets)
    return buckets


def test_a_model_goes_to_every_bucket_with_what_describes_it(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish() == 0
    official = load_official(OFFICIAL / "config.yaml")
    assert official.public_checkpoint == f"tiny_{official.sha256[:10]}.keras"
    for bucket in buckets:
        assert checkpoints(bucket) == [official.public_checkpoint]
        sent = bucket / official.public_checkpoint
        assert sent.read_bytes() == (MODEL / "model.keras").read_bytes()
        beside = bucket / sent.stem
        assert sorted(path.name for path in beside.iterdir()) == SIDE_FILES
        for name in SIDE_FILES:
            assert (beside / name).read_bytes() == (OFFICIAL / name).read_bytes()
    said = capsys.readouterr().out
    assert f"Uploading {MODEL}/model.keras to file://{buckets[1]}/{sent.name}" in said
    assert official.version == "v1.0.0"
    assert git("tag") == "tiny@v1.0.0"
    assert official.sha256 in git("tag", "--list", "--format=%(contents)")
    assert git("rev-parse", "tiny@v1.0.0^{commit}") == git("rev-parse", "HEAD")
    assert git("rev-parse", "HEAD^") == official.commit  # of the training
    assert git("status", "--porcelain") == ""
    assert git("log", "-1", "--format=%s") == "Publish tiny v1.0.0"
    assert {Path(name).parts[0] for name in git("show", "--format=", "--name-only").split()} == {
        "official_models",
        "templates",
    }
    assert f"| commit of this version | {official.commit} |" in (OFFICIAL / "README.md").read_text()


def test_publishing_the_same_again_sends_and_changes_nothing(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish() == 0
    commit()
    write_run(started="2031-01-01T00:00:00+00:00")  # an equal training, another day
    record()
    commit()
    before = [snapshot(folder) for folder in (*buckets, OFFICIAL, Path("templates"))]
    capsys.readouterr()
    assert publish("tiny") == 0
    assert [snapshot(folder) for folder in (*buckets, OFFICIAL, Path("templates"))] == before
    said = capsys.readouterr().out
    for bucket in buckets:
        assert f"Skipping since file://{bucket}/{checkpoints(bucket)[0]} exists." in said
    assert git("tag") == "tiny@v1.0.0"


def test_new_content_is_the_next_minor_version_and_old_content_keeps_its_own(
    buckets: tuple[Path, Path],
) -> None:
    assert publish() == 0
    ready(*buckets, weights="better")
    git("tag", "tiny@v0.9", "HEAD")
    git("tag", "tiny_other@v7.0.0", "HEAD")
    assert publish() == 0
    assert load_official(OFFICIAL / "config.yaml").version == "v1.1.0"
    assert len(checkpoints(buckets[0])) == 2
    ready(*buckets)
    assert publish() == 0
    assert load_official(OFFICIAL / "config.yaml").version == "v1.0.0"
    assert git("tag", "--list", "tiny@v1*").split() == ["tiny@v1.0.0", "tiny@v1.1.0"]


def test_a_dry_run_says_what_it_would_do_and_touches_nothing(
    buckets: tuple[Path, Path], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(workspace)
    assert publish("--dry-run") == 0
    said = capsys.readouterr().out
    assert said.count(f"Would upload {MODEL}/model.keras to file://") == 2
    assert "Would tag tiny@v1.0.0" in said
    assert snapshot(workspace) == before
    assert not any(bucket.exists() for bucket in buckets)
    assert publish() == 0
    capsys.readouterr()
    assert publish("--dry-run") == 0
    assert "Would" not in capsys.readouterr().out


@pytest.mark.parametrize("other", ["weights", "no zip"])
def test_a_name_that_is_taken_by_other_content_is_an_error_and_stays(
    buckets: tuple[Path, Path], other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = buckets
    assert publish() == 0
    taken = far / checkpoints(far)[0]
    if other == "weights":
        write_keras(taken, "tampered")
    else:
        taken.write_text(other)
    (near / taken.name).unlink()
    before = snapshot(far), snapshot(OFFICIAL)
    capsys.readouterr()
    assert publish() == 1
    error = capsys.readouterr().err
    assert f"error: file://{far}: file://{taken} exists with other content" in error
    assert "remove it, and publish again" in error
    assert (snapshot(far), snapshot(OFFICIAL)) == before
    assert (near / taken.name).read_bytes() == (MODEL / "model.keras").read_bytes()


def test_a_bucket_that_is_down_stops_no_other_and_the_next_run_repairs_it(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = buckets
    near.write_text("no folder")
    assert publish() == 1
    captured = capsys.readouterr()
    assert "failed" in captured.out
    assert "uploaded" in captured.out
    assert f"error: file://{near}: " in captured.err
    assert "Traceback" not in captured.err
    official = (OFFICIAL / "config.yaml").read_bytes()
    near.unlink()
    assert publish() == 0
    assert checkpoints(near) == checkpoints(far)
    assert (OFFICIAL / "config.yaml").read_bytes() == official
    assert git("tag") == "tiny@v1.0.0"


def test_nothing_changes_here_when_every_bucket_fails(
    buckets: tuple[Path, Path], workspace: Path
) -> None:
    for bucket in buckets:
        bucket.write_text("no folder")
    before = snapshot(workspace)
    assert publish() == 1
    assert snapshot(workspace) == before
    assert git("tag") == ""


def test_what_a_killed_publisher_left_is_completed_and_no_older_description_stays(
    buckets: tuple[Path, Path],
) -> None:
    near = buckets[0]
    configure(str(MODEL / "config.yaml"), card=CARD | {"limits": "Not yet known."})
    assert publish("--force") == 0
    checkpoint = near / checkpoints(near)[0]
    checkpoint.unlink()
    (near / checkpoint.stem / "hparams.yaml").unlink()
    git("checkout", str(MODEL / "config.yaml"))
    assert publish() == 0
    assert checkpoint.is_file()
    for name in SIDE_FILES:
        assert (near / checkpoint.stem / name).read_bytes() == (OFFICIAL / name).read_bytes()
    assert not list(near.glob("**/.partial-*"))


def test_a_description_that_changed_or_is_gone_is_sent_again_and_the_model_is_not(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish() == 0
    near, far = buckets
    sent = near / checkpoints(near)[0]
    before = sent.stat().st_mtime_ns
    (near / sent.stem / "README.md").unlink()
    assert publish() == 0
    assert (near / sent.stem / "README.md").read_bytes() == (OFFICIAL / "README.md").read_bytes()
    configure(str(MODEL / "config.yaml"), card=CARD | {"limits": "Never for medical use."})
    commit()
    capsys.readouterr()
    assert publish() == 0
    assert capsys.readouterr().out.count("described anew") == 2
    for folder in (OFFICIAL, near / sent.stem, far / sent.stem):
        assert "Never for medical use." in (folder / "README.md").read_text()
    assert load_official(OFFICIAL / "config.yaml").version == "v1.0.0"
    assert sent.stat().st_mtime_ns == before


def test_what_somebody_adds_to_the_card_is_sent(buckets: tuple[Path, Path]) -> None:
    assert publish() == 0
    with (OFFICIAL / "README.md").open("a") as file:
        file.write("\nMore.\n")
    assert publish() == 0
    (beside,) = [path for path in buckets[0].iterdir() if path.is_dir()]
    assert (beside / "README.md").read_text().endswith("\nMore.\n")
    assert (OFFICIAL / "README.md").read_text().endswith("\nMore.\n")


def test_a_version_that_somebody_else_has_tagged_for_other_content_is_not_taken(
    buckets: tuple[Path, Path],
) -> None:
    assert publish() == 0
    git("tag", "--delete", "tiny@v1.0.0")
    git("tag", "--annotate", "--message", "sha256: " + "a" * 64, "tiny@v1.0.0")
    assert publish() == 0
    official = load_official(OFFICIAL / "config.yaml")
    assert official.version == "v1.1.0"
    assert official.sha256 in git("tag", "--list", "tiny@v1.1.0", "--format=%(contents)")
    assert len(checkpoints(buckets[0])) == 1


def test_in_a_folder_of_a_larger_repository_the_tag_names_the_folder(
    buckets: tuple[Path, Path], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(".git")
    (workspace / "project").mkdir()
    for path in [path for path in workspace.iterdir() if path.name != "project"]:
        path.rename(workspace / "project" / path.name)
    commit()  # of the larger one
    monkeypatch.chdir("project")
    assert publish() == 0
    assert git("tag") == "project=tiny@v1.0.0"
    assert publish() == 0
    assert git("tag") == "project=tiny@v1.0.0"
    assert checkpoints(buckets[0])


def test_of_eight_publishers_at_once_exactly_one_wins(tmp_path: Path) -> None:
    files = [tmp_path / f"file{number}" for number in range(8)]
    for number, file in enumerate(files):
        file.write_bytes(bytes([number]) * 2**20)
    target, start, won = Target(f"file://{tmp_path}/bucket"), threading.Barrier(8), []

    def race(file: Path) -> None:
        start.wait()
        if target.put(file, "folder/name.keras", Callback()):
            won.append(file)

    threads = [threading.Thread(target=race, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    (made,) = (tmp_path / "bucket/folder").iterdir()  # and nothing half-written beside it
    assert made.read_bytes() == won[0].read_bytes()


def test_force_publishes_and_the_card_says_so_until_it_is_published_properly(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rule = {"metric": "test.odd|name", "direction": "max", "min": 0.9}
    configure(str(MODEL / "config.yaml"), acceptance=[rule])
    assert publish() == 1
    said, error = capsys.readouterr()
    assert "--force does it all the same" in said
    assert f"error: Not committed: {MODEL}/config.yaml; commit or drop the changes." in error
    assert "error: tiny is not accepted: test.odd|name is 0.75, below the minimum 0.9" in error
    assert not any(bucket.exists() for bucket in buckets)
    assert publish("--force") == 0
    card = (OFFICIAL / "README.md").read_text()
    assert "**Published with `--force`, although:**\n\n- Not committed: models/tiny" in card
    assert "is not accepted" in card
    assert load_official(OFFICIAL / "config.yaml").version is None  # no commit holds it
    assert git("tag") == ""
    git("checkout", str(MODEL / "config.yaml"))
    assert publish() == 0
    (beside,) = [path for path in buckets[0].iterdir() if path.is_dir()]
    for folder in (OFFICIAL, beside):
        assert "--force" not in (folder / "README.md").read_text()
        assert load_official(folder / "config.yaml").version == "v1.0.0"
    assert git("tag") == "tiny@v1.0.0"
    before = snapshot(OFFICIAL)
    configure(str(MODEL / "config.yaml"), acceptance=[rule])
    assert publish("--force") == 0
    assert snapshot(OFFICIAL) == before  # what has a version keeps it


def test_a_model_that_was_trained_before_the_first_commit_is_published_with_a_word_on_it(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish() == 0
    assert capsys.readouterr().err == (
        "warning: tiny was trained before the first commit, so train_configuration.yaml and the "
        "card name none as that of the training; to have one named, `dvc repro --force "
        "--single-item models/tiny/dvc.yaml:train`, then `sh run.sh tiny` and commit.\n"
    )
    assert "| commit before the training | none |" in (OFFICIAL / "README.md").read_text()
    ready(*buckets, weights="trained again")  # after a commit
    assert publish() == 0
    assert "warning" not in capsys.readouterr().err

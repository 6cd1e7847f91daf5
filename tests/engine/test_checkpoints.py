"""Backups in a bucket: a machine that vanished at any moment leaves a copy that can be used."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import pytest

from modelyard.cloud.checkpoints import CHECKPOINTS, Mirror, backup_path

from .conftest import ROOT
from .tiny import snapshot


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """Return a mirror into a folder; the working directory is an empty project."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return again(tmp_path)


def again(tmp_path: Path) -> Mirror:
    """Return what another machine would mirror with."""
    return Mirror(fsspec.filesystem("file", auto_mkdir=True), str(tmp_path / "bucket"))


def write(name: str, text: str) -> None:
    path = CHECKPOINTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{path.name}")
    temporary.write_text(text)
    temporary.replace(path)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: content for name, (_, content) in snapshot(folder).items() if content}


def test_the_next_machine_gets_what_the_last_one_uploaded(mirror: Mirror, tmp_path: Path) -> None:
    write("train/m/hash/epoch-3.npz", "weights")
    write("train/m/hash/state.json", "state")
    assert mirror.upload() == 2
    before = contents(CHECKPOINTS)
    shutil.rmtree(CHECKPOINTS)
    assert again(tmp_path).restore() == 2
    assert contents(CHECKPOINTS) == before


def test_only_what_changed_is_uploaded_even_if_its_size_did_not(
    mirror: Mirror, tmp_path: Path
) -> None:
    write("tune/m/hash/trial_0/result.json", "1")
    write("tune/m/hash/oracle.json", "a")
    assert mirror.upload() == 2
    assert mirror.upload() == 0
    write("tune/m/hash/oracle.json", "b")
    assert mirror.upload() == 1
    assert (tmp_path / "bucket/tune/m/hash/oracle.json").read_text() == "b"


def test_what_is_no_longer_needed_is_removed_from_the_bucket(
    mirror: Mirror, tmp_path: Path
) -> None:
    write("train/m/hash/epoch-1.npz", "weights")
    write("train/m/hash/epoch-2.npz", "weights")
    mirror.upload()
    (CHECKPOINTS / "train/m/hash/epoch-1.npz").unlink()
    mirror.upload()
    assert list(contents(tmp_path / "bucket")) == ["train/m/hash/epoch-2.npz"]


def test_an_ended_training_leaves_the_bucket_only_when_its_results_are_safe(
    mirror: Mirror, tmp_path: Path
) -> None:
    write("train/m/hash/state.json", "state")
    write("tune/m/hash/result.json", "kept")
    mirror.upload()
    shutil.rmtree(CHECKPOINTS / "train")
    mirror.upload()
    assert len(contents(tmp_path / "bucket")) == 2
    mirror.upload(finished=True)
    assert list(contents(tmp_path / "bucket")) == ["tune/m/hash/result.json"]


def test_a_machine_that_restored_removes_what_it_finished(mirror: Mirror, tmp_path: Path) -> None:
    write("train/m/hash/state.json", "state")
    mirror.upload()
    shutil.rmtree(CHECKPOINTS)
    later = again(tmp_path)
    later.restore()
    shutil.rmtree(CHECKPOINTS)
    later.upload(finished=True)
    assert contents(tmp_path / "bucket") == {}


def test_a_state_is_uploaded_after_the_weights_it_names(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("train/m/hash/epoch-9.npz", "weights")
    os.utime(CHECKPOINTS / "train/m/hash/epoch-9.npz", ns=(1, 1))
    write("train/m/hash/a-state.json", "state")
    order = []
    put = mirror.fs.put_file

    def recorded(source: str, target: str) -> None:
        order.append(Path(target).name)
        put(source, target)

    monkeypatch.setattr(mirror.fs, "put_file", recorded)
    mirror.upload()
    assert order == ["epoch-9.npz", "a-state.json"]


def test_an_epoch_that_ends_during_a_snapshot_is_in_it_whole_or_not_at_all(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("train/m/hash/epoch-1.npz", "weights")
    write("train/m/hash/state.json", "1")
    link, epochs = os.link, iter("234")

    def training(source: Path, target: Path) -> None:
        if epoch := next(epochs, None):
            write(f"train/m/hash/epoch-{epoch}.npz", "weights")
            write("train/m/hash/state.json", epoch)
        link(source, target)

    monkeypatch.setattr(os, "link", training)
    mirror.upload()
    copy = tmp_path / "bucket/train/m/hash"
    assert (copy / f"epoch-{(copy / 'state.json').read_text()}.npz").exists()


def test_a_training_that_never_rests_gives_no_backup_rather_than_a_broken_one(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("train/m/hash/state.json", "1")
    monkeypatch.setattr("modelyard.cloud.checkpoints.PAUSE", 0)
    monkeypatch.setattr(os, "link", lambda *_: write("train/m/hash/state.json", "more"))
    with pytest.raises(TimeoutError, match="changed all the while"):
        mirror.upload()
    assert not (tmp_path / "bucket").exists()


def test_half_written_files_stay_behind_and_backups_of_this_machine_win(
    mirror: Mirror, tmp_path: Path
) -> None:
    write("train/m/hash/state.json", "old")
    mirror.upload()
    write("train/m/hash/state.json", "newer, of this machine")
    (CHECKPOINTS / "train/m/hash/.partial-state.json").write_text("half")
    assert again(tmp_path).restore() == 0
    assert (CHECKPOINTS / "train/m/hash/state.json").read_text() == "newer, of this machine"
    mirror.upload()
    assert list(contents(tmp_path / "bucket")) == ["train/m/hash/state.json"]


def test_nothing_to_back_up_is_no_mistake(mirror: Mirror) -> None:
    assert mirror.restore() == 0
    assert mirror.upload() == 0
    assert not Path(".partial-checkpoints").exists()


def test_every_branch_has_a_place_of_its_own() -> None:
    places = {backup_path("bucket/dvc", name) for name in ("a/b", "a_b", "a%2Fb", "a")}
    assert len(places) == 4
    assert all(place.startswith("bucket/dvc/checkpoints/") for place in places)
    assert all(place.count("/") == 3 for place in places)


# Stands in for run.sh: an epoch every 50 ms, each time weights first, then the state naming them.
EPOCHS = """\
i=0; folder=.checkpoints/train/m; mkdir -p $folder; echo $$ >pid
trap 'echo ended >ended; exit 143' TERM
while [ $i -lt {epochs} ]; do
    i=$((i + 1))
    echo "weights $i" >$folder/.partial-w && mv $folder/.partial-w $folder/epoch-$i
    echo "$i" >$folder/.partial-s && mv $folder/.partial-s $folder/state
    sleep 0.05
done
"""


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a DVC project whose run.sh writes epochs; it is the working directory."""
    project, bucket = tmp_path / "project", tmp_path / "bucket"
    bucket.mkdir()
    (project / ".dvc").mkdir(parents=True)
    settings = "[core]\n    remote = storage\n    no_scm = true\n['remote \"storage\"']\n    url = "
    (project / ".dvc/config").write_text(f"{settings}{bucket}\n")
    monkeypatch.chdir(project)
    return project


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"PYTHONPATH": str(ROOT), "PATH": programs, "GITHUB_REF_NAME": "try/it"}
    command = [sys.executable, "-m", "modelyard", "cloud", "train", "m", *arguments]
    return subprocess.Popen(command, env=os.environ | variables)


def test_backups_are_uploaded_while_training_runs_and_survive_a_kill(training: Path) -> None:
    (training / "run.sh").write_text(EPOCHS.format(epochs=1000))
    copy = training.parent / "bucket/checkpoints/try%2Fit/train/m"
    process = start("--every", "0.2")
    end = time.monotonic() + 120
    while not (copy / "state").exists() or int((copy / "state").read_text() or 0) < 5:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.kill(int((training / "pid").read_text()), signal.SIGKILL)
    state = int((copy / "state").read_text())
    assert (copy / f"epoch-{state}").read_text() == f"weights {state}\n"
    # Moved, not removed: what the killed shell had just started may write once more.
    (training / ".checkpoints").rename(training.parent / "lost")
    (training / "run.sh").write_text("cat .checkpoints/train/m/state >resumed")
    assert start().wait() == 0
    assert int((training / "resumed").read_text()) == state


def test_being_ended_ends_the_training_and_uploads_once_more(training: Path) -> None:
    (training / "run.sh").write_text(EPOCHS.format(epochs=1000))
    process = start("--every", "60")
    while not (training / ".checkpoints/train/m/epoch-5").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    assert process.wait() == 1
    assert (training / "ended").exists()
    copy = training.parent / "bucket/checkpoints/try%2Fit/train/m"
    assert (copy / "state").read_text() == (training / ".checkpoints/train/m/state").read_text()


def test_a_failed_training_is_a_failure_and_keeps_its_backup(training: Path) -> None:
    (training / "run.sh").write_text(EPOCHS.format(epochs=2) + "exit 3\n")
    assert start().wait() == 1
    copy = training.parent / "bucket/checkpoints/try%2Fit/train/m"
    assert json.loads((copy / "state").read_text()) == 2


def test_a_remote_on_another_machine_is_said_and_everything_made_anew(
    training: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (training.parent / "bucket").rmdir()
    (training / "run.sh").write_text('echo "asked: $*"')
    assert start().wait() == 0
    said = capfd.readouterr().out
    assert "is a folder of another machine" in said
    assert "asked: m\n" in said


def test_an_artifact_that_nobody_pushed_is_named(
    training: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (training / "run.sh").write_text("true")
    (training / "data.dvc").write_text(f"outs:\n- md5: {'a' * 32}\n  size: 3\n  path: data\n")
    assert start().wait() == 1
    said = capfd.readouterr().err
    assert "bucket lacks data, which this run had no need to make again" in said

"""A lock of DVC that nobody holds is dropped with a note; one that is held is named."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import UserError
from modelyard.pipeline.locks import LOCKS, free

NOBODY = 4194304  # more than any process has


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    LOCKS.parent.mkdir(parents=True)


def lock(pid: int, command: str = "/env/bin/dvc repro", path: str = "models/a/model.keras") -> None:
    info = {"pid": pid, "cmd": command}
    written = {
        "write": {str(Path.cwd() / path): info},
        "read": {str(Path.cwd() / "data/processed"): [info]},
    }
    LOCKS.write_text(json.dumps(written))


def locks() -> Any:
    return json.loads(LOCKS.read_text())


@pytest.fixture
def dvc(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like DVC at work in this project."""
    yield from running(tmp_path, tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The same in another project."""
    (tmp_path / "elsewhere").mkdir()
    yield from running(tmp_path, tmp_path.parent)


def running(folder: Path, project: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = folder / "dvc"
    program.write_text("print(flush=True)\ninput()\n")
    process = subprocess.Popen(
        [sys.executable, str(program), "repro"],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    process.stdout.readline()
    yield process
    process.communicate()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"write": {"a": {"pid": "x"}}}', "\0" * 9])
def test_a_damaged_lock_is_made_anew(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    LOCKS.write_text(text)
    free("a")
    assert locks() == {"write": {}, "read": {}}
    said = capsys.readouterr().err
    assert said == f"note: dropped the lock {LOCKS} of a run that was killed: it was damaged.\n"
    free("a")
    assert capsys.readouterr().err == ""


def test_without_a_lock_nothing_is_said_or_made(capsys: pytest.CaptureFixture[str]) -> None:
    free("a")
    assert not LOCKS.exists()
    LOCKS.write_text("{}")
    free("a")
    assert LOCKS.read_text() == "{}"
    assert capsys.readouterr().err == ""


def dropped(pid: int, said: str) -> bool:
    reason = f"no dvc of this project holds it any more (PID {pid}: /env/bin/dvc repro)"
    note = f"note: dropped the lock {LOCKS} of a run that was killed: {reason}.\n"
    return locks() == {"write": {}, "read": {}} and said == note


def test_the_lock_of_a_dead_process_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    lock(NOBODY)
    free("a")
    assert dropped(NOBODY, capsys.readouterr().err)


def test_the_lock_of_a_zombie_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    lock(process.pid)
    free("a")
    process.wait()
    assert dropped(process.pid, capsys.readouterr().err)


def test_the_lock_of_another_program_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    lock(os.getpid())
    free("a")
    assert dropped(os.getpid(), capsys.readouterr().err)


def test_the_lock_of_another_projects_dvc_is_dropped(
    stranger: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    lock(stranger.pid)
    free("a")
    assert dropped(stranger.pid, capsys.readouterr().err)


@pytest.mark.parametrize("path", ["models/a/model.keras", "data/processed/digits", "data"])
def test_the_lock_of_a_living_dvc_stays_and_stops_the_run_in_a_sentence(
    path: str, dvc: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    lock(dvc.pid, path=path)
    before = locks()
    with pytest.raises(UserError) as error:
        free("a")
    assert str(error.value) == (
        f"A dvc of this project is at work on the same files (PID {dvc.pid}: /env/bin/dvc repro); "
        f"wait until it has ended, or end it with `kill {dvc.pid}`, then run this again."
    )
    assert locks() == before
    assert capsys.readouterr().err == ""


def test_another_models_training_stops_nothing_and_keeps_its_lock(
    dvc: subprocess.Popen[bytes],
) -> None:
    lock(dvc.pid, path="models/b/model.keras")
    before = locks()
    free("a")
    assert locks() == before


def test_only_dead_locks_are_dropped_beside_living_ones(dvc: subprocess.Popen[bytes]) -> None:
    lock(dvc.pid, path="models/b/model.keras")
    before = locks()
    dead = {"pid": NOBODY, "cmd": "dvc repro"}
    with_dead = {
        "write": before["write"] | {str(Path.cwd() / "models/a/model.keras"): dead},
        "read": {path: [*infos, dead] for path, infos in before["read"].items()},
    }
    LOCKS.write_text(json.dumps(with_dead))
    free("a")
    assert locks() == before


def test_a_file_that_dvc_is_just_writing_is_left_alone() -> None:
    LOCKS.write_text("")
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, f"{LOCKS}.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert held.stdout
    held.stdout.readline()
    free("a")
    assert LOCKS.read_text() == ""
    held.communicate()
    free("a")
    assert locks() == {"write": {}, "read": {}}


HOLD = "import sys, zc.lockfile; l = zc.lockfile.LockFile(sys.argv[1]); print(flush=True); input()"


def test_dvc_reads_what_is_left(tmp_path: Path) -> None:
    from dvc.fs import localfs
    from dvc.rwlock import rwlock

    LOCKS.write_text("")
    free("a")
    with rwlock(str(LOCKS.parent), localfs, "dvc repro", [], [str(tmp_path / "x")], hardlink=False):
        assert locks()["write"][str(tmp_path / "x")]["pid"] == os.getpid()

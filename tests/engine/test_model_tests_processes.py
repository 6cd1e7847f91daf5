"""The processes of model tests: none outlives its limit, its run, or a run that was killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.model_tests.data import prepare_data
from modelyard.model_tests.logs import shown
from modelyard.model_tests.processes import Job, Processes, StoppedError

from .conftest import ROOT
from .model_testing import failed, model_of, run, write_stub, write_tests
from .stubs import Stubs, install

# Starts a child of its own, says both their numbers, and never ends.
FAMILY = (
    "import os, subprocess, sys, time; from pathlib import Path;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "Path('pids.new').write_text(f'{os.getpid()} {child.pid}'); os.rename('pids.new', 'pids');"
)
FOREVER = f"{FAMILY} time.sleep(600)"
OUTDATED = '{"prepare": [{"changed outs": {"data/processed": "modified"}}]}'


def job(code: str, limit: float = 60, interval: float = 0.05) -> Job:
    """Return a job that runs Python in the working directory."""
    command = (sys.executable, "-c", code)
    return Job(command, Path(), os.environ, Path("log"), limit, interval)


def family(folder: Path = Path()) -> list[int]:
    """Wait for the processes of FAMILY; return their numbers."""
    wait_for((folder / "pids").exists)
    return [int(number) for number in (folder / "pids").read_text().split()]


def alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be looked at does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("status", [0, 3])
def test_the_exit_status_and_what_was_printed_are_kept(status: int) -> None:
    said = job(f"import sys; print('out'); print('err', file=sys.stderr); sys.exit({status})")
    assert Processes().run(said, lambda: None) == status
    assert sorted(Path("log").read_text().split()) == ["err", "out"]


def test_over_the_limit_the_whole_group_is_killed() -> None:
    looks: list[None] = []
    assert Processes().run(job(FOREVER, limit=2), lambda: looks.append(None)) is None
    pids = family()
    assert len(pids) == 2
    wait_for(lambda: not any(map(alive, pids)))
    assert len(looks) > 2


def test_what_a_finished_process_left_behind_is_killed() -> None:
    assert Processes().run(job(FAMILY), lambda: None) == 0
    wait_for(lambda: not any(map(alive, family())))


def test_a_look_that_fails_leaves_nothing_running() -> None:
    def look() -> None:
        if Path("pids").exists():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Processes().run(job(FOREVER), look)
    wait_for(lambda: not any(map(alive, family())))


def test_all_can_be_ended_at_once_and_none_starts_afterwards() -> None:
    processes, ended = Processes(), threading.Event()

    def wait() -> None:
        with pytest.raises(StoppedError):
            processes.run(job(FOREVER), lambda: None)
        ended.set()

    threading.Thread(target=wait).start()
    pids = family()
    processes.end()
    assert ended.wait(120)
    wait_for(lambda: not any(map(alive, pids)))
    with pytest.raises(StoppedError):
        processes.run(job("pass"), lambda: None)


@pytest.fixture
def training(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """Start a run of model tests whose training never ends."""
    write_stub()
    write_tests(Slow={})
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parents[1])]),
        "TRAIN": FOREVER.replace("'pids", "'../../pids"),
    }
    command = [sys.executable, "-m", "engine.model_testing"]
    # A shell's `&` around these tests has every process below them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command, cwd=workspace, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True, process_group=0,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    monkeypatch.chdir(workspace)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_by_a_signal_nothing_goes_on_running(
    number: signal.Signals, training: "subprocess.Popen[str]"
) -> None:
    pids = family()
    training.send_signal(number)
    _, errors = training.communicate(timeout=120)
    assert training.returncode == 130
    assert errors == "error: ended; nothing of the tests goes on running.\n"
    wait_for(lambda: not any(map(alive, pids)))


def test_killed_outright_nothing_goes_on_running(training: "subprocess.Popen[str]") -> None:
    pids = family()
    training.kill()
    wait_for(lambda: not any(map(alive, pids)))


def test_a_second_run_in_the_same_checkout_is_refused(
    training: "subprocess.Popen[str]", capsys: pytest.CaptureFixture[str]
) -> None:
    family()
    [line] = failed(capsys)
    assert line.startswith("Model tests are running in this checkout already")
    assert training.poll() is None


def test_tests_run_side_by_side(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_stub()
    write_tests(A={}, B={})
    both = "[time.sleep(0.02) for _ in range(2500) if len(list(Path('..').glob('*/here'))) < 2]"
    monkeypatch.setenv("TRAIN", f"Path('here').touch(); {both}")
    monkeypatch.setenv("EVALUATE", "assert len(list(Path('..').glob('*/here'))) == 2")
    assert run("--jobs", "2", "--no-inference") == 0
    assert all(model_of(f"{name}@local").is_dir() for name in "AB")
    assert workspace == Path.cwd()


def dvc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Put a stand-in for dvc beside the interpreter, whose environment need not be activated."""
    stubs = install(folder / "programs", monkeypatch, "dvc")
    (stubs.folder / "python").symlink_to(sys.executable)
    monkeypatch.setattr("sys.executable", str(stubs.folder / "python"))
    monkeypatch.setenv("PATH", "")
    Path(".model_tests").mkdir()
    return stubs


def test_data_comes_from_dvc_s_remote_or_where_that_fails_from_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs = dvc(tmp_path, monkeypatch)
    stubs.answer("dvc", "status", stdout=OUTDATED)
    stubs.answer("dvc", "--pull", stderr="ERROR: no access", code=255)
    stubs.answer("dvc", "repro prepare", stdout="Running stage 'prepare':\n> python\n")
    with shown("info"):
        prepare_data()
    assert stubs.calls("dvc", "repro") == [["repro", "--pull", "prepare"], ["repro", "prepare"]]
    assert capsys.readouterr().out == "Running stage 'prepare':\n"


def test_data_that_is_up_to_date_needs_no_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = dvc(tmp_path, monkeypatch)
    stubs.answer("dvc", "status", stdout="{}\n", stderr="WARNING: a new version of DVC\n")
    stubs.answer("dvc", "repro", stderr="ERROR: no network", code=255)
    prepare_data()
    assert stubs.calls("dvc") == [["status", "--json", "--with-deps", "prepare"]]


@pytest.mark.parametrize(("how", "calls"), [("modified", 0), ("deleted", 1), ("not in cache", 1)])
def test_raw_data_that_was_changed_is_not_written_over(
    how: str, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = dvc(tmp_path, monkeypatch)
    stages = {
        "data/raw/mine.dvc": [{"changed outs": {"data/raw/mine": how}}],
        **json.loads(OUTDATED),
    }
    stubs.answer("dvc", "status", stdout=json.dumps(stages) + "\n")
    stubs.answer("dvc", "repro")
    said = (
        r"data/raw/mine is not what DVC has recorded of it, .* keep it with `dvc commit "
        r"data/raw/mine.dvc`, or drop the changes with `dvc checkout data/raw/mine.dvc`\."
    )
    with nullcontext() if calls else pytest.raises(UserError, match=said):
        prepare_data()
    assert stubs.calls("dvc", "repro") == [["repro", "--pull", "prepare"]] * calls


def test_killed_outright_while_data_is_prepared_nothing_goes_on_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = dvc(tmp_path, monkeypatch)
    (stubs.folder / "dvc").write_text(f"#!{os.path.realpath(sys.executable)}\n{FOREVER}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    preparation = "from modelyard.model_tests.data import prepare_data\nprepare_data()"
    process = subprocess.Popen([sys.executable, "-c", preparation])
    pids = family()
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(alive, pids)))


def test_data_that_can_neither_be_fetched_nor_made_fails_before_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubs = dvc(tmp_path, monkeypatch)
    stubs.answer("dvc", stderr="ERROR: missing data 'source': data/raw\n", code=255)
    with pytest.raises(
        UserError, match=r"nothing was tested; its last words:\nERROR: missing data"
    ):
        prepare_data()

"""Every command names a file or disk that fails in one sentence, and leaves nothing half-written.

The disk fails in this process: opening for reading or writing, or making a folder, raises what the
system would raise. What can be had for real is: a folder in the place of a file and the other way
round, a limit on sizes, an output that is full or closed.
"""

import builtins
import errno
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.tiny import METRICS, MODEL, PROCESSED, write_project

from modelyard.__main__ import COMMANDS
from modelyard.__main__ import main as modelyard
from modelyard.disk import new_array
from modelyard.faults import explain_fault, machine_fault, named
from modelyard.files import whole_file, whole_folder, write_json
from src.run import main as stages

from .commands import MEASURED, sentences

FAULTS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EMFILE: "too many files are open",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "input/output error",
}
ANNOTATIONS = "data/raw/stripes/annotations.csv"
STAGES = ["stage prepare", "stage tune", "stage summary", "stage check"]
# They write, and need neither TensorFlow nor a network.
WRITING = [
    *STAGES[:3],
    "report",
    f"convert {ANNOTATIONS} converted.json",
]
# What each command of `modelyard` needs on its command line to come as far as a file.
ARGUMENTS = {
    "adopt": "data/raw --dry-run",
    "convert": f"{ANNOTATIONS} converted.json",
    "zoo": "measure",
    "predict": "models/tiny data/raw",
    "serve": "models/tiny",
    "unpublish": "--package tiny --version 1.0.0",
    "release": "--tag v1.0.0 --branch origin/main",
    "site": "deploy",
    "completion": "bash",
    "cloud train": "--model tiny",
    "k8s": "--image x",
}
OF_GITHUB = ("SERVER_URL", "REPOSITORY", "RUN_ID", "REF_NAME")
ELSEWHERE = {"cloud bootstrap"}  # reads and writes no file


@pytest.fixture(name="project", scope="session")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("measured")
    write_project(root)
    before = Path.cwd()
    os.chdir(root)
    try:
        assert stages(["prepare"]) == stages(["tune"]) == 0
        write_json(METRICS / "metrics.json", MEASURED)
    finally:
        os.chdir(before)
    return root


@pytest.fixture(autouse=True)
def _copy(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    shutil.copytree(project, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(sys, "argv", ["modelyard"])
    for name in ("MODEL", *(f"GITHUB_{name}" for name in OF_GITHUB)):
        monkeypatch.setenv(name, "tiny")


def run(command: str) -> int:
    """Run a command, or a stage, in this process."""
    words = command.split()
    return stages(words[1:]) if words[0] == "stage" else modelyard(words)


@contextmanager
def failing(number: int, *, writing: bool) -> Iterator[list[str]]:
    """Let whatever opens a file of the project, or makes a folder in it, fail; yield which did."""
    here, opened, made, failed = Path.cwd(), io.open, os.mkdir, []

    def fails(path: Any) -> bool:
        inside = isinstance(path, str | os.PathLike) and Path(path).absolute().is_relative_to(here)
        failed.extend([str(path)] if inside else [])
        return inside

    def open_(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        if writing == bool(set(mode) & set("wax+")) and fails(file):
            raise OSError(number, os.strerror(number), str(file))
        return opened(file, mode, *more, **options)

    def mkdir(path: Any, *more: Any, **options: Any) -> None:
        if writing and not Path(path).exists() and fails(path):
            raise OSError(number, os.strerror(number), str(path))
        made(path, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "open", open_)
        patch.setattr(io, "open", open_)
        patch.setattr(os, "mkdir", mkdir)
        yield failed


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", FAULTS, ids=errno.errorcode.get)
@pytest.mark.parametrize("command", WRITING)
def test_a_command_that_cannot_write_says_where_and_why_and_changes_nothing(
    command: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents()
    with failing(number, writing=True) as failed:
        assert run(command) == 1
    [said] = sentences(capsys.readouterr().err)
    assert failed
    assert FAULTS[number] in said
    assert ".partial-" not in said
    assert Path(failed[0]).name.replace(".partial-", "") in said
    assert said.endswith(".")
    assert contents() == before
    assert not list(Path().rglob(".partial-*"))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE], ids=errno.errorcode.get)
@pytest.mark.parametrize("command", [*STAGES, *sorted(set(COMMANDS) - ELSEWHERE)])
def test_a_command_that_cannot_read_says_where_and_why(
    command: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = f"{command} {ARGUMENTS.get(command, '')}".strip()
    with failing(number, writing=False) as failed:
        try:
            status = run(whole)
        except SystemExit as ended:  # of argparse
            status = int(str(ended.code))
    said = sentences(capsys.readouterr().err)
    assert status in (0, 1, 2)
    assert not failed or (status == 1 and said) or command in ("report", "completion")


IN_THE_WAY: dict[str, tuple[str, Callable[[Path], object]]] = {
    "data/processed/stripes": ("stage prepare", Path.touch),
    "data/processed": ("stage prepare", Path.touch),
    f"{MODEL}/hyperparameters.yaml": ("stage tune", Path.mkdir),
    str(METRICS): ("stage tune", Path.touch),
    f"{METRICS}/trials.csv": ("stage tune", Path.mkdir),
    "training_metrics.json": ("stage summary", Path.mkdir),
    "reports": ("report", Path.touch),
    "reports/tiny": ("report", Path.touch),
    "converted.json": (f"convert {ANNOTATIONS} converted.json", Path.mkdir),
    "config.yaml": ("stage check", Path.mkdir),
    f"{MODEL}/config.yaml": ("check", Path.mkdir),
    f"{METRICS}/metrics.json": ("acceptance", Path.mkdir),
}


@pytest.mark.parametrize("place", IN_THE_WAY)
def test_a_folder_where_a_file_belongs_and_the_other_way_round_is_named(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, make = IN_THE_WAY[place]
    path = Path(place)
    if path.is_dir():
        path.rename("aside")
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    assert run(command) == 1
    [said] = sentences(capsys.readouterr().err)
    assert place in said
    assert re.search("where a (file|folder) belongs|does not exist|is a folder|exists", said)
    assert path.is_file() == (make is Path.touch)
    assert not list(Path().rglob(".partial-*"))


def test_preparing_on_a_full_disk_ends_with_a_sentence_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = contents()
    monkeypatch.setattr(os, "posix_fallocate", full)
    assert stages(["prepare"]) == 1
    [said] = sentences(capsys.readouterr().err)
    assert "the disk is full; free some space" in said
    assert str(PROCESSED) in said
    assert contents() == before


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO], ids=errno.errorcode.get)
def test_an_image_is_not_left_out_because_the_machine_fails(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(path.name for path in Path("data/raw").rglob("*.png"))
    monkeypatch.setattr("modelyard.data.images.open_image", fail_at(names[3], number))
    assert stages(["prepare", "data.max_bad_share=0.5"]) == 1
    [said] = sentences(capsys.readouterr().err)
    assert FAULTS[number] in said
    assert names[3] in said


def fail_at(name: str, number: int) -> Callable[[Path], Any]:
    """Return what opens images, all but one."""
    from modelyard.data.images import open_image

    def fail(path: Path) -> Any:
        if path.name == name:
            raise OSError(number, os.strerror(number), str(path))
        return open_image(path)

    return fail


def test_no_file_grows_beyond_what_is_allowed_without_a_sentence() -> None:
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
        "from src.run import main; sys.exit(main(['prepare']))"
    )
    done = python("-B", "-c", script)  # or it would leave half-written modules
    assert done.returncode == 1
    assert "it grew beyond the largest size that is allowed here; raise the limit" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path().rglob(".partial-*"))


def python(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(folder for folder in sys.path if folder)
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, *arguments]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, env=environment, text=True, check=False, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="of Linux")
def test_an_output_on_a_full_disk_is_named() -> None:
    with Path("/dev/full").open("w") as full:
        done = python("-m", "modelyard", "completion", "bash", stdout=full)
    assert done.returncode == 1
    assert done.stderr == (
        "error: standard output: the disk is full; free some space, then run the same command "
        "again.\n"
    )


def test_an_output_that_nobody_reads_any_more_ends_a_command_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = python("-m", "modelyard", "completion", "bash", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("command", "name"),
    [("comment", "GITHUB_SERVER_URL"), ("push-results", "GITHUB_REF_NAME")],
)
def test_a_variable_that_only_workflows_set_is_named(
    command: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert run(f"cloud {command}") == 1
    assert sentences(capsys.readouterr().err) == [
        f"error: The environment variable {name} is not set; workflows set it, export it to run "
        "this by hand."
    ]


# As libraries raise them: with what they say, what the sentence tells of it.
H5PY = "Unable to synchronously create file (unable to open file: errno = 28, error message = 'x')"
TENSORFLOW = type("ResourceExhaustedError", (Exception,), {"__module__": "tensorflow.python"})


def of_keras() -> None:
    """Fail while clearing up after a full disk, as `zipfile` does."""
    try:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        raise ValueError("Can't close the ZIP file while there is an open writing handle on it")  # noqa: B904


def of_numpy() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        np.ones(10**5).tofile(full)


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


WRAPPED = {
    "python": raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
    "h5py": raising(OSError(H5PY)),
    "tensorflow": raising(TENSORFLOW("saved/model; No space left on device")),
    "zipfile": of_keras,
    "numpy": of_numpy,
}


@pytest.mark.parametrize("library", WRAPPED)
def test_a_full_disk_is_recognised_in_what_libraries_make_of_it(library: str) -> None:
    path = Path("saved/model.keras")
    with pytest.raises(Exception) as raised, whole_file(path):  # noqa: PT011
        WRAPPED[library]()
    said = explain_fault(raised.value) or ""
    assert said.endswith(
        "saved/model.keras: the disk is full; free some space, then run the same command again."
    )
    assert machine_fault(raised.value) == said
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError("of ours"), KeyError("name"), MemoryError()])
def test_a_mistake_of_ours_is_not_taken_for_a_fault(error: Exception) -> None:
    with pytest.raises(type(error)), named(Path("model")):
        raise error
    assert explain_fault(error) is None


def test_a_network_that_fails_is_not_taken_for_a_file() -> None:
    error = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    assert explain_fault(error) == (
        "The network fails (Connection refused); look whether it is there, then run the same "
        "command again."
    )


def test_a_folder_that_cannot_be_replaced_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("kept")
    folder.mkdir()
    (folder / "old").touch()
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == ".partial-kept":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"), whole_folder(folder) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert not list(Path().glob(".partial-*"))


def test_a_new_array_has_its_room_on_the_disk() -> None:
    array = new_array(Path("array.npy"), np.uint8, (10, 1000))
    assert (array.shape, array.dtype.name, int(array.max())) == ((10, 1000), "uint8", 0)
    size = Path("array.npy").stat()
    assert size.st_blocks * 512 >= size.st_size


def test_a_disk_without_a_way_to_reserve_is_asked_for_its_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    new_array(Path("array.npy"), np.uint8, (10,))
    usage = type("usage", (), {"free": 100})
    monkeypatch.setattr("modelyard.disk.shutil.disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"No space left on device: 'large\.npy'"):
        new_array(Path("large.npy"), np.uint8, (10**4,))
    assert not Path("large.npy").exists()

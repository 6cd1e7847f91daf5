"""A machine that lacks what a training needs is refused before it trains."""

import os
import stat
from pathlib import Path

import pytest

from modelyard.cloud import check_machine

from .stubs import Stubs, install


@pytest.fixture
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Return a GPU machine's nvidia-smi; the working directory is a DVC project on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ON_VM", "true")
    monkeypatch.setenv("VM_GPU", "nvidia-l4")
    (tmp_path / "bucket").mkdir()
    use(str(tmp_path / "bucket"))
    return install(tmp_path / "stubs", monkeypatch, "nvidia-smi")


def use(url: str) -> None:
    Path(".dvc").mkdir(exist_ok=True)
    settings = "[core]\n    remote = storage\n    no_scm = true\n['remote \"storage\"']\n    url = "
    Path(".dvc/config").write_text(f"{settings}{url}\n")


def test_a_gpu_machine_without_a_gpu_is_refused(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("nvidia-smi", stderr="NVIDIA-SMI has failed", code=9)
    assert check_machine.main([]) == 1
    assert "VM_GPU is nvidia-l4, but nvidia-smi finds no GPU" in capsys.readouterr().err


@pytest.mark.skipif(os.path.exists("/dev/nvidia0"), reason="there is a GPU here")  # noqa: PTH110
def test_a_gpu_that_tensorflow_does_not_see_is_refused(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("nvidia-smi", stdout="GPU 0: NVIDIA L4 (UUID: x)\n")
    assert check_machine.main([]) == 1
    assert "nvidia-smi finds it, but TensorFlow does not" in capsys.readouterr().err


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize(("name", "value"), [("VM_GPU", "nogpu"), ("ON_VM", "false")])
def test_a_machine_that_was_asked_for_without_a_gpu_needs_none(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert check_machine.main([]) == 0
    assert list(Path("bucket/checkpoints").iterdir()) == []  # the probe is gone


@pytest.mark.usefixtures("stubs")
def test_a_remote_that_cannot_be_written_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VM_GPU", "nogpu")
    Path("bucket/checkpoints").write_text("in the way")
    Path("bucket").chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert check_machine.main([]) == 1
    said = capsys.readouterr().err
    assert "bucket cannot be written to from here" in said
    assert "storage.objectUser" in said


@pytest.mark.usefixtures("stubs")
def test_without_a_remote_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VM_GPU", "nogpu")
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    assert check_machine.main([]) == 1
    assert ".dvc/config: DVC's remote cannot be used" in capsys.readouterr().err

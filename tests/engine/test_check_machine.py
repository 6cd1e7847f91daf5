"""A machine that lacks what a training needs is refused before it trains."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from modelyard.cloud import check_machine

from .stubs import Stubs, install
from .tiny import TINY, write_project


@pytest.fixture
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Return a GPU machine's nvidia-smi; the working directory is a DVC project on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODEL", raising=False)
    monkeypatch.delenv("VM_MACHINE_TYPE", raising=False)
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


# machine type, GPUs that nvidia-smi and TensorFlow see, params.devices, what is said
SEVERAL = [
    ("g2-standard-24+nvidia-l4*2", 1, 1, "all", "error: cml.yaml: VM_MACHINE_TYPE asks for 2 GPUs"),
    ("g2-standard-24+nvidia-l4*2", 2, 2, "all", ""),
    ("g2-standard-24+nvidia-l4*2", 2, 2, 1, "so 1 of 2 GPUs will stand idle; write all, or take a"),
    ("g2-standard-48+nvidia-l4*4", 4, 4, [0, 1], "[0, 1], so 2 of 4 GPUs will stand idle"),
    ("g2-standard-24+nvidia-l4*2", 2, 1, "all", "warning: TensorFlow uses 1 of 2 GPUs; 1 will st"),
    ("g2-standard-24+nvidia-l4*2", 2, 2, [0, 2], "params.devices is [0, 2], but this machine has"),
    ("g2-standard-4", 1, 1, 4, "error: models/tiny/config.yaml: params.devices is 4, but this"),
]  # fmt: skip


@pytest.mark.parametrize("case", SEVERAL)
def test_gpus_that_are_missing_are_a_mistake_and_idle_ones_are_named(
    case: tuple[str, int, int, Any, str],
    stubs: Stubs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine, there, seen, devices, sentence = case
    monkeypatch.setenv("VM_MACHINE_TYPE", machine)
    monkeypatch.setenv("MODEL", "tiny")
    config = Path("models/tiny/config.yaml")
    write_project(Path())
    config.write_text(json.dumps(TINY | {"params": TINY["params"] | {"devices": devices}}))
    stubs.answer("nvidia-smi", stdout="GPU 0: NVIDIA L4\n  MIG 1g.10gb Device 0: x\n" * there)
    monkeypatch.setattr(check_machine, "COUNT", f"print({seen})")
    failed = sentence.startswith("error") or "but this machine" in sentence
    assert check_machine.main([]) == int(failed)
    said = capsys.readouterr().err
    assert sentence in said
    assert bool(said) == bool(sentence)


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

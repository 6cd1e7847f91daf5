"""What tells how busy GPUs were ends with the training, however that ends."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from modelyard.recipe.usage import Usage

SAMPLER = """#!/bin/sh
echo $$ >>"{pids}"
while :; do
    echo "0, 80"
    echo "1, 40"
    echo "2, 0"
    sleep 0.05
done
"""
KILLED = """
import os, signal
from pathlib import Path
from modelyard.recipe.usage import Usage

usage = Usage(["GPU:0", "GPU:1"])
usage.on_train_begin()
while not Path("pids").exists():
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _sampler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in the place of nvidia-smi."""
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text(SAMPLER.format(pids=tmp_path / "pids"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)


def ends() -> bool:
    """Say whether the sampler, once it has started, goes away."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        pids = Path("pids").read_text().split() if Path("pids").exists() else []
        if pids and not any(running(int(pid)) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def started() -> Usage:
    usage = Usage(["GPU:0", "GPU:1"])
    usage.on_train_begin()
    while not usage.samples:
        time.sleep(0.01)
    return usage


def test_gpus_that_took_part_are_averaged() -> None:
    usage = started()
    while len(usage.samples) < 3:
        time.sleep(0.01)
    usage.on_train_end()
    assert usage.record()["names"] == ["GPU:0", "GPU:1"]
    assert usage.busy == pytest.approx(0.6, abs=0.1)
    assert ends()


def test_a_killed_training_leaves_no_process_behind() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert done.returncode == -signal.SIGKILL
    assert ends()


def test_neither_does_one_that_failed() -> None:
    usage = started()
    del usage  # `on_train_end` was never called
    gc.collect()
    assert ends()

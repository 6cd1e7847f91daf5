"""This machine: the disk, what variables it sets, a GPU and its driver."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .environment import Environment
from .finding import Finding, error, few, left, ok, warning
from .programs import ask, clean, installed
from .situation import Situation

GB = 10**9
LEAST, ENOUGH = 0.5 * GB, 5 * GB  # an environment with TensorFlow takes 2 GB, with CUDA 7
BACKEND = "tensorflow"
PCI = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", "0x03"  # the vendor; the class of what drives a screen, or computes
COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
DRIVER = "https://www.nvidia.com/drivers"


def disk(_: Situation) -> Iterator[Finding]:
    """Look for room on the disk of this folder, and whether it may be written."""
    free = shutil.disk_usage(".").free
    room = f"{free / GB:.1f} GB free"
    if not os.access(".", os.W_OK):
        yield error("disk", "this folder cannot be written to", f"chmod u+w {Path.cwd()}")
    elif free < LEAST:
        yield error("disk", room, "make clean && dvc gc --workspace")
    elif free < ENOUGH:
        yield warning(
            "disk", f"{room}; data and models may not fit", "make clean && dvc gc --workspace"
        )
    else:
        yield ok("disk", room)


def variables(_: Situation) -> Iterator[Finding]:
    """Look at the environment variables that change what Keras and Python do."""
    backend = os.environ.get("KERAS_BACKEND") or BACKEND
    if backend != BACKEND:
        found = f"KERAS_BACKEND is {clean(backend)!r}, but the stages train with TensorFlow"
        yield error("variables", found, "unset KERAS_BACKEND")
    elif os.environ.get("PYTHONDONTWRITEBYTECODE"):
        found = "PYTHONDONTWRITEBYTECODE is set: TensorFlow starts twice as slowly"
        yield warning("variables", found, "unset PYTHONDONTWRITEBYTECODE")
    else:
        yield ok("variables", "Keras uses TensorFlow")


def gpu(situation: Situation) -> Iterator[Finding]:
    """Look for a GPU, its driver, and whether TensorFlow sees it."""
    if not installed("nvidia-smi"):
        if _has_gpu():
            yield warning("gpu", "there is one of NVIDIA, but no driver for it", DRIVER)
        else:
            yield left("gpu", "none of NVIDIA; models train on the CPU")
        return
    answer = ask("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    lines = [clean(line) for line in answer.out.splitlines() if line.strip()]
    if answer.code or not lines:
        yield warning("gpu", f"nvidia-smi finds none: {answer.last}", DRIVER)
        return
    named = few([line.replace(", ", ", driver ") for line in lines], 2)
    yield _seen(situation.environment, len(lines), named)


def _seen(there: Environment | None, count: int, named: str) -> Finding:
    """Say whether TensorFlow sees GPUs."""
    if there is None or "tensorflow" not in there.versions:
        return left("gpu", f"{named}; TensorFlow is not installed, so it was not asked")
    seen = ask(str(there.python), "-c", COUNT, variables={"TF_CPP_MIN_LOG_LEVEL": "3"})
    number = seen.out.strip()
    if seen.code or not number.isdigit():
        return warning("gpu", f"{named}, but TensorFlow fails: {seen.last}", "sh setup.sh")
    if number == str(count):
        return ok("gpu", f"{named}, which TensorFlow sees")
    if not any(name.startswith("nvidia-cudnn") for name in there.versions):
        found = f"{named}, but TensorFlow was installed without CUDA"
        return warning("gpu", found, "sh setup.sh --extra gpu")
    if (hidden := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        found = f"{named}, but CUDA_VISIBLE_DEVICES is {clean(hidden)!r}: TensorFlow sees {number}"
        return warning("gpu", found, "unset CUDA_VISIBLE_DEVICES")
    found = f"{named}, but TensorFlow sees {number}: the driver is older than its CUDA"
    return warning("gpu", found, DRIVER)


def _has_gpu() -> bool:
    """Say whether the machine has a GPU of NVIDIA, driver or not, as Linux tells."""
    return any(
        _content(path / "vendor") == NVIDIA and _content(path / "class").startswith(DISPLAY)
        for path in PCI.glob("*")
    )


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


CHECKS = (disk, variables, gpu)

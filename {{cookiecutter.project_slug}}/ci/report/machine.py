"""Where a training ran, how long, and what that may have cost."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from src.utils.utils import read_yaml

PRICES = Path(__file__).with_name("prices.yaml")


def machine_lines(seconds: float | None) -> Iterator[str]:
    """Yield processor, memory, GPU, wall time and cost, a line each."""
    yield f"Machine: {processor()}, {memory_gb():.0f} GB, {gpu()}"
    yield f"Wall time: {duration(seconds)}"
    yield f"Cost: {cost(seconds)}"


def processor() -> str:
    """Return the model of the processor and how many cores this process may use."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if platform.system() == "Linux" else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {named[0] if named else platform.machine()}"


def memory_gb() -> float:
    """Return the machine's memory in GB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def gpu() -> str:
    """Return the names of the GPUs, as the driver knows them."""
    if not shutil.which("nvidia-smi"):
        return "no GPU"
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=30)
    return ", ".join(done.stdout.split("\n")).strip(", ") if done.returncode == 0 else "no GPU"


def duration(seconds: float | None) -> str:
    """Return a time as h:mm:ss."""
    return "not measured" if seconds is None else str(timedelta(seconds=round(seconds)))


def cost(seconds: float | None) -> str:
    """Estimate what the run cost, by the workflow's settings of the VM and a table of prices."""
    if os.environ.get("ON_VM") != "true":
        return "none of a cloud; not run on a VM"
    machine = f"{os.environ.get('VM_MACHINE_TYPE', '')} {os.environ.get('VM_GPU', '')}".strip()
    price = read_yaml(PRICES).get(machine)
    if price is None:
        return f"no price known for {machine}; add it to ci/report/prices.yaml"
    if seconds is None:
        return f"${price:.2f} an hour of {machine} on demand"
    about = f"${price * seconds / 3600:.2f} ({machine} at ${price:.2f} an hour on demand)"
    if os.environ.get("VM_SPOT") == "true":
        return f"at most {about}; a spot VM costs 60 to 91 % less"
    return f"about {about}"

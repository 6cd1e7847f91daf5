"""How busy the devices of a training were: of GPUs what their driver says, of CPUs this process."""

import re
import shutil
import statistics
import subprocess
import time
import weakref
from collections.abc import Iterable
from threading import Thread
from typing import Any

import keras
import psutil

SAMPLE = ("nvidia-smi", "--query-gpu=index,utilization.gpu", "--format=csv,noheader,nounits",
          "--loop=1")  # fmt: skip
LINE = re.compile(r"(\d+), (\d+)\s*")


class Usage(keras.callbacks.Callback):
    """Measures from the beginning to the end of `fit`.

    Attributes:
        devices: their names.
        busy: the share of the time in which they worked, 0 to 1; None where nobody can say.
        samples: how busy GPUs were at a moment: number and percent.
    """

    def __init__(self, devices: list[str]) -> None:
        """Keep the names."""
        super().__init__()
        self.devices = devices
        self.busy: float | None = None
        self.samples: list[tuple[str, int]] = []
        self._on_gpu = devices[0].startswith("GPU")

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Begin to measure."""
        self._process = psutil.Process()
        self._began, self._worked = time.monotonic(), self._cpu_seconds()
        self._stop = self._sampling() if self._on_gpu and shutil.which(SAMPLE[0]) else None

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        """End measuring."""
        if self._stop:
            self._stop()
        share = self._gpus() if self._on_gpu else self._cpus()
        self.busy = None if share is None else round(min(share, 1.0), 3)

    def _sampling(self) -> Any:
        """Begin to sample; return what ends it, which happens by itself if the training fails.

        The pipe ends it when this process is killed.
        """
        sampler = subprocess.Popen(
            SAMPLE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        reader = Thread(target=_read, args=(sampler.stdout, self.samples), daemon=True)
        reader.start()
        return weakref.finalize(self, _end, sampler, reader)

    def record(self) -> dict[str, Any]:
        """Return what train_configuration.yaml tells."""
        return {"names": self.devices, "busy": self.busy}

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _cpus(self) -> float | None:
        elapsed = time.monotonic() - self._began
        cores = len(self._process.cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 1
        return (self._cpu_seconds() - self._worked) / (elapsed * cores) if elapsed else None

    def _gpus(self) -> float | None:
        """Return the mean of all samples of the GPUs that took part."""
        numbers = {name.partition(":")[2] for name in self.devices}
        seen = [percent for number, percent in self.samples if number in numbers]
        return statistics.fmean(seen) / 100 if seen else None


def _read(lines: Iterable[str], samples: list[tuple[str, int]]) -> None:
    """Collect samples for as long as there are any; without a reader the sampler would wait."""
    samples += ((match[1], int(match[2])) for line in lines if (match := LINE.fullmatch(line)))


def _end(sampler: "subprocess.Popen[str]", reader: Thread) -> None:
    sampler.terminate()
    sampler.wait()
    reader.join()
    if sampler.stdout:
        sampler.stdout.close()

"""Time two commands in turn, A B A B …, so that their ratio survives a noisy machine."""

import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command of one benchmark; `prepare` puts its folder back before each run, untimed."""

    name: str
    arguments: list[str]
    folder: Path
    prepare: Callable[[], None] = lambda: None

    def seconds(self) -> float:
        """Run once; a failing command ends the benchmark."""
        self.prepare()
        start = time.perf_counter()
        subprocess.run(self.arguments, cwd=self.folder, check=True, capture_output=True)
        return time.perf_counter() - start


def compare(first: Command, second: Command, runs: int) -> None:
    """Print seconds of both and the ratio first/second as median (min to max) over paired runs."""
    first.seconds(), second.seconds()  # warm up
    pairs = [(first.seconds(), second.seconds()) for _ in range(runs)]
    print(f"{first.name}: {_spread([pair[0] for pair in pairs])} s")
    print(f"{second.name}: {_spread([pair[1] for pair in pairs])} s")
    print(f"ratio: {_spread([pair[0] / pair[1] for pair in pairs])}\n", flush=True)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

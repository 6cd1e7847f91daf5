"""Epochs from DataProvider against epochs from in-memory arrays, in one process.

Run inside a generated project after `sh run.sh`, with its Python:
`.venv/bin/python PATH/TO/benchmarks/input_pipeline.py`.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path.cwd()))

from modelyard.config import chosen_hyperparameters, load_config
from src.data.data_provider import DataProvider
from src.trainer import ModelTrainer

ROUNDS, EPOCHS = 7, 5  # one round more comes first, it compiles


def main() -> None:
    """Print examples per second of both, and the ratio DataProvider/arrays of paired rounds."""
    for megabytes, where in ((1024, "memory"), (0, "disk")):
        config = load_config(None, {"params.cache_mb": megabytes})
        data = DataProvider(config)
        data.get_data()
        folder = config.input_paths.data
        images, labels = (np.load(folder / f"train_{kind}.npy") for kind in ("images", "labels"))
        model = ModelTrainer(config, chosen_hyperparameters(config)).model
        sides = {
            "DataProvider": partial(model.fit, data.train, shuffle=False),
            "arrays": partial(model.fit, images, labels, batch_size=config.params.batch_size),
        }
        rounds = [{name: _seconds(fit) for name, fit in sides.items()} for _ in range(ROUNDS + 1)]
        ratios = [times["arrays"] / times["DataProvider"] for times in rounds[1:]]
        speed = len(labels) * EPOCHS / statistics.median(times["arrays"] for times in rounds[1:])
        print(
            f"DataProvider from {where} against arrays ({speed:.0f} examples/s): ratio of speeds "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _seconds(fit: Callable[..., object]) -> float:
    start = time.perf_counter()
    fit(epochs=EPOCHS, verbose=0)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

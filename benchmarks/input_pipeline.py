"""Epochs from DataProvider against epochs from in-memory arrays, in one process.

Run inside a generated project after `sh run.sh`, with its Python:
`.venv/bin/python PATH/TO/benchmarks/input_pipeline.py`.
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from src.data.data_provider import DataProvider
from src.trainer import ModelTrainer
from src.tuner import chosen_hyperparameters
from src.utils.config import load_config

ROUNDS, EPOCHS = 7, 5


def main() -> None:
    """Print examples per second of both, and the ratio DataProvider/arrays of paired rounds."""
    for megabytes, where in ((1024, "memory"), (0, "disk")):
        config = load_config(None, {"params.cache_mb": megabytes})
        data = DataProvider(config)
        data.get_data()
        model = ModelTrainer(config, chosen_hyperparameters(config)).model
        arrays = _arrays(data)
        rates = {"provider": [], "arrays": []}
        for _ in range(ROUNDS + 1):
            rates["provider"].append(_rate(model, data.manifest.size("train"), x=data.train))
            rates["arrays"].append(
                _rate(
                    model,
                    len(arrays[1]),
                    x=arrays[0],
                    y=arrays[1],
                    batch_size=config.params.batch_size,
                )
            )
        ours, theirs = rates["provider"][1:], rates["arrays"][1:]  # the first round compiles
        ratios = [left / right for left, right in zip(ours, theirs, strict=True)]
        print(
            f"DataProvider from {where}: {statistics.median(ours):.0f} examples/s, arrays: "
            f"{statistics.median(theirs):.0f} examples/s, ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _arrays(data: DataProvider) -> tuple:
    folder = data.config.input_paths.data
    import numpy as np

    return np.load(folder / "train_images.npy"), np.load(folder / "train_labels.npy")


def _rate(model, examples: int, **arguments) -> float:
    start = time.perf_counter()
    model.fit(epochs=EPOCHS, verbose=0, **arguments)
    return examples * EPOCHS / (time.perf_counter() - start)


if __name__ == "__main__":
    main()

"""An adapter without a framework, put in place as models/tiny/adapter.py.

The score is (x - 3)² + y; the hyperparameter `fate`, where there is one, says how training ends.
"""

import os
import signal
import sys
import time
from pathlib import Path

from modelyard.adapter import AdapterModel

TRAINED = Path("trained.log")


class StubAdapter(AdapterModel):
    """Scores in no time, and notes each training."""

    epochs_trained = 1

    def train(self) -> None:
        """End as `fate` says."""
        with TRAINED.open("a") as log:
            log.write(f"{dict(self.hp_values)} seed {self.model_specs.seed}\n")
        fate = self.hp_values.get("fate", "fine")
        if fate == "raises":
            raise ZeroDivisionError("by the optimizer\nand more lines")
        if fate == "memory":
            raise MemoryError("no room for 3 GB")
        if fate == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if fate == "exits":
            sys.exit(0)
        if fate == "slow":
            time.sleep(0.5)

    def get_metrics(self) -> dict[str, float]:
        """Return the score."""
        x, y = self.hp_values["x"], self.hp_values.get("y", 0)
        score = (float(x) - 3) ** 2 + float(y) + (self.model_specs.seed - 1) / 10
        fate = self.hp_values.get("fate")
        return {
            "other" if fate == "unnamed" else "val_loss": float("nan") if fate == "nan" else score
        }

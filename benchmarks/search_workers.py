"""Two workers on two cores against one on one core: seconds of whole searches.

Run as `python benchmarks/search_workers.py PROJECT`, where PROJECT is a generated project after
`sh run.sh` (`make demo` leaves one in .demo/digit_classifier). Its own .venv runs both sides.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from timing import Command, compare

RUNS = 1
ONE_THREAD = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
SETTINGS = (
    "tuning.tune=true",
    "tuning.max_trials=12",
    "params.epochs=30",
    "params.early_stopping.patience=30",
)


def main(project: Path) -> None:
    """Compare, in a copy of the project."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ["PATH"] = f"{project.resolve() / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "project")
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".venv", ".uv"))
        compare(_search(copy, 1), _search(copy, 2), RUNS)


def _search(project: Path, at_once: int) -> Command:
    # A process that trains alone feeds itself from the other core: that is no search on one.
    alone = ["taskset", "--cpu-list", "0"] if at_once == 1 else []
    instances = f"tuning.max_instances_at_once={at_once}"
    return Command(
        f"{at_once} at once",
        [*alone, "python", "-m", "src.run", "tune", *SETTINGS, instances],
        project,
        lambda: shutil.rmtree(project / ".checkpoints", ignore_errors=True),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

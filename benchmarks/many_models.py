"""What a model costs those who do not touch it: DVC and the engine's commands with 1, 41, 500.

Run as `python benchmarks/many_models.py PROJECT`, where PROJECT is a generated project after
`sh run.sh` and a commit (`make demo` leaves one in .demo/digit_classifier). Its own .venv runs
all; it is left as it was. Each command runs in turn in both projects, A B A B …
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from timing import Command

RUNS, TRAINED, MANY = 5, 41, 500
MODEL = "digits_classifier"
STAGE = ["python", "-m", "src.run"]
ENGINE = ["python", "-m", "modelyard"]
UNTOUCHED = {  # commands that read one model, or the trained ones alone
    "python -m src.run tune --dry-run": [*STAGE, "tune", "--dry-run"],
    "python -m src.run summary --dry-run": [*STAGE, "summary", "--dry-run"],
    "modelyard zoo select --measured": [*ENGINE, "zoo", "select", "--measured"],
    "modelyard zoo measure": [*ENGINE, "zoo", "measure"],
    "modelyard report": [*ENGINE, "report", "--config", f"models/{MODEL}/config.yaml"],
}
ALL = {"modelyard check": [*ENGINE, "check"]}


def main(project: Path) -> None:
    """Print a line a command: seconds with one model and with many, ratio, milliseconds a model."""
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["PATH"] = f"{project.resolve() / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
        os.environ["DVC_SITE_CACHE_DIR"] = f"{temporary}/site"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        one = _copy(project, Path(temporary, "one"))
        trained = _with_models(_copy(project, Path(temporary, "trained")), TRAINED)
        many = _with_models(_copy(project, Path(temporary, "many")), MANY, trained=False)
        _compare("dvc status, all trained", ["dvc", "status"], one, trained, TRAINED)
        for name, words in (UNTOUCHED | ALL).items():
            _compare(name, words, one, many, MANY)


def _copy(project: Path, folder: Path) -> Path:
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns(".venv", ".uv"), symlinks=True)
    return folder


def _with_models(project: Path, count: int, *, trained: bool = True) -> Path:
    """Give a project copies of its model, with all that a training left or without."""
    for number in range(1, count):
        name = f"model_{number:03}"
        for room in ("models", "training_metrics") if trained else ("models",):
            copy = project / room / name
            files = None if trained else _made
            shutil.copytree(project / room / MODEL, copy, ignore=files)
            for file in copy.rglob("*"):
                if file.suffix in {".yaml", ".lock"}:
                    file.write_text(file.read_text().replace(MODEL, name))
    return project


def _made(_folder: str, names: list[str]) -> set[str]:
    """Leave out what a training makes."""
    kept = {"config.yaml", "dvc.yaml", "hyperparameters.yaml", "hparam_config_example.yaml"}
    return {name for name in names if name not in kept}


def _compare(name: str, words: list[str], one: Path, many: Path, count: int) -> None:
    """Time a command in turn with one model and with many."""
    first, second = Command(name, words, one), Command(name, words, many)
    first.seconds(), second.seconds()  # warm up
    pairs = [(first.seconds(), second.seconds()) for _ in range(RUNS)]
    alone, among = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    each = statistics.median((b - a) / (count - 1) * 1000 for a, b in pairs)
    print(
        f"{name}: {alone:.2f} s with 1 model, {among:.2f} s with {count}; ratio {ratio:.2f}, "
        f"{each:.1f} ms a model",
        flush=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

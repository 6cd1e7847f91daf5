"""`dvc repro` against a bare Keras script, its imports, and a no-op repro against bare DVC.

Run as `python benchmarks/against_bare.py PROJECT`, where PROJECT is a generated project after
`sh run.sh` (`make demo` leaves one in .demo/digit_classifier). Its own .venv runs both sides.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from timing import Command, compare

RUNS = 3
MODEL = "models/digits_classifier"


def main(project: Path) -> None:
    """Compare, in copies of the project."""
    with tempfile.TemporaryDirectory() as temporary:
        # The project's own environment and a state database of its own for both sides.
        os.environ["PATH"] = f"{project.resolve() / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
        os.environ["DVC_SITE_CACHE_DIR"] = f"{temporary}/site"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        copy = Path(temporary, "project")
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".venv", ".uv"))
        for epochs in (20, 200):
            _against_bare_keras(copy, Path(temporary), epochs)
        _against_bare_imports(copy)
        _against_bare_dvc(copy, Path(temporary))


def _against_bare_keras(project: Path, temporary: Path, epochs: int) -> None:
    results = temporary / "results"
    results.mkdir(exist_ok=True)
    config = project / MODEL / "config.yaml"
    text = config.read_text()
    fixed = text.replace("epochs: 40 ", f"epochs: {epochs} ").replace(
        "patience: 8", "patience: 999"
    )
    config.write_text(fixed)

    def forget() -> None:
        """Leave the raw images only: nothing trained, nothing cached but the example data."""
        for lock in project.glob("models/*/dvc.lock"):
            lock.unlink()
        for folder in (".dvc/cache/runs", "data/processed/digits", "training_metrics"):
            shutil.rmtree(project / folder, ignore_errors=True)
        (project / MODEL / "model.keras").unlink(missing_ok=True)

    script = str(Path(__file__).with_name("bare_keras.py").resolve())
    raw = str(project / "data/raw/digits")
    compare(
        Command(f"dvc repro, {epochs} epochs", ["dvc", "repro"], project, forget),
        Command(
            f"bare Keras script, {epochs} epochs",
            ["python", script, raw, str(results), str(epochs)],
            temporary,
        ),
        RUNS,
    )
    config.write_text(text)


def _against_bare_imports(project: Path) -> None:
    ours = (
        "from pathlib import Path; from modelyard.startup import import_tensorflow; "
        "import_tensorflow(Path('src')); import keras"
    )
    compare(
        Command("import TensorFlow and Keras as a stage does", ["python", "-c", ours], project),
        Command("import them", ["python", "-c", "import tensorflow, keras"], project),
        3 * RUNS,
    )


def _against_bare_dvc(project: Path, temporary: Path) -> None:
    bare = temporary / "bare"
    bare.mkdir()
    stages = [f"  s{n}: {{cmd: echo > f{n}, deps: [f{n - 1}], outs: [f{n}]}}" for n in range(1, 7)]
    (bare / "dvc.yaml").write_text("\n".join(["stages:", *stages]) + "\n")
    (bare / "f0").touch()
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "repro", "-q"]):
        Command("set up", command, bare).seconds()
    Command("set up", ["dvc", "repro", "-q"], project).seconds()
    compare(
        Command("no-op dvc repro of the project", ["dvc", "repro"], project),
        Command("no-op dvc repro of six empty stages", ["dvc", "repro"], bare),
        7 * RUNS,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A run directory as training leaves it, made in a moment, and what publishing it needs."""

import contextlib
import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import load_config
from modelyard.data.manifest import read_manifest
from modelyard.files import read_yaml, write_json, write_yaml
from modelyard.pipeline.provenance import train_configuration
from modelyard.publishing.publish_models import main
from modelyard.tasks.outputs import described_output

from .tiny import CLASSES, METRICS, MODEL

CARD = {"intended_use": "Tell stripes from dots.", "limits": "Knows *nothing* else."}
FILES = (
    "model.keras",
    "train_configuration.yaml",
    "predict_configuration.yaml",
    "hparams.yaml",
    "val_metrics.json",
)


def write_run(weights: str = "weights", *, started: str = "2026-11-21T00:00:00+00:00") -> None:
    """Write what training and evaluation leave of the tiny model."""
    config = load_config()
    manifest = read_manifest(config.input_paths.data)
    chosen = {name: one.default_value for name, one in config.tuning.hyperparams.items()}
    record = train_configuration(config, manifest.data_hash, chosen, started)
    write_yaml(MODEL / "train_configuration.yaml", record)
    write_yaml(MODEL / "hparams.yaml", chosen)
    height, width, channels = manifest.input_shape
    size = {"height": height, "width": width, "channels": channels, "pixel_range": [0, 255]}
    output = described_output(manifest)
    about = {"model": "tiny", "task": config.task, "input": size, "output": output}
    write_yaml(MODEL / "predict_configuration.yaml", about)
    write_json(MODEL / "val_metrics.json", {"val_loss": 0.25})
    per_class = {name: {"precision": 0.5, "recall": 1.0} for name in CLASSES}
    metrics: dict[str, Any] = {split: {"loss": 0.25} for split in ("train", "validation", "test")}
    metrics["test"] |= {"odd|name": 0.75, "unknown": float("nan"), "per_class": per_class}
    write_json(METRICS / "metrics.json", metrics | {"latency_ms": {"keras": 1.5}})
    write_keras(MODEL / "model.keras", weights, started)


def write_keras(path: Path, weights: str, date: str = "", config: str = "{}") -> None:
    """Write a .keras file that Keras could not load."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"date_saved": date}))
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", weights)


def record(*others: str) -> None:
    """Write what DVC would have recorded of the run, and of others like it, and the artifacts."""
    artifacts = {}
    for name in ("tiny", *others):
        folder = Path("models", name)
        outs = [_recorded(folder / file) for file in FILES]
        metrics = _recorded(METRICS.with_name(name) / "metrics.json")
        stages = {"train": {"outs": outs}, "evaluate": {"deps": outs[:1], "outs": [metrics]}}
        write_yaml(folder / "dvc.lock", {"schema": "2.0", "stages": stages})
        artifacts[name] = {"path": str(folder / "model.keras"), "type": "model"}
    write_yaml(Path("dvc.yaml"), {"artifacts": artifacts})


def _recorded(path: Path) -> dict[str, str]:
    return {"path": str(path), "md5": hashlib.md5(path.read_bytes()).hexdigest()}  # noqa: S324


def configure(path: str, **keys: Any) -> None:
    """Set keys of a configuration file."""
    write_yaml(Path(path), read_yaml(Path(path)) | keys)


def git(*arguments: str) -> str:
    """Run Git; return what it prints."""
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit() -> None:
    """Commit all but what `.gitignore` of a project leaves to DVC."""
    if not Path(".git").is_dir():
        git("init", "--quiet")
        git("config", "user.name", "Ada")
        git("config", "user.email", "ada@example.org")
        made = [f"/models/*/{name}" for name in FILES]
        Path(".gitignore").write_text("\n".join([*made, "/data"]))
    git("add", ".")
    git("commit", "--quiet", "--allow-empty", "--message", "Train")


def ready(*buckets: Path, weights: str = "weights") -> None:
    """Write, record and commit a run that can be published into folders."""
    configure("config.yaml", publish={"buckets": [f"file://{path}" for path in buckets]})
    configure(str(MODEL / "config.yaml"), card=CARD)
    write_run(weights)
    record()
    commit()


def publish(*arguments: str, outdated: tuple[str, ...] = ()) -> int:
    """Run the command, where DVC would run these stages again; return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modelyard.publishing.official.checks.outdated", lambda _: list(outdated))
        return main(list(arguments))


def checkpoints(folder: Path) -> list[str]:
    """Return the names of the checkpoints in a bucket."""
    return sorted(path.name for path in folder.glob("*.keras"))


def ran_in(folder: Path, code: str) -> Any:
    """Run code of a card in a folder as it stands; return what its last line prints."""
    *lines, last = code.strip().splitlines()
    assert last.startswith("print(")
    names: dict[str, Any] = {}
    with contextlib.chdir(folder):
        exec("\n".join(lines), names)  # noqa: S102
        return eval(last.removeprefix("print"), names)  # noqa: S307

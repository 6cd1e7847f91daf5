"""What DVC and metrics.json say of which files were made of which."""

import hashlib
from pathlib import Path
from typing import Any

from modelyard.files import read_yaml
from modelyard.report.gate import metrics_path
from modelyard.saved.content import weights_id

from .run_directory import RunDirectory
from .sources import METRICS


def mismeasured(run: RunDirectory) -> list[str]:
    """Say why the metrics may be those of other weights: of the training before, for example."""
    if run.source and not run.metrics:
        return []
    path = METRICS if run.source else str(metrics_path(run.config))
    measured = run.metrics.get("weights")
    if measured == weights_id(run.weights) or (measured is None and _recorded_together(run)):
        return []
    what = "does not say which weights it is of" if measured is None else "is of other weights"
    command = "python -m src.run evaluate" if run.source else f"sh run.sh {run.name}"
    return [f"{run.name}: {path} {what}; `{command}` measures these"]


def _recorded_together(run: RunDirectory) -> bool:
    """Say whether DVC recorded one stage that read these weights and wrote these metrics."""
    if run.source:
        return False
    metrics, lock = metrics_path(run.config), run.config.file.with_name("dvc.lock")
    weights = (run.weights.as_posix(), md5(run.weights))
    return any(
        weights in _files(stage, "deps")
        and (metrics.as_posix(), md5(metrics)) in _files(stage, "outs")
        for stage in _stages(lock)
    )


def recorded(lock: Path) -> dict[str, set[str]]:
    """Return the MD5 of every file as the stages wrote and read it, by its path."""
    found: dict[str, set[str]] = {}
    for stage in _stages(lock):
        for path, md5 in _files(stage, "deps") | _files(stage, "outs"):
            found.setdefault(path, set()).add(md5)
    return found


def _stages(lock: Path) -> list[dict[str, Any]]:
    document = read_yaml(lock) if lock.is_file() else None
    return [*((document or {}).get("stages") or {}).values()]


def _files(stage: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    return {(one["path"], str(one.get("md5"))) for one in stage.get(kind, [])}


def md5(path: Path) -> str:
    """Return the MD5 of a file, as DVC records it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()

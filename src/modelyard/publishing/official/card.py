"""The model card: what people and the Hugging Face hub want to know of a published model."""

import math
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from modelyard.config.export_section import FORMATS
from modelyard.documents import flat
from modelyard.official.record import OfficialConfig
from modelyard.report.tables import cell, table
from modelyard.tasks.kinds import kind_of
from modelyard.tasks.outputs import head_of, said_output

from .plain_keras import foreign_code, plain_keras
from .run_directory import RunDirectory
from .template import dumped

TEXT = Path(__file__).with_name("card.md.jinja")
MOST = 200
# What the hub calls a task, where it has another name, or none.
HUB: dict[tuple[str, str], str] = {
    ("instance_segmentation", "masks"): "image-segmentation",
    ("tabular", "class"): "tabular-classification",
    ("tabular", "number"): "tabular-regression",
    ("image_classification", "number"): "other",
    ("custom", "class"): "other",
    ("custom", "labels"): "other",
    ("custom", "number"): "other",
}


def card(
    run: RunDirectory, official: OfficialConfig, forced: Sequence[str], unchecked: Sequence[str]
) -> str:
    """Return a model's card, with reasons against publishing it, and what nobody checked."""
    environment = Environment(  # noqa: S701  (Markdown: `cell` escapes)
        undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["cell"] = cell
    train, predict, costs = (
        official.train_config,
        official.predict_config,
        ("latency_ms", "size_bytes"),
    )
    chosen = {**train["hyperparameters"], **train["params"]}
    kind, file = kind_of(predict), run.config.file
    return environment.from_string(TEXT.read_text(encoding="utf-8")).render(
        cell=cell,
        front_matter=dumped(_front_matter(run, predict)),
        run=run,
        official=official,
        forced=forced,
        unchecked=unchecked,
        train=train,
        predict=predict,
        takes=kind.takes(),
        many=kind.MANY.upper(),
        folder=Path(official.public_checkpoint).stem,
        plain=plain_keras(kind, official.public_checkpoint, run.weights),
        foreign=foreign_code(run.weights),
        says=said_output(predict["output"], cell),
        said=run.config.card,
        not_said=f"Not said: `card` is missing in `{'config.yaml' if run.source else file}`.",
        metrics=_by_split(run.metrics),
        per_class=_per_class(run.metrics),
        hyperparameters=_table(("", "value"), map(_listed, flat(chosen))),
        costs=_table(("", "value"), flat({key: run.metrics.get(key, {}) for key in costs})),
        origin=_table(("", ""), _origin(run, official)),
    )


def _front_matter(run: RunDirectory, predict: dict[str, Any]) -> dict[str, Any]:
    """Return what the hub reads: https://huggingface.co/docs/hub/model-cards."""
    task = run.config.task.replace("_", "-")
    named = HUB.get((run.config.task, head_of(predict)), task)
    kind, data = named, _data_root(run).name
    metrics = [
        {"type": name, "value": value}
        for name, value in flat(run.metrics.get("test", {}))
        if isinstance(value, int | float) and math.isfinite(value)
    ]
    dataset = {"name": data, "type": data}
    result = {"task": {"type": kind}, "dataset": dataset, "metrics": metrics}
    return {
        "library_name": "keras",
        **_license(),
        "pipeline_tag": kind,
        "tags": list(dict.fromkeys(["keras", task, kind, run.config.architecture])),
        "model-index": [{"name": run.name, "results": [result]}],
    }


def _data_root(run: RunDirectory) -> Path:
    """Return where the data lay; results from elsewhere had data of their own."""
    then = run.train["config"].get("data") or {}
    return Path(str(then.get("root", ""))) if run.source else run.config.data.root


def _license() -> dict[str, str]:
    """Return the project's licence as the hub spells it."""
    path = Path("pyproject.toml")
    document = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    name = str(document.get("project", {}).get("license", "unknown")).lower()
    if name.startswith("licenseref-"):
        return {"license": "other", "license_name": name.removeprefix("licenseref-")}
    return {"license": name}


def _by_split(metrics: dict[str, Any]) -> str:
    """Return a table of what was measured on the three splits, and of the export."""
    splits = {
        name: dict(flat(metrics[name])) for name in metrics if isinstance(metrics[name], dict)
    }
    shown = [name for name in ("train", "validation", "test", *FORMATS) if name in splits]
    names = list(dict.fromkeys(key for split in shown for key in splits[split]))
    rows = ([name, *(splits[split].get(name, "") for split in shown)] for name in names)
    return _table(("metric", *shown), rows)


def _per_class(metrics: dict[str, Any]) -> str:
    """Return a table of the classes, nothing if they were not judged."""
    classes = metrics.get("test", {}).get("per_class") or {}
    names = list(dict.fromkeys(key for values in classes.values() for key in values))
    rows = ([label, *(values.get(name, "") for name in names)] for label, values in classes.items())
    return _table(("class", *names), rows) if classes else ""


def _origin(run: RunDirectory, official: OfficialConfig) -> list[tuple[str, object]]:
    return [
        ("commit of this version", official.commit or "none"),
        ("commit before the training", run.train.get("git_commit") or "none"),
        ("started", run.train.get("training_start_time", "")),
        ("data", _data_root(run).as_posix()),
        ("SHA-256 of the prepared data", run.train["data_hash"]),
        ("checkpoint", official.public_checkpoint),
        ("SHA-256 of its content", official.sha256),
        *run.train.get("versions", {}).items(),
        ("licence", list(_license().values())[-1]),
    ]


def _listed(pair: tuple[str, object]) -> tuple[str, object]:
    key, value = pair
    return key, ", ".join(map(str, value)) if isinstance(value, list) else value


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return table(header, rows, MOST, "metrics.json")

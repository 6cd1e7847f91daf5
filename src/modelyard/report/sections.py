"""What a report says, section by section, as Markdown."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from modelyard.config.loading import ROOT_CONFIG
from modelyard.damage import understood
from modelyard.documents import flat, gaps
from modelyard.files import read_csv, read_yaml
from modelyard.pipeline.metrics import read_metrics

from .gate import Judgement, Verdict, metrics_path
from .tables import cell, difference, table

MOST_CLASSES = 50
WORST_CLASSES = 25
MOST_ROWS = 60
LONGEST_LINE = 400
TOP_TRIALS = 10
NAMES = {
    "average_precision": "average precision",
    "f1": "F1",
    "box_ap": "AP of boxes",
    "mask_ap": "AP of masks",
}
SEARCHED = ("trial", "status", "score", "epochs", "seconds")
PARAMS = ("architecture", "params", "tuning")


def verdict(judgement: Judgement) -> Iterator[str]:
    """Yield the verdict, then what it rests on."""
    name, baseline = judgement.config.name, cell(judgement.baseline.name)
    against = f", compared with {baseline}" if judgement.baseline.commit else f"; {baseline}"
    violations = judgement.violations
    if not judgement.verdicts:
        outcome = f"**Nothing is required** (`acceptance` in `{judgement.config.file}`)"
    elif violations:
        outcome = "❌ **Not accepted**"
    else:
        outcome = "✅ **Accepted**"
    yield f"## `{name}`\n\n{outcome}{against}.\n"
    if judgement.altered:
        yield f"⚠️ `acceptance` in `{judgement.config.file}` is not the baseline's.\n"
    shown = [cell(violation, LONGEST_LINE) for violation in violations[:MOST_ROWS]]
    if len(violations) > MOST_ROWS:
        shown.append(f"and {len(violations) - MOST_ROWS} more, which `modelyard acceptance` lists")
    yield "".join(f"- {line}\n" for line in shown)
    if judgement.verdicts:
        header = ("", "requirement", "value", "limits", "baseline")
        rows = map(_requirement, judgement.verdicts)
        yield table(header, rows, MOST_ROWS, judgement.config.file)


def _requirement(verdict: Verdict) -> tuple[object, ...]:
    wanted = verdict.requirement
    limits = wanted.asked
    if wanted.allowed_regression is not None:
        limits.append(f"at most {wanted.allowed_regression:g} worse")
    value = (verdict.not_judged or "missing") if verdict.value is None else verdict.value
    past = "none" if verdict.baseline is None else verdict.baseline
    open_yet = verdict.not_judged or wanted.undecided
    mark = "❌" if verdict.violations else "⚪" if open_yet else "✅"
    return mark, wanted.name, value, ", ".join(limits), past


def metrics(judgement: Judgement) -> Iterator[str]:
    """Yield every metric with its change."""
    path = metrics_path(judgement.config)
    now, before = dict(flat(read_metrics(path))), dict(flat(judgement.baseline.json(path) or {}))
    yield "### Metrics\n"
    if not before:
        yield table(("metric", "value"), now.items(), MOST_ROWS, path)
        return
    rows = [(key, now.get(key, ""), before.get(key, ""), difference(now.get(key), before.get(key)))
            for key in now | before]  # fmt: skip
    yield table(("metric", "now", "before", "change"), rows, MOST_ROWS, path)


def gap(judgement: Judgement) -> Iterator[str]:
    """Yield how far train and test lie apart, if both were judged."""
    path = metrics_path(judgement.config)
    pairs = gaps(read_metrics(path))
    if pairs:
        yield "### Train against test\n"
        rows = [(key, *pair, difference(*pair)) for key, pair in pairs.items()]
        yield table(("metric", "train", "test", "train minus test"), rows, MOST_ROWS, path)


def params(judgement: Judgement) -> Iterator[str]:
    """Yield what was configured, or chosen by a search, other than in the baseline."""
    file, root = judgement.config.file, judgement.config.output_paths.model.root
    now = _params(lambda path: read_yaml(path) if path.is_file() else None, file, root)
    before = _params(judgement.baseline.yaml, file, root)
    rows = [(key, now.get(key, ""), before.get(key, ""))
            for key in now | before if now.get(key) != before.get(key)]  # fmt: skip
    yield "### Configuration\n"
    if judgement.baseline.yaml(file) is None:
        yield f"There is nothing to compare with; see `{file}`.\n"
    elif rows:
        yield table(("key", "now", "before"), rows, MOST_ROWS, file)
    else:
        yield "Nothing changed.\n"


def _params(read: Callable[[Path], Any], file: Path, root: Path) -> dict[str, object]:
    """Return all that decides about the results but code and data, by dotted key."""
    model, shared = read(file) or {}, read(ROOT_CONFIG) or {}
    sections = {key: model.get(key, {}) for key in PARAMS} | {"data": shared.get("data", {})}
    chosen = read(root / "hyperparameters.yaml") or {}
    return dict(flat(sections | {"hyperparameters": chosen}))


def per_class(judgement: Judgement) -> Iterator[str]:
    """Yield the metrics of each class, where there are many the worst first.

    The last metric is the one that sums up: F1, or the mean average precision.
    """
    path = metrics_path(judgement.config)
    now = read_metrics(path).get("test", {}).get("per_class", {})
    before = (judgement.baseline.json(path) or {}).get("test", {}).get("per_class", {})
    if not now:
        return
    keys = list(next(iter(now.values())))
    last, many = keys[-1], len(now) > MOST_CLASSES
    actual = [row["actual"] for row in predictions(judgement) if "actual" in row]
    several = has_several(judgement)
    counted = Counter(name for cell in actual for name in (labels(cell) if several else [cell]))
    with understood(path):
        rows = [
            (name, *(now[name][key] for key in keys), *([counted[name]] if counted else ()),
             difference(now[name][last], before.get(name, {}).get(last)))
            for name in (sorted(now, key=lambda name: now[name][last]) if many else now)
        ]  # fmt: skip
    names = [NAMES.get(key, key) for key in keys]
    which = f"the {WORST_CLASSES} worst {names[-1]} of {len(now)} classes, " if many else ""
    yield f"### Classes ({which}test split)\n"
    header = ("class", *names, *(["examples"] if counted else ()), f"change of {names[-1]}")
    yield table(header, rows, WORST_CLASSES if many else MOST_CLASSES, path)


def predictions(judgement: Judgement) -> list[dict[str, str]]:
    """Return the predictions on the test split, none if `evaluate` left none."""
    config = judgement.config
    path = config.output_paths.training_metrics / "predictions.csv"
    finds_objects = path.with_name("precision_recall.csv").is_file()
    columns = () if finds_objects else ("actual", "predicted")
    return read_csv(path, columns) if path.is_file() else []


def has_several(judgement: Judgement) -> bool:
    """Say whether an example may have several classes, by what `evaluate` measured."""
    return "subset_accuracy" in read_metrics(metrics_path(judgement.config)).get("test", {})


def labels(cell: str) -> list[str]:
    """Return the classes in a cell of predictions.csv that may have several."""
    return cell.split(";") if cell else []


def trials(judgement: Judgement) -> Iterator[str]:
    """Yield the best trials of the search, if there was one."""
    tuning = judgement.config.tuning
    path = judgement.config.output_paths.training_metrics / "trials.csv"
    rows = read_csv(path, SEARCHED) if path.is_file() else []
    if not rows:
        return
    with understood(path):
        scores = [(float(row["score"]), row) for row in rows if row["score"]]
    scores = [(score, row) for score, row in scores if not math.isnan(score)]
    scores.sort(key=lambda pair: pair[0], reverse=tuning.objective.direction == "max")
    scores.sort(key=lambda pair: pair[1]["status"] == "pruned")  # none of them is the best
    names = [name for name in rows[0] if name in tuning.hyperparams]
    ranked = [
        ("pruned" if row["status"] == "pruned" else rank, row["trial"], score, row["epochs"],
         row["seconds"], *(row[name] for name in names))
        for rank, (score, row) in enumerate(scores, 1)
    ]  # fmt: skip
    failed = len(rows) - len(scores)
    pruned = sum(row["status"] == "pruned" for _, row in scores)
    ended = f"{failed} failed, {pruned} pruned, ranked last" if pruned else f"{failed} failed"
    yield f"<details><summary>The best of {len(rows)} trials ({ended})</summary>\n"
    header = ("rank", "trial", tuning.objective.metric, "epochs", "seconds", *names)
    if ranked:
        yield table([cell(name) for name in header], ranked, TOP_TRIALS, path)
    else:
        yield f"None has a score; `{path}` says why.\n"
    yield "</details>\n"

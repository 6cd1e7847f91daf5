"""What a report says, section by section, as Markdown."""

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ci.acceptance import Judgement, Verdict, metrics_path
from src.utils.provenance import git_commit
from src.utils.utils import read_csv, read_json, read_yaml, sha256

from .machine import machine_lines
from .tables import cell, difference, flat, table

MOST_CLASSES = 25
MOST_ROWS = 60
TOP_TRIALS = 10
PARAMS = ("architecture", "params", "tuning")


def verdict(judgement: Judgement) -> Iterator[str]:
    """Yield the verdict, then what it rests on."""
    name, baseline = judgement.config.name, cell(judgement.baseline.name)
    violations = judgement.violations
    if not judgement.verdicts:
        outcome = f"Nothing is required: add `acceptance` to `{judgement.config.file}`"
    elif violations:
        outcome = "❌ **Not accepted**"
    else:
        outcome = "✅ **Accepted**"
    yield f"## `{name}`\n\n{outcome}, compared with {baseline}.\n"
    if judgement.altered:
        yield f"⚠️ `acceptance` in `{judgement.config.file}` is not the baseline's.\n"
    yield "".join(f"- {cell(violation)}\n" for violation in violations)
    if judgement.verdicts:
        header = ("", "requirement", "value", "limits", "baseline")
        yield table(header, map(_requirement, judgement.verdicts), MOST_ROWS)


def _requirement(verdict: Verdict) -> tuple[object, ...]:
    wanted = verdict.requirement
    limits = [f"at least {wanted.min:g}"] if wanted.min is not None else []
    limits += [f"at most {wanted.max:g}"] if wanted.max is not None else []
    if wanted.allowed_regression is not None:
        limits.append(f"at most {wanted.allowed_regression:g} worse")
    value = "missing" if verdict.value is None else verdict.value
    past = "none" if verdict.baseline is None else verdict.baseline
    return "❌" if verdict.violations else "✅", wanted.name, value, ", ".join(limits), past


def metrics(judgement: Judgement) -> Iterator[str]:
    """Yield every metric with its change."""
    path = metrics_path(judgement.config)
    now, before = dict(flat(read_json(path))), dict(flat(judgement.baseline.json(path) or {}))
    rows = [(key, now.get(key, ""), before.get(key, ""), difference(now.get(key), before.get(key)))
            for key in now | before]  # fmt: skip
    yield "### Metrics\n"
    yield table(("metric", "now", "before", "change"), rows, MOST_ROWS)


def params(judgement: Judgement) -> Iterator[str]:
    """Yield what was configured, or chosen by a search, other than in the baseline."""
    config = judgement.config
    chosen = config.output_paths.model.root / "hyperparameters.yaml"
    now, before = _params(read_yaml(config.file)), _params(judgement.baseline.yaml(config.file))
    now |= {f"hyperparameters.{k}": v for k, v in (read_yaml(chosen) or {}).items()}
    past = judgement.baseline.yaml(chosen) or {}
    before |= {f"hyperparameters.{k}": v for k, v in past.items()}
    rows = [(key, now.get(key, ""), before.get(key, ""))
            for key in now | before if now.get(key) != before.get(key)]  # fmt: skip
    yield "### Configuration\n"
    if judgement.baseline.commit is None or not before:
        yield f"There is nothing to compare with; see `{config.file}`.\n"
    else:
        yield table(("key", "now", "before"), rows, MOST_ROWS) if rows else "Nothing changed.\n"


def _params(document: Any) -> dict[str, object]:
    return dict(flat({key: (document or {}).get(key, {}) for key in PARAMS}))


def per_class(judgement: Judgement) -> Iterator[str]:
    """Yield precision, recall and F1 of each class, the worst first where there are many."""
    path = metrics_path(judgement.config)
    now = read_json(path).get("test", {}).get("per_class", {})
    before = (judgement.baseline.json(path) or {}).get("test", {}).get("per_class", {})
    if not now:
        return
    images = Counter(row["actual"] for row in predictions(judgement))
    names = sorted(now, key=lambda name: now[name]["f1"]) if len(now) > MOST_CLASSES else list(now)
    rows = [
        (name, *(now[name][key] for key in ("precision", "recall", "f1")), images[name],
         difference(now[name]["f1"], before.get(name, {}).get("f1")))
        for name in names
    ]  # fmt: skip
    yield "### Classes (test split" + (", the worst first)\n" if len(now) > MOST_CLASSES else ")\n")
    header = ("class", "precision", "recall", "F1", "images", "change of F1")
    yield table(header, rows, MOST_CLASSES)


def predictions(judgement: Judgement) -> list[dict[str, str]]:
    """Return the predictions on the test split, none if `evaluate` left none."""
    path = judgement.config.output_paths.training_metrics / "predictions.csv"
    return read_csv(path) if path.is_file() else []


def trials(judgement: Judgement) -> Iterator[str]:
    """Yield the best trials of the search, if there was one."""
    tuning, path = judgement.config.tuning, judgement.config.output_paths.training_metrics
    rows = read_csv(path / "trials.csv") if (path / "trials.csv").is_file() else []
    scored = [row for row in rows if row["score"]]
    if not rows:
        return
    down = tuning.objective.direction == "max"
    scored.sort(key=lambda row: float(row["score"]), reverse=down)
    names = [name for name in rows[0] if name in tuning.hyperparams]
    columns = ("trial", "score", "epochs", "seconds", *names)
    failed = len(rows) - len(scored)
    yield f"<details><summary>The best of {len(rows)} trials ({failed} failed)</summary>\n"
    yield table(columns, ([row[name] for name in columns] for row in scored), TOP_TRIALS)
    yield "</details>\n"


def provenance(judgement: Judgement, seconds: float | None) -> Iterator[str]:
    """Yield what the results were made from, where, and how to make them again."""
    config = judgement.config
    root = config.output_paths.model.root
    saved = root / "train_configuration.yaml"
    recorded = read_yaml(saved) if saved.is_file() else {}
    versions = recorded.get("versions", {})
    locks = (Path("dvc.lock"), root / "dvc.lock")
    lines = [
        f"Commit: {git_commit() or 'none'}",
        f"Data: {recorded.get('data_hash', 'not here')}",
        *(f"{lock}: {sha256(lock) if lock.is_file() else 'missing'}" for lock in locks),
        f"Versions: {', '.join(f'{k} {v}' for k, v in versions.items()) or 'not here'}",
        *machine_lines(seconds),
    ]
    yield "### Made from\n\n" + "".join(f"- {line}\n" for line in lines)
    commands = [f"git checkout {git_commit() or 'COMMIT'}", "sh setup.sh && . .venv/bin/activate",
                "dvc pull", f"dvc repro {shlex.quote(str(root / 'dvc.yaml'))}"]  # fmt: skip
    yield "Again, from a clone:\n\n```sh\n" + "\n".join(commands) + "\n```\n"

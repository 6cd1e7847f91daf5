"""Write reports/<model>/report.md with its pictures: `modelyard report`."""

import argparse
import csv
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from modelyard.command import finish
from modelyard.config.loading import load_config
from modelyard.damage import understood
from modelyard.files import read_csv, whole_folder

from . import machine, pictures, predicted, sections
from .gate import Judgement, judge
from .suspects import suspects
from .tables import table

REPORTS = Path("reports")
LONGEST = 60_000  # GitHub takes 65,536 characters; a comment adds its log's link


def report(judgement: Judgement, seconds: float | None, folder: Path) -> str:
    """Write the pictures into a folder; return the text that shows them."""
    parts = [
        *sections.verdict(judgement),
        *sections.metrics(judgement),
        *sections.gap(judgement),
        *sections.params(judgement),
        *sections.per_class(judgement),
        *_pictures(judgement, folder),
        *suspects(judgement.config, folder),
        *sections.trials(judgement),
        *machine.provenance(judgement, seconds),
    ]
    return _fitting([part for part in parts if part])


def _fitting(parts: list[str]) -> str:
    """Join the parts; leave out the longest until GitHub would take the rest."""
    while len("\n".join(parts)) > LONGEST:
        longest = max(range(len(parts)), key=lambda position: len(parts[position]))
        parts[longest] = "*Left out, too long for a comment: see `training_metrics/`.*\n"
    return "\n".join(parts)


def _pictures(judgement: Judgement, folder: Path) -> Iterator[str]:
    config = judgement.config
    path = config.output_paths.training_metrics
    if history := _rows(path / "history.csv", ("epoch",)):
        before = judgement.baseline.text(path / "history.csv") or ""
        with understood(path / "history.csv"):
            spec = pictures.curves(history, list(csv.DictReader(before.splitlines())))
        yield _picture(folder, "curves", "Learning curves", spec)
    else:
        yield f"*No learning curves: {path}/history.csv is not there.*\n"
    yield from _objects(folder, path) if _found_objects(path) else _classes(folder, judgement)
    rows = _rows(path / "trials.csv", sections.SEARCHED)
    if any(row["score"] for row in rows):
        with understood(path / "trials.csv"):
            spec = pictures.trials(rows, config.tuning.objective.metric)
        yield _picture(folder, "trials", "Score by trial", spec)


def _found_objects(path: Path) -> bool:
    return (path / "precision_recall.csv").is_file()


def _objects(folder: Path, path: Path) -> Iterator[str]:
    """Yield the precision-recall curve, and what was found in some test images."""
    if rows := _rows(path / "precision_recall.csv"):
        with understood(path / "precision_recall.csv"):
            curve = pictures.precision_recall(rows)
        yield _picture(folder, "precision_recall", "Precision and recall at an IoU of 0.5", curve)
    else:
        yield "*No curve of precision and recall: the test split has no object.*\n"
    if (path / "examples.png").is_file():
        shutil.copyfile(path / "examples.png", folder / "examples.png")
        yield "![Annotated (yellow) and found (green)](examples.png)\n"


def _classes(folder: Path, judgement: Judgement) -> Iterator[str]:
    """Yield which classes are taken for which, and how sure one may be; of numbers their errors."""
    path, predictions = (
        judgement.config.output_paths.training_metrics,
        sections.predictions(judgement),
    )
    if predictions and sections.has_several(judgement):
        yield _mislabelled(predictions, path / "predictions.csv")
        return
    if predicted.is_number(predictions):
        with understood(path / "predictions.csv"):
            spec = predicted.residuals(predictions)
        yield _picture(folder, "residuals", "Predicted and actual numbers", spec)
        return
    classes = {row[key] for row in predictions for key in ("actual", "predicted")}
    if predictions and len(classes) <= pictures.MOST_CLASSES:
        yield _picture(folder, "confusion", "Confusion matrix", pictures.confusion(predictions))
    elif predictions:
        yield _confused(predictions, path / "predictions.csv")
    else:
        yield f"*No confusion matrix: {path}/predictions.csv is not there.*\n"
    if predictions and "probability" in predictions[0]:
        with understood(path / "predictions.csv"):
            spec = predicted.calibration(predictions)
        yield _picture(folder, "calibration", "Calibration", spec)


def _rows(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    return read_csv(path, columns) if path.is_file() else []


def _picture(folder: Path, name: str, title: str, spec: pictures.Spec) -> str:
    (folder / f"{name}.png").write_bytes(pictures.png(spec))
    return f"![{title}]({name}.png)\n"


def _confused(predictions: list[dict[str, str]], path: Path) -> str:
    """Return the classes most often confused, where there are too many for a picture."""
    wrong = [(row["actual"], row["predicted"]) for row in predictions]
    counts = Counter(pair for pair in wrong if pair[0] != pair[1]).most_common()
    rows = [(*pair, count) for pair, count in counts]
    header = ("actual", "predicted", "examples")
    return "### Most often confused\n\n" + (table(header, rows, 20, path) if rows else "None.\n")


def _mislabelled(predictions: list[dict[str, str]], path: Path) -> str:
    """Return the labels most often wrong, where an example has several."""
    missed, wrong = Counter[str](), Counter[str]()
    for row in predictions:
        actual, said = ({*sections.labels(row[key])} for key in ("actual", "predicted"))
        missed.update(actual - said)
        wrong.update(said - actual)
    rows = [(name, missed[name], wrong[name]) for name, _ in (missed + wrong).most_common()]
    header = ("label", "missed", "said wrongly")
    return "### Labels most often wrong\n\n" + (
        table(header, rows, 20, path) if rows else "None.\n"
    )


def _write(path: Path | None, base: str | None, seconds: float | None) -> bool:
    config = load_config(path)
    judgement = judge(config, base)
    with whole_folder(REPORTS / config.name) as temporary:
        text = report(judgement, seconds, temporary)
        (temporary / "report.md").write_text(text, "utf-8")
    if sys.stdout.isatty():
        Console().print(Markdown(text))
    accepted = "not accepted" if judgement.violations else "accepted"
    verdict = f"{accepted}, {len(judgement.violations)} violations"
    print(
        f"{REPORTS / config.name / 'report.md'}: "
        f"{verdict if judgement.verdicts else 'nothing is required'}"
    )
    return True


def main(arguments: list[str] | None = None) -> int:
    """Write the report; return 1 only if there is none, whatever its verdict."""
    parser = argparse.ArgumentParser(prog="modelyard report", description=__doc__)
    parser.add_argument("--config", type=Path, help="models/<model>/config.yaml")
    parser.add_argument("--base", help="branch or commit to compare with; default: origin/HEAD")
    parser.add_argument("--seconds", type=float, help="how long the training took")
    options = parser.parse_args(arguments)
    return finish(lambda: _write(options.config, options.base, options.seconds))


if __name__ == "__main__":
    sys.exit(main())

"""What a model's settings must be for what its targets mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from modelyard.config.data_section import SPLITS
from modelyard.config.keras_names import plain
from modelyard.config.requirement import DECIDE
from modelyard.data.manifest import Head

LOSS = "val_loss"
BY_CLASS = ("precision", "recall", "f1", "f1_score", "macro_f1", "auc", "log_loss")


@dataclass(frozen=True)
class Usual:
    """What is usual for a head.

    Attributes:
        tests: the limits of model_tests.yaml, to be decided.
        metric: of the test split, by which models are compared; empty: whatever it is.
        direction: which way it is better.
        loss: of Keras; empty: whatever it is.
        losses: others that fit as well, besides those that are the architecture's own.
        metrics: while training.
        known: metrics that have a meaning for this head, and not for all.
    """

    tests: Mapping[str, Any]
    metric: str = ""
    direction: Literal["min", "max"] = "max"
    loss: str = ""
    losses: Sequence[str] = ()
    metrics: Sequence[str] = ()
    known: Sequence[str] = field(default=())


USUAL: dict[Head, Usual] = {
    "class": Usual(
        {"accuracy": DECIDE}, "accuracy", "max", "sparse_categorical_crossentropy",
        ("sparse_categorical_crossentropy",), ("accuracy",),
        ("accuracy", "balanced_accuracy", "sparse_categorical_accuracy", *BY_CLASS),
    ),
    "labels": Usual(
        {"macro_f1": DECIDE}, "macro_f1", "max", "binary_crossentropy",
        ("binary_crossentropy", "binary_focal_crossentropy", "bce"), ("macro_f1",),
        ("mean_average_precision", "subset_accuracy", "binary_accuracy", *BY_CLASS),
    ),
    "number": Usual(
        {"r2": DECIDE, "mae": {"max": DECIDE}}, "r2", "max", "mean_squared_error",
        ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mse", "mae", "poisson",
         "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "mape", "msle"),
        ("mae", "r2"), ("mae", "mse", "rmse", "r2", "mean_absolute_error", "mean_squared_error"),
    ),
    "boxes": Usual({"box.map_50": DECIDE}),
    "masks": Usual({"box.map_50": DECIDE, "mask.map_50": DECIDE}),
}  # fmt: skip


def is_foreign(metric: str, head: Head) -> bool:
    """Whether a metric, such as accuracy or test.accuracy, has a meaning for other heads alone."""
    name = plain(metric.rpartition(".")[2].removeprefix("val_"))
    here = {plain(one) for one in USUAL[head].known}
    return any(name in map(plain, usual.known) for usual in USUAL.values()) and name not in here


def fit_model(document: CommentedMap, head: Head) -> None:
    """Change a model's config.yaml: loss, metrics and what is judged by them."""
    usual, params = USUAL[head], document.get("params") or {}
    if not usual.loss:
        return
    others = [plain(one) for u in USUAL.values() if u is not usual for one in u.losses]
    if isinstance(params.get("loss"), str) and plain(params["loss"]) in others:
        params["loss"] = usual.loss
        if params.get("label_smoothing"):
            params["label_smoothing"] = 0
    metrics = params.get("metrics")
    if isinstance(metrics, list) and any(is_foreign(str(one), head) for one in metrics):
        metrics[:] = [*usual.metrics]
    for section in (params.get("early_stopping"), (document.get("tuning") or {}).get("objective")):
        if isinstance(section, dict) and is_foreign(str(section.get("metric")), head):
            section["metric"], section["direction"] = LOSS, "min"


def fit_summary(document: CommentedMap, head: Head) -> None:
    """Change the root config.yaml: by what models are ranked."""
    usual, summary = USUAL[head], document.get("summary")
    if isinstance(summary, dict) and is_foreign(str(summary.get("metric")), head):
        summary["metric"], summary["direction"] = f"test.{usual.metric}", usual.direction


def fit_plots(document: CommentedMap, head: Head) -> None:
    """Change a model's dvc.yaml: its plots of metrics, and of actual by predicted."""
    usual = USUAL[head]
    for plot in document.get("plots") or []:
        for title, one in [*plot.items()] if isinstance(plot, dict) else []:
            files = one.get("y") if isinstance(one, dict) else None
            for columns in files.values() if isinstance(files, dict) else []:
                if isinstance(columns, list) and any(is_foreign(str(c), head) for c in columns):
                    learned = usual.metrics[0]
                    columns[:] = [learned, f"val_{learned}"]
                    plot.insert([*plot].index(title), learned, plot.pop(title))
    stage = (document.get("stages") or {}).get("evaluate") or {}
    for plot in stage.get("plots") or []:
        for one in plot.values() if isinstance(plot, dict) else []:
            if isinstance(one, dict) and one.get("x") == "actual":
                is_number = head == "number"
                one["template"] = "scatter" if is_number else "confusion"
                kind = "Predicted by actual" if is_number else "Confusion"
                one["title"] = f"{kind} on the test split"


def undecided(acceptance: CommentedSeq, head: Head) -> CommentedSeq:
    """Return the requirements with limits to decide, without those of a class of the example.

    The first of a metric that has no meaning for the head becomes one of a metric that has.
    """
    ours = [one for one in acceptance if _part(one) not in SPLITS]
    kept = [one for one in acceptance if _part(one) in SPLITS and "of_class" not in one]
    foreign = [one for one in kept if is_foreign(str(one.get("metric")), head)]
    for requirement in kept:
        if foreign and requirement is foreign[0]:
            _replace(requirement, USUAL[head])
        for key in ("min", "max"):
            if key in requirement:
                requirement[key] = DECIDE
    dropped = foreign[1:]
    for number in reversed(range(len(acceptance))):
        one = acceptance[number]
        if not any(one is other for other in (*ours, *kept)) or any(one is d for d in dropped):
            del acceptance[number]
    return acceptance


def _part(requirement: Mapping[str, Any]) -> str:
    return str(requirement.get("metric")).partition(".")[0]


def _replace(requirement: CommentedMap, usual: Usual) -> None:
    """Have a requirement ask for what is usual; how far it may regress is for people to say."""
    limit, other = ("max", "min") if usual.direction == "min" else ("min", "max")
    requirement["metric"], requirement["direction"] = f"test.{usual.metric}", usual.direction
    requirement.pop(other, None)
    requirement.pop("allowed_regression", None)
    requirement[limit] = DECIDE

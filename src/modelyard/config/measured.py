"""Which metrics `evaluate` will write into metrics.json, known before anything is trained."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from modelyard.errors import did_you_mean

from .annotation_section import SPLITS
from .architecture import architecture_file, defined_in
from .export_section import COSTS, FORMATS
from .keras_names import METRICS, OURS, plain

if TYPE_CHECKING:
    from .requirement import Requirement
    from .schema import Config

BATCH = 32  # of the latency of many examples
# By what a target means, see `Head` of the prepared data.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "class": ("exact_match", "macro_f1", "balanced_accuracy", "auc"),
    "labels": ("exact_match", "macro_f1", "mean_average_precision", "subset_accuracy"),
    "number": ("mae", "rmse", "r2"),
    "boxes": (),
    "masks": (),
}
JUDGED: Mapping[str, tuple[str, ...]] = {
    "class": (),
    "labels": (),
    "number": (),
    "boxes": ("box.map", "box.map_50", "exact_match"),
    "masks": ("box.map", "box.map_50", "mask.map", "mask.map_50", "exact_match"),
}
OF_TEST: Mapping[str, tuple[str, ...]] = {
    "class": ("log_loss", "baseline.accuracy", "baseline.log_loss"),
    "labels": ("baseline.subset_accuracy", "baseline.macro_f1"),
    "number": ("baseline.mae", "baseline.rmse", "baseline.r2"),
    "boxes": (),
    "masks": (),
}
BY_CLASS: Mapping[str, tuple[str, ...]] = {
    "class": ("precision", "recall", "f1"),
    "labels": ("average_precision", "precision", "recall", "f1"),
    "number": (),
    "boxes": ("exact_match", "box_ap"),
    "masks": ("exact_match", "box_ap", "mask_ap"),
}
PERTURBATIONS = ("brightness", "blur", "noise", "shift")  # of test images, see model_tests
SCORED: Mapping[str, tuple[str, ...]] = {  # of perturbed images
    "class": ("accuracy", "auc", "balanced_accuracy", "exact_match", "macro_f1", "precision",
              "recall"),
    "labels": ("accuracy", "auc", "exact_match", "macro_f1", "mean_average_precision",
               "precision", "recall", "subset_accuracy"),
    "number": ("mae", "rmse", "r2"),
    "boxes": JUDGED["boxes"],
    "masks": JUDGED["masks"],
}  # fmt: skip
HEADS = {"object_detection": ("boxes",), "instance_segmentation": ("masks",)}
OTHERS = ("class", "labels", "number")  # which of them, only the prepared data tells


def heads_of(task: str) -> tuple[str, ...]:
    """Return what the targets of a task may mean."""
    return HEADS.get(task, OTHERS)


def why_unmeasured(
    wanted: "Requirement", config: "Config", heads: Collection[str], known: object = None
) -> str | None:
    """Say why `evaluate` will not measure what a limit names; None: it will, or nobody knows.

    Args:
        wanted: the limit.
        config: of the model that is limited; the metrics of an adapter are known to it alone.
        heads: what its targets may mean.
        known: a metrics.json of the model: what it has was measured, whoever did that.
    """
    if config.adapter is not None or _has(wanted, known):
        return None
    part, _, name = wanted.metric.partition(".")
    parts = (*SPLITS, *FORMATS, *COSTS)
    if part not in parts:
        hint = did_you_mean(part, parts)
        return f"metrics.json has no part {part!r}{hint}; it has {', '.join(parts)}"
    if wanted.of_class is not None:
        return _of_class(part, name, heads)
    names = _names(part, config, heads)
    if names is None or name in names:
        return None
    return _unmeasured(part, name, names, config)


def _unmeasured(part: str, name: str, names: Collection[str], config: "Config") -> str:
    if name == "exact_match" and part in SPLITS:
        return "a number is never exactly right, so there is no exact_match; limit mae, rmse or r2"
    if part in SPLITS and plain(name) in map(plain, (*METRICS, *OURS)) and "loss" in names:
        return f"{name} is measured only where params.metrics of {config.file} names it; add it"
    return f"`evaluate` measures no {name!r}{did_you_mean(name, names)}; it measures " + (
        ", ".join(sorted(set(names)))
    )


def _has(wanted: "Requirement", known: object) -> bool:
    try:
        return isinstance(wanted.find(known), int | float)
    except LookupError:
        return False


def _of_class(part: str, name: str, heads: Collection[str]) -> str | None:
    names = _of(BY_CLASS, heads)
    if part != "test":
        return f"only test has metrics by class, not {part}"
    if name in names:
        return None
    if name == "exact_match" and names:
        return "exact_match of one class is its recall; write recall"
    has = f"`evaluate` measures {', '.join(names)} by class" if names else "a number has no classes"
    return f"no class has {name!r}{did_you_mean(name, names)}; {has}"


def _names(part: str, config: "Config", heads: Collection[str]) -> Collection[str] | None:
    """Return the metrics in a part of metrics.json; None where only the team's code knows them."""
    if part in COSTS:
        forms = ("keras", *FORMATS)
        several = [f"{form}_batch_{BATCH}" for form in forms] if part == COSTS[0] else []
        return [*forms, *several]
    if part in FORMATS:
        return [*_of(JUDGED, heads)] or ["max_difference"]
    own = defined_in(architecture_file(config.architecture))
    if "metrics" in own or any(name in own for name in config.params.metrics):
        return None  # it may give them other names
    of_keras = ["loss", *config.params.metrics, *_watched(config)] if _compiled(heads) else []
    of_test = _of(OF_TEST, heads) if part == "test" else []
    return [*of_keras, *_of(ALWAYS, heads), *_of(JUDGED, heads), *of_test]


def _compiled(heads: Collection[str]) -> bool:
    """Say whether Keras judges, rather than the objects that are found."""
    return any(head in OTHERS for head in heads)


def _watched(config: "Config") -> list[str]:
    """Return what early stopping and a search go by: the engine measures those that it knows."""
    tuning = config.tuning
    watching = (config.params.early_stopping, tuning.objective, tuning.early_stopping)
    return [one.metric.removeprefix("val_") for one in watching if one]


def _of(names: Mapping[str, tuple[str, ...]], heads: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for head in heads for name in names[head]))

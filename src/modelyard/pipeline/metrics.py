"""What `evaluate` measured of a model: its metrics.json, refused where it is damaged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelyard.config.schema import Config
from modelyard.errors import UserError
from modelyard.files import read_json

MEASURED = ("latency_ms", "size_bytes")  # of Keras' models only


def read_metrics(path: Path) -> dict[str, Any]:
    """Read a metrics.json.

    Raises:
        UserError: there is none, or it does not hold what `evaluate` writes.
    """
    document = read_json(path)
    problem = _problem(document)
    if problem:
        raise UserError(
            f"{path} does not hold what `evaluate` writes ({problem}); delete it and `dvc repro`."
        )
    return dict(document)


def measured_before(config: Config) -> dict[str, Any]:
    """Return a model's metrics.json, empty where there is none that can be read."""
    try:
        return read_metrics(config.output_paths.training_metrics / "metrics.json")
    except UserError:
        return {}


def _problem(document: Any) -> str:
    """Say what is wrong with a document; an empty string if nothing is."""
    if not isinstance(document, Mapping):
        return "it is not a mapping"
    test = document.get("test", {})
    if not document or not isinstance(test, Mapping):
        return "test is not a section" if document else "it is empty"
    classes = test.get("per_class", {})
    sections = [*classes.values()] if isinstance(classes, Mapping) else [None]
    if not all(isinstance(one, Mapping) and one for one in sections):
        return "test.per_class is not a section by class"
    return next(filter(None, (_not_numbers(document, key) for key in MEASURED)), "")


def _not_numbers(document: Mapping[str, Any], key: str) -> str:
    section = document.get(key, {})
    if not isinstance(section, Mapping):
        return f"{key} is not a section"
    wrong = [name for name, value in section.items() if not _is_number(value)]
    return f"{key}.{wrong[0]} is not a number" if wrong else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

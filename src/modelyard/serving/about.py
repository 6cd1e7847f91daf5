"""What is known of a model that is served: its card, its metrics, its hash."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from modelyard.errors import UserError
from modelyard.files import read_json, read_yaml, sha256

from .predicting import PROBABILITIES, Predicting


def describe(predictor: Predicting) -> dict[str, Any]:
    """Return what /model answers; `card` is Markdown, what is not known is null or empty."""
    name, folder = predictor.about["model"], predictor.folder
    card = _card(folder)
    return {
        "name": name,
        "version": _version(folder / "config.yaml"),
        "task": predictor.about["task"],
        "classes": predictor.classes,
        "input": predictor.about["input"] | predictor.kind.described(),
        "how": predictor.kind.HOW,
        "output": {"activation": predictor.about["output"].get("activation", PROBABILITIES)},
        "card": card,
        "card_html": html(card) if card else None,
        "metrics": {
            "validation": _metrics(folder / "val_metrics.json"),
            "test": _test_metrics(name, folder),
        },
        "sha256": sha256(predictor.file) if predictor.file.is_file() else None,
    }


def _version(config: Path) -> str | None:
    """Return the version of an official model; a model's own configuration has none."""
    found = _section(read_yaml, config).get("version")
    return found if isinstance(found, str) else None


def html(text: str) -> str:
    """Return Markdown as HTML that neither runs anything nor fetches a picture."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return str(markdown.render(text))


def _card(folder: Path) -> str | None:
    """Return the model card of an official model, else what the model's configuration says."""
    readme, config = folder / "README.md", folder / "config.yaml"
    if readme.is_file():
        text = readme.read_text(encoding="utf-8", errors="replace")
        if text.startswith("---\n"):  # what is meant for machines
            text = text.split("\n---\n", 1)[-1]
        return text.strip()
    card = _section(read_yaml, config).get("card")
    if not isinstance(card, dict):
        return None
    said = [f"{str(key).replace('_', ' ').capitalize()}: {text}" for key, text in card.items()]
    return "\n\n".join(said) or None


def _test_metrics(name: str, folder: Path) -> dict[str, Any]:
    """Return what `evaluate` found, where the model is the one of this project."""
    if folder.resolve() != Path("models", name).resolve():
        return {}
    found = _metrics(Path("training_metrics", name, "metrics.json")).get("test")
    return found if isinstance(found, dict) else {}


def _metrics(file: Path) -> dict[str, Any]:
    return dict(_finite(_section(read_json, file)))


def _section(read: Callable[[Path], Any], file: Path) -> dict[str, Any]:
    """Return a file's mapping; empty where there is none: what lies beside may be anybody's."""
    try:
        found = read(file)
    except (OSError, UserError):
        return {}
    return found if isinstance(found, dict) else {}


def _finite(value: Any) -> Any:
    """Return a document without NaN and infinities, which are no JSON."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

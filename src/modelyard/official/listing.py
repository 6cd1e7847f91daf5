"""Which official models there are: every version that is known here, and how good each one is."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.git import run_git
from modelyard.strict_yaml import parse_yaml

from .history import published_versions
from .lifecycle import Lifecycle, load_lifecycle, numbers
from .places import Place
from .record import load_official

CARD = "README.md"
FENCE = "---\n"
MOST_METRICS = 3
DETAILS = ("per_class", "baseline", "confusion")  # parts of metrics that are not the main ones


@dataclass(frozen=True)
class Listed:
    """One version of an official model.

    Attributes:
        version: None if no commit held what was published.
        state: the stages that name it, whether it is the one that is here, or why it is withdrawn.
        metrics: on the test split, the project's own metric first.
    """

    model: str
    version: str | None
    state: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What `predict` and `serve` take."""
        return f"{self.model}@{self.version}" if self.version else self.model


def list_models(place: Place, model: str) -> list[Listed]:
    """Return the versions of a model that a place knows, the newest first.

    Raises:
        UserError: its official config.yaml, or the record of its versions, is broken.
    """
    here = load_official(place.config(model)).version
    lifecycle = load_lifecycle(place.folder, model)
    cards = dict(_cards(place, model))
    gone = {one.version for one in lifecycle.withdrawn}
    wanted, found = _metric(place), []
    for version in sorted({*cards, *gone}, key=lambda one: numbers(one or "v0"), reverse=True):
        is_here = version == here and place.has_history  # all that a package has is there
        state = _state(lifecycle, version, is_here=is_here)
        found.append(
            Listed(model, version, state, _main(metrics_of(cards.get(version, "")), wanted))
        )
    return found


def metrics_of(card: str) -> dict[str, float]:
    """Return the metrics in a model card's front matter, as the Hugging Face hub reads them."""
    head = card.split(FENCE)[1] if card.startswith(FENCE) and card.count(FENCE) > 1 else ""
    try:
        results = parse_yaml(head)["model-index"][0]["results"][0]["metrics"]
        return {str(one["type"]): float(one["value"]) for one in results}
    except (KeyError, IndexError, TypeError, ValueError):  # people may change a card as they like
        return {}


def _cards(place: Place, model: str) -> Iterator[tuple[str | None, str]]:
    """Yield each version with its card; of equal versions the last one counts."""
    path = place.config(model)
    if place.has_history:
        for commit, official in published_versions(path):
            shown = run_git("show", f"{commit}:./{path.with_name(CARD).as_posix()}")
            yield official.version, shown.stdout.decode("utf-8", "replace")
    for config in [*sorted(place.folder.glob(f"{model}@*/config.yaml")), path]:
        yield load_official(config).version, _text(config.with_name(CARD))


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _state(lifecycle: Lifecycle, version: str | None, *, is_here: bool) -> list[str]:
    if found := lifecycle.withdrawal(version):
        return [f"withdrawn: {found.why}"]
    return [*(["here"] if is_here else []), *lifecycle.stages(version)]


def _metric(place: Place) -> str:
    """Return the metric that a project ranks its models by, without its split; else nothing."""
    document: Any = {}
    with suppress(UserError, OSError):
        document = read_yaml(place.settings_file)
    metric = dict(flat(document)).get("summary.metric", "") if isinstance(document, dict) else ""
    return str(metric).partition(".")[2]


def _main(metrics: Mapping[str, float], wanted: str) -> dict[str, float]:
    """Return a few metrics, the one that is wanted first."""
    names = [name for name in metrics if not any(part in name for part in DETAILS)]
    names.sort(key=lambda name: name != wanted)
    return {name: metrics[name] for name in names[:MOST_METRICS]}

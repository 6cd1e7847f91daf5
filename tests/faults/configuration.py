"""A project whose configuration files are broken one at a time, and what reads each of them."""

import contextlib
import io
import itertools
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from modelyard import checking
from modelyard.config import load_config, load_project
from modelyard.config.hyperparameters import chosen_hyperparameters
from modelyard.config.models import config_paths
from modelyard.config.skeleton import check_skeleton
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.model_tests.definition import load_cases
from modelyard.official.record import load_official
from modelyard.publishing.environments import load_environments
from modelyard.publishing.official.template import retraining_template
from modelyard.search.space import Space
from modelyard.zoo.entries import load_zoo
from modelyard.zoo.from_template import load_template
from modelyard.zoo.selection import rank

from .mutations import Mistake, emit, mistakes

LIMIT = 3.0  # seconds; a case takes some hundredths
OFFICIAL = Path("official_models/tiny/config.yaml")
TEMPLATE = Path("templates/tiny.yaml")
ZOO = Path("src/models/zoo.yaml")
ENTRIES: dict[str, Any] = {
    "wide": {
        "task": "image_classification",
        "model_space": {"accuracy_rating": 7, "speed_rating": 6.5, "memory_rating": 5},
        "hp_search_space": [
            {"name": "learning_rate", "values": [0.0003, 0.001, 0.003]},
            {"name": "filters", "default_value": 16, "param_type": "int", "min": 8, "max": 64,
             "step": 8, "sampling": "linear", "why": "width"},
        ],
        "training_configs": {"architecture": "convolutional", "epochs": 3, "dropout_rate": 0.3},
        "objective": {"metric": "val_accuracy", "direction": "max"},
        "acceptance": [{"metric": "test.accuracy", "direction": "max", "min": 0.9}],
    },
}  # fmt: skip
ENVIRONMENTS: dict[str, Any] = {
    "dogfood": {"host": "file://..", "path": "packages"},
    "index": {"host": "pypi+https://publisher@example.com", "token": "${INDEX_TOKEN}"},
    "store": {"host": "https://example.com", "path": "packages/mine", "token": "${STORE_TOKEN}"},
}
# Keys that a bake leaves to their defaults, by file; of the model's, by section.
DATA: dict[str, Any] = {
    "resize": "pad",
    "exif": "apply",
    "background": "#102030",
    "sixteen_bit_range": [0, 4095],
    "images": {"train": "a", "validation": "b", "test": "c"},
    "columns": {"path": "image", "class": "label"},
    "delimiter": ";",
    "encoding": "utf-8",
    "split_column": "split",
    "split_lists": {"train": "train.txt", "test": "test.txt"},
    "group_column": "patient",
    "class_names": {"0": "zero", "1": "one"},
}
PARAMS: dict[str, Any] = {
    "optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True},
    "schedule": {"name": "piecewise", "epochs": [2, 5], "factors": [0.5, 0.1], "warmup_epochs": 1},
    "class_weight": {"0": 2, "1": 1.5},
    "initial_weights": "imagenet",
    "freeze": {"layers": ["backbone", "block_*"], "unfreeze_at_epoch": 3},
    "devices": [0, 1],
    "export": ["onnx", {"format": "tflite", "precision": "int8", "select_tf_ops": True}],
    "mixed_precision": "bfloat16",
}
TUNING: dict[str, Any] = {
    "tune": True,
    "oracle": "grid",
    "early_stopping": {"metric": "val_loss", "direction": "min", "patience": 2, "min_delta": 0.1},
    "pruning": {"after_trials": 5, "after_epochs": 3},
}
HYPERPARAMS: dict[str, Any] = {
    "flag": {"default_value": True, "tuning": {"tune": True, "param_type": "boolean"}},
    "kind": {
        "default_value": "a",
        "tuning": {
            "tune": True,
            "param_type": "choice",
            "values": ["a", "b"],
            "when": {"flag": True},
        },
    },
    "params.ema": {"default_value": 0.5},
}
RECORD: dict[str, Any] = {
    "schema_version": 1,
    "train_config": {
        "model": "tiny",
        "task": "image_classification",
        "architecture": "dense",
        "params": {"epochs": 3, "optimizer": "adam"},
        "hyperparameters": {"learning_rate": 0.01, "hidden_units": 32},
        "data_hash": "a" * 64,
    },
    "predict_config": {"model_name": "tiny", "task": "image_classification", "input": {}},
    "public_checkpoint": "tiny_0123456789.keras",
    "sha256": "b" * 64,
    "version": "v1.0.0",
    "commit": "c" * 40,
    "card": {"intended_use": "Tell digits apart.", "limits": "Knows nothing else."},
}


@dataclass(frozen=True)
class Target:
    """A file, and what reads it as the commands do."""

    file: Path
    read: Callable[[], object]


@dataclass(frozen=True)
class Outcome:
    """What came of one mistake: `refused`, `accepted`, or what must not be, and what was said."""

    target: Target
    mistake: Mistake
    verdict: str
    said: str

    def __str__(self) -> str:
        place = ".".join(map(str, self.mistake.place)) or "(all)"
        return f"{self.target.file}: {place}, {self.mistake.kind}: {self.verdict}: {self.said}"


class SlowError(Exception):
    """Reading took longer than LIMIT."""


def targets() -> list[Target]:
    """Return the configuration files of the project in the working directory."""
    [model] = config_paths()
    return [
        Target(Path("config.yaml"), _check),
        Target(model, _check),
        Target(model.with_name("hyperparameters.yaml"), _values),
        Target(ZOO, _zoo),
        Target(Path("model_tests.yaml"), load_cases),
        Target(Path("environments.yaml"), load_environments),
        Target(OFFICIAL, lambda: retraining_template("tiny", load_official(OFFICIAL))),
        Target(TEMPLATE, lambda: load_template(TEMPLATE)),
        Target(Path("pyproject.toml"), check_skeleton),
    ]


def complete(root: Path) -> None:
    """Add to a bake the files that it has none of yet, with every kind of entry."""
    for path, document in (
        (OFFICIAL, RECORD),
        (ZOO, ENTRIES),
        (Path("environments.yaml"), ENVIRONMENTS),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(emit(document), "utf-8")
    _add(root / "config.yaml", {"data": DATA, "publish": {"buckets": ["gs://bucket/models"]}})
    more = TUNING | {"hyperparams": HYPERPARAMS}
    paths = {"data": "data/processed/digits"}
    [model] = config_paths(root)
    _add(model, {"params": PARAMS, "tuning": more, "input_paths": paths})
    _add(model.with_name("hyperparameters.yaml"), {"flag": True, "kind": "a", "params.ema": 0.5})
    (root / TEMPLATE).parent.mkdir()
    template = retraining_template("tiny", load_official(root / OFFICIAL))
    (root / TEMPLATE).write_text(template, "utf-8")


def _add(path: Path, more: dict[str, Any]) -> None:
    path.write_text(emit(_merged(read_yaml(path), more)), "utf-8")


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}


def cases() -> Iterator[tuple[Target, Mistake]]:
    """Yield every mistake of every YAML file."""
    for target in targets():
        if target.file.suffix == ".yaml":
            yield from ((target, one) for one in mistakes(read_yaml(target.file)))


def outcome(target: Target, mistake: Mistake) -> Outcome:
    """Read a file with a mistake, and put it back."""
    before = target.file.read_bytes()
    target.file.write_text(mistake.text, "utf-8")
    try:
        return Outcome(target, mistake, *_read(target, mistake))
    finally:
        target.file.write_bytes(before)


def _read(target: Target, mistake: Mistake) -> tuple[str, str]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            _within(LIMIT, target.read)
    except UserError as error:
        said = str(error)
        for line in said.splitlines():
            if (reason := lacking(line, target, mistake)) is not None:
                return reason, said
        return "refused", said
    except SlowError:
        return "too slow", f"more than {LIMIT} s"
    except Exception:
        return "traceback", traceback.format_exc()
    return "accepted", ""


def lacking(line: str, target: Target, mistake: Mistake) -> str | None:
    """Say what a message lacks: the file; the key, or the section that the key belongs to."""
    if str(target.file) not in line:
        return "without file"
    if "not valid YAML: line" in line or "not valid YAML in line" in line:
        return None
    names = [part for part in mistake.place if isinstance(part, str)]
    sections = [".".join(names[:end]) for end in range(2, len(names))]
    known = not names or names[-1] in line or any(section in line for section in sections)
    return None if known else "without key"


def _within(seconds: float, read: Callable[[], object]) -> None:
    """Call a function, and raise SlowError when its time is over."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        read()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _check() -> None:
    checking.check()
    config = load_config()
    space = Space(config.tuning.hyperparams)
    space.size(grid=True)
    list(itertools.islice(space.spread(), 3))
    list(itertools.islice(space.combinations(grid=True), 3))
    rank(load_zoo(), load_project().zoo.task, load_project().zoo.model_priority_space)


def _values() -> None:
    chosen_hyperparameters(load_config())


def _zoo() -> None:
    zoo = load_zoo(ZOO)
    for name, entry in zoo.items():
        entry.described(name)
        rank(zoo, entry.task, [5, 5, 5])

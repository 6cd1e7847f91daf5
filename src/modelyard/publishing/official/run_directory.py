"""A model's folder as training leaves it: complete, and still what its configuration says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelyard.config.loading import load_config
from modelyard.config.models import adapter_of, check_known, config_path, model_names
from modelyard.config.schema import Config
from modelyard.errors import UserError
from modelyard.pipeline.metrics import read_metrics
from modelyard.report.gate import metrics_path
from modelyard.saved.content import content_hash

from .configuration import published
from .one_training import check_files, check_record, mapping
from .sources import METRICS, REFERENCE

WEIGHTS = (".keras", ".h5")


@dataclass(frozen=True)
class RunDirectory:
    """What is published of one model.

    Attributes:
        weights: the one file of weights.
        train: its train_configuration.yaml.
        metrics: what `evaluate` measured; nothing where that was left out.
        configuration: the published configuration.
        sha256: the hash of the content.
        source: where the results lie, if not in models/<model>.
    """

    config: Config
    weights: Path
    train: dict[str, Any]
    metrics: dict[str, Any]
    configuration: dict[str, Any]
    sha256: str
    source: str | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.config.name

    @property
    def checkpoint(self) -> str:
        """The public name of the weights."""
        return f"{self.name}_{self.sha256[:10]}.keras"

    @property
    def reference(self) -> list[Path]:
        """The files that are published as they are, beside the weights."""
        return [self.weights.with_name(name) for name in REFERENCE]

    @property
    def files(self) -> list[Path]:
        """The weights and what is published with them."""
        return [self.weights, *self.reference]

    @property
    def shown_weights(self) -> str:
        """Where the weights lie, for people."""
        return f"{self.source}/{self.weights.name}" if self.source else str(self.weights)

    def without_metrics(self) -> "RunDirectory":
        """Return it without what was measured of other weights."""
        return replace(self, metrics={})


def publishable(named: list[str], sources: Mapping[str, str]) -> list[str]:
    """Return the models to publish: those named, or all that are Keras' and trained or elsewhere.

    Raises:
        UserError: one of them is not a model here, or none that Keras made.
    """
    if not named:
        return _all_of(model_names(), sources)
    for model in named:
        if model in sources:
            continue
        check_known(model, "MODEL")
        if _brings_adapter(model):
            raise UserError(
                f"models/{model}/adapter.py brings a model of another framework; only Keras models "
                "are published: their .keras file needs none of this project's code to be loaded."
            )
    return list(dict.fromkeys(named))


def _all_of(known: list[str], sources: Mapping[str, str]) -> list[str]:
    """Return the Keras models that are trained, here or elsewhere; say which others there are."""
    keras = [model for model in known if model in sources or not _brings_adapter(model)]
    if not keras and not sources:
        raise UserError("There is no Keras model in models/; `modelyard zoo add` makes one.")
    trained = [model for model in keras if _weight_files(Path("models", model))]
    trained = sorted({*trained, *sources})
    for model in known:
        if model not in keras:
            print(f"Leaving out {model}: models/{model}/adapter.py is of another framework.")
        elif trained and model not in trained:
            print(f"Leaving out {model}: it is not trained here; `dvc pull` fetches what was.")
    return trained or keras


def _brings_adapter(model: str) -> bool:
    return adapter_of(config_path(model)) is not None


def read_run_directory(model: str) -> RunDirectory:
    """Read a trained model.

    Raises:
        UserError: a file is missing or none too many, or the model is not of its configuration.
    """
    config = load_config(Path("models", model, "config.yaml"))
    weights = _weights(config)
    folder, metrics = weights.parent, metrics_path(config)
    paths = [*(folder / name for name in REFERENCE), metrics]
    if missing := [str(path) for path in paths if not path.is_file()]:
        raise UserError(
            f"{folder} is not complete, missing: {', '.join(missing)}; `dvc repro` writes them, "
            "`dvc pull` fetches them."
        )
    return _read(config, weights, read_metrics(metrics))


def read_results(folder: Path, source: str) -> RunDirectory:
    """Read results that were brought from elsewhere; the model's rules here judge them, if any.

    Raises:
        UserError: a file is broken, or the model is not of its configuration.
    """
    try:
        config = load_config(folder / "config.yaml")
        if (here := Path("models", folder.name, "config.yaml")).is_file():
            ours = load_config(here)
            said = {"acceptance": ours.acceptance, "card": ours.card or config.card}
            config = config.model_copy(update=said)
        [weights] = folder.glob("*.keras")
        metrics = folder / METRICS
        run = _read(config, weights, read_metrics(metrics) if metrics.is_file() else {})
    except UserError as error:
        raise UserError(str(error).replace(str(folder), source)) from None
    return replace(
        run, source=source, weights=weights.resolve()
    )  # which lie there, or were fetched


def _read(config: Config, weights: Path, metrics: dict[str, Any]) -> RunDirectory:
    """Read and compare what lies beside the weights."""
    folder = weights.parent
    train, predict = (mapping(folder / name) for name in REFERENCE[:2])
    check_record(folder / REFERENCE[0], train, config)
    check_files(folder, train, predict)
    configuration = published(train, predict)
    try:
        with weights.open("rb") as file:
            sha256 = content_hash(configuration, file)
    except ValueError as error:
        raise UserError(f"{weights}: {error}; train it again.") from None
    return RunDirectory(config, weights, train, metrics, configuration, sha256)


def _weights(config: Config) -> Path:
    wanted = config.output_paths.model.keras_model
    found = _weight_files(wanted.parent)
    if len(found) > 1:
        raise UserError(
            f"{wanted.parent} holds {len(found)} files of weights, there can only be one: "
            f"{', '.join(path.name for path in found)}; move all but {wanted.name} elsewhere."
        )
    if found != [wanted]:
        instead = f", only {found[0].name}" if found else ""
        raise UserError(
            f"{wanted.parent} holds no {wanted.name}{instead}; train the model with `dvc repro`, "
            "or fetch it with `dvc pull`."
        )
    return wanted


def _weight_files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.glob("*") if path.suffix in WEIGHTS)
    return [path for path in files if not path.name.startswith(".")]  # half-written by a kill

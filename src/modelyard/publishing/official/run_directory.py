"""A model's folder as training leaves it: complete, and still what its configuration says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config.loading import load_config
from modelyard.config.models import adapter_of, check_known, config_path, model_names
from modelyard.config.schema import Config
from modelyard.documents import flat
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.pipeline.metrics import read_metrics
from modelyard.report.gate import metrics_path
from modelyard.saved.content import content_hash

from .configuration import learnt_with, published

REFERENCE = (
    "train_configuration.yaml",
    "predict_configuration.yaml",
    "hparams.yaml",
    "val_metrics.json",
)
RECORDED = ("config", "data_hash", "hyperparameters", "model")
WEIGHTS = (".keras", ".h5")


@dataclass(frozen=True)
class RunDirectory:
    """What is published of one model.

    Attributes:
        weights: the one file of weights.
        train: its train_configuration.yaml.
        metrics: what `evaluate` measured.
        configuration: the published configuration.
        sha256: the hash of the content.
    """

    config: Config
    weights: Path
    train: dict[str, Any]
    metrics: dict[str, Any]
    configuration: dict[str, Any]
    sha256: str

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


def publishable(named: list[str]) -> list[str]:
    """Return the models to publish: those named, or all that are Keras' and trained.

    Raises:
        UserError: one of them is not a model here, or none that Keras made.
    """
    if not named:
        return _all_of(model_names())
    for model in named:
        check_known(model, "MODEL")
        if _brings_adapter(model):
            raise UserError(
                f"models/{model}/adapter.py brings a model of another framework; only Keras models "
                "are published: their .keras file needs none of this project's code to be loaded."
            )
    return list(dict.fromkeys(named))


def _all_of(known: list[str]) -> list[str]:
    """Return the Keras models that are trained, and say which others there are."""
    keras = [model for model in known if not _brings_adapter(model)]
    if not keras:
        raise UserError("There is no Keras model in models/; `modelyard zoo add` makes one.")
    trained = [model for model in keras if _weight_files(Path("models", model))]
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
    train, predict = _mapping(paths[0]), _mapping(paths[1])
    _check_record(paths[0], train, config)
    _check_files(folder, train, predict)
    configuration = published(train, predict)
    try:
        with weights.open("rb") as file:
            sha256 = content_hash(configuration, file)
    except ValueError as error:
        raise UserError(f"{weights}: {error}; train it again.") from None
    return RunDirectory(config, weights, train, read_metrics(metrics), configuration, sha256)


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


def _mapping(path: Path) -> dict[str, Any]:
    document = read_yaml(path, "train the model again")
    if not isinstance(document, dict):
        raise UserError(f"{path} is empty or not a mapping; train the model again.")
    return document


def _check_record(path: Path, train: dict[str, Any], config: Config) -> None:
    """Refuse a record that lacks something, or is of another model or configuration."""
    if missing := [key for key in RECORDED if not train.get(key)]:
        raise UserError(f"{path} has no {missing[0]}; train the model again.")
    if not isinstance(train["config"], dict):
        raise UserError(f"{path}: config is not a section; train the model again.")
    if train["model"] != config.name:
        raise UserError(
            f"{path}: model is {train['model']!r}, but the folder is {config.file.parent}; a model "
            "is published under the name it was trained by: train it again."
        )
    params = config.default_params | dict(train["config"].get("params") or {})
    then = dict(flat(learnt_with(train["config"] | {"params": params})))
    now = dict(flat(learnt_with(config.record())))
    for key in then | now:
        if then.get(key) != now.get(key):
            raise UserError(
                f"{config.file}: {key} is {now.get(key)!r}, but the model was trained with "
                f"{then.get(key)!r}; `dvc repro` trains it as configured, or set the key back."
            )


def _check_files(folder: Path, train: dict[str, Any], predict: dict[str, Any]) -> None:
    """Refuse files that are not of one training."""
    pairs = (
        ("predict_configuration.yaml: model", predict.get("model"), train["model"]),
        ("predict_configuration.yaml: task", predict.get("task"), train["config"].get("task")),
        ("hparams.yaml", _mapping(folder / "hparams.yaml"), dict(train["hyperparameters"])),
    )
    for what, found, recorded in pairs:
        if found != recorded:
            raise UserError(
                f"{folder / what} is {found!r}, but train_configuration.yaml says {recorded!r}: "
                "they are not of one training; `dvc repro` or `dvc checkout` the model."
            )

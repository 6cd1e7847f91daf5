"""What of a training is published: only what matters for inference and retraining."""

from collections.abc import Mapping
from typing import Any

from modelyard.official.record import predict_config

SCHEMA_VERSION = 1
# What a training reads, with the keys of train_configuration.yaml that hold it.
TRAINED = ("architecture", "task", "params")
# Of params: how much the machine can hold, and what else is written, change no weight.
WEIGHTLESS = ("cache_mb", "devices", "export")


def published(train: Mapping[str, Any], predict: Mapping[str, Any]) -> dict[str, Any]:
    """Return the published configuration of a train_ and a predict_configuration.yaml.

    No machine, path, commit, time or version of a package is in it: an equal training, wherever
    and whenever, has an equal one.
    """
    trained = learnt_with(train["config"])
    return {
        "schema_version": SCHEMA_VERSION,
        "train_config": {
            "model": train["model"],
            "task": trained["task"],
            "architecture": trained["architecture"],
            "params": trained["params"],
            "hyperparameters": dict(train["hyperparameters"]),
            "data_hash": train["data_hash"],
        },
        "predict_config": predict_config(dict(predict)),
    }


def learnt_with(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a model's configuration decides about its weights."""
    found = {key: config.get(key) for key in TRAINED}
    params = dict(found["params"] or {})
    return found | {"params": {key: params[key] for key in params if key not in WEIGHTLESS}}

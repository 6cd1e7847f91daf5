"""Which search is which: everything that its trials depend on, and what tells two apart."""

from collections.abc import Mapping
from typing import Any

from modelyard.config.schema import Config
from modelyard.data.manifest import read_manifest
from modelyard.documents import flat
from modelyard.pipeline import identity

# A search continues when these change: they say how long and how wide, not what is tried.
EXTENT = ("tune", "max_trials", "max_instances_at_once", "max_failed_share", "tensorboard")
NOT_TRIED = ("cache_mb", "devices", "export")  # of params: another machine, the same results
MOST_DIFFERENCES = 5


def depends_on(config: Config) -> dict[str, Any]:
    """Return all that the result of a trial depends on, apart from its number."""
    record = config.record("architecture", "params", "tuning")
    for key in EXTENT:
        del record["tuning"][key]
    for key in NOT_TRIED:
        record["params"].pop(key, None)
    data = read_manifest(config.input_paths.data).data_hash
    return record | {"data": data} | identity.depends_on(config, "tune")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Name what changed from one search to another, values where they are short."""
    before, after = dict(flat(old)), dict(flat(new))
    keys = [key for key in before | after if before.get(key) != after.get(key)]
    shown = [_difference(key, before.get(key), after.get(key)) for key in keys[:MOST_DIFFERENCES]]
    more = [f"and {len(keys) - MOST_DIFFERENCES} more"] if len(keys) > MOST_DIFFERENCES else []
    return ", ".join([*shown, *more])


def _difference(key: str, old: object, new: object) -> str:
    if key == "data" or key.startswith("code."):
        return "the data" if key == "data" else key.removeprefix("code.")
    return f"{key} {old} -> {new}"

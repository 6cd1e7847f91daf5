"""Which search is which: everything that its trials depend on, and what tells two apart."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..adapter import adapter_file
from ..utils.manifest import read_manifest
from ..utils.provenance import code_files
from ..utils.schema import Config
from ..utils.utils import sha256

# A search continues when these change: they say how long and how wide, not what is tried.
EXTENT = ("tune", "max_trials", "max_instances_at_once", "max_failed_share", "tensorboard")
SHOWN = 5


def depends_on(config: Config) -> dict[str, Any]:
    """Return all that the result of a trial depends on, apart from its number."""
    record = config.record("architecture", "params", "tuning")
    for key in EXTENT:
        del record["tuning"][key]
    del record["params"]["cache_mb"]  # another machine, the same results
    adapter = adapter_file(config)
    mine = {str(adapter): sha256(adapter)} if adapter else {}
    return record | {
        "data": read_manifest(config.input_paths.data).data_hash,
        "code": code_files() | mine,
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Name what changed from one search to another, values where they are short."""
    before, after = dict(_flat(old)), dict(_flat(new))
    keys = [key for key in before | after if before.get(key) != after.get(key)]
    shown = [_difference(key, before.get(key), after.get(key)) for key in keys[:SHOWN]]
    more = [f"and {len(keys) - SHOWN} more"] if len(keys) > SHOWN else []
    return ", ".join([*shown, *more])


def _difference(key: str, old: object, new: object) -> str:
    if key == "data" or key.startswith("code."):
        return "the data" if key == "data" else f"src/{key.removeprefix('code.')}"
    return f"{key} {old} -> {new}"


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value

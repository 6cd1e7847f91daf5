"""Data that the trials of one process share."""

from typing import Any, Protocol, TypeVar

from modelyard.config import Config
from modelyard.data.manifest import read_manifest
from modelyard.documents import fingerprint


class _Provider(Protocol):
    def __init__(self, config: Any) -> None: ...

    def get_data(self) -> None: ...


Provider = TypeVar("Provider", bound=_Provider)
_open: dict[str, Any] = {}  # the one in use, by what it depends on


def opened(provider: type[Provider], config: Config) -> Provider:
    """Return the data of a configuration; equal data is read once a process, not once a trial."""
    data_hash = read_manifest(config.input_paths.data).data_hash
    key = fingerprint([config.record("params", "input_paths"), data_hash])
    if key not in _open:
        _open.clear()
        data = provider(config)
        data.get_data()
        _open[key] = data
    found: Provider = _open[key]
    return found

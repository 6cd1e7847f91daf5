"""Load a saved Keras model together with the layers of the project's own in it."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras

from modelyard.config.project import import_own


def load_saved(path: Path) -> keras.Model:
    """Return the model of a .keras file; Keras raises errors of many kinds for a damaged one.

    A layer is known once the module that registers it is imported; those of this project that the
    file names are. No other code is loaded.
    """
    for name in sorted(set(_modules(path))):
        import_own(name)
    return keras.models.load_model(path)


def _modules(path: Path) -> Iterator[str]:
    """Yield the modules that the objects in a saved model are of; none of a damaged file."""
    with suppress(OSError, KeyError, ValueError, zipfile.BadZipFile), zipfile.ZipFile(path) as file:
        yield from _named(json.loads(file.read("config.json")))


def _named(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("module"), str):
            yield document["module"]
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from _named(one)

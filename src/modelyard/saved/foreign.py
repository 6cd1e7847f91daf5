"""What a saved model consists of that is not of Keras; Keras itself is not needed to tell."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

KERAS = ("keras", "keras_hub", "builtins")
HUB = "keras_hub"
CODE = {"Lambda", "__lambda__"}  # Keras runs what is in them where a script has allowed that once


class Named(NamedTuple):
    """An object in a saved model: the module and the class it is of, and its name for Keras."""

    module: str
    kind: str
    registered: str


def foreign_objects(path: Path) -> Iterator[Named]:
    """Yield what a saved model consists of that is not of Keras; nothing of a damaged file."""
    for one in _objects(path):
        if one.module.partition(".")[0] not in KERAS:
            yield one


def has_code(path: Path) -> bool:
    """Say whether a saved model has code of its own in it."""
    return any(one.kind in CODE for one in _objects(path))


def needs_hub(path: Path) -> bool:
    """Say whether a saved model has layers of KerasHub."""
    return any(one.module.partition(".")[0] == HUB for one in _objects(path))


def _objects(path: Path) -> Iterator[Named]:
    with suppress(OSError, KeyError, ValueError, zipfile.BadZipFile), zipfile.ZipFile(path) as file:
        document = json.loads(file.read("config.json"))
        document.pop("compile_config", None)
        yield from _named(document)


def _named(document: Any) -> Iterator[Named]:
    if isinstance(document, dict):
        module, kind = document.get("module"), document.get("class_name")
        if isinstance(module, str) or kind in CODE:
            yield Named(str(module), str(kind), str(document.get("registered_name") or kind))
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from _named(one)

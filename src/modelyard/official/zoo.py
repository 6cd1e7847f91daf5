"""A zoo of official models behind a URL: what a bucket holds, with an index of it.

Nothing in it is run: a model with code of its own, a Lambda layer, is refused. The index says
which content each model has, so a model is what the index says, or it is refused; the index itself
is trusted as far as its URL.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from modelyard.config.schema import PublishConfig
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.files import whole_folder, write_yaml
from modelyard.stores import cause, read_from

from .cache import cache_folder, sole
from .lifecycle import Lifecycle, Withdrawal, numbers, save_lifecycle
from .places import Place
from .record import DESCRIPTION, OfficialConfig

INDEX = "index.json"
ASKED = "--zoo"
NAME = re.compile(r"(\w[\w.-]*)_[0-9a-f]{10}\.keras", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # what a terminal would obey
CARD = "README.md"
MOST_BYTES = 64 * 2**20


class Entry(Section):
    """One version of a model.

    Attributes:
        config: its official config.yaml.
        description: its predict_configuration.yaml.
        card: its README.md.
        withdrawn: why it was withdrawn, where it was.
    """

    config: OfficialConfig
    description: dict[str, Any]
    card: str = ""
    withdrawn: Withdrawal | None = None

    @property
    def model(self) -> str | None:
        """The model's name, None if it is not one that a folder may have."""
        found = NAME.fullmatch(self.config.public_checkpoint)
        return found[1] if found else None


class Index(Section):
    """index.json: all models of a folder or bucket."""

    schema_version: Literal[1] = 1
    models: list[Entry] = Field(default=[])


def zoo_place(url: str) -> Place:
    """Return the models of a zoo as a place: what describes them is written into the cache.

    Raises:
        UserError: it cannot be read, or is not a zoo.
    """
    url = url.rstrip("/")
    try:
        settings = PublishConfig(buckets=[url])
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UserError(f"{ASKED} {url} {said}.") from None
    text = _read(url)
    index = parse_index(url, text)
    name = hashlib.sha256(url.encode() + b"\0" + text).hexdigest()[:20]
    folder = cache_folder().parent / "zoos" / name
    with sole(folder):
        if not folder.is_dir():
            with whole_folder(folder) as temporary:
                _write(index, temporary)
    return Place(f"the zoo {url}", folder, lambda: settings, folder / INDEX, trusted=False)


def parse_index(url: str, text: bytes) -> Index:
    """Return the content of an index.

    Raises:
        UserError: it is not an index, or of a newer modelyard.
    """
    try:
        document = json.loads(text)
        if any(map(CONTROL.search, _texts(document))):
            raise ValueError
        return Index.model_validate(document)
    except (ValidationError, ValueError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(map(str, first["loc"])) if first else ""
        why = f"{where}: {first['msg']}" if first else "it is not JSON, or has control characters"
        raise UserError(
            f"{url}/{INDEX} is not an index of official models ({why}); ask whoever keeps it to run"
            f" `modelyard index-models` there."
        ) from None


def _texts(document: Any) -> Iterator[str]:
    """Yield all texts of a JSON document, keys too."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)


def _read(url: str) -> bytes:
    index = f"{url}/{INDEX}"
    try:
        text = read_from(index, lambda fs, path: bytes(fs.cat_file(path)), f"{ASKED} names")
    except UserError:
        raise
    except Exception as error:  # whatever a library raises
        said = cause(index, error)
        hint = (
            f"; `modelyard index-models {url}` writes it, where models were published before"
            if said == "there is no such file"
            else ""
        )
        raise UserError(f"{index} cannot be read: {said}{hint}.") from None
    if len(text) > MOST_BYTES:
        raise UserError(f"{index} is larger than {MOST_BYTES // 2**20} MiB; name another zoo.")
    return text


def _write(index: Index, folder: Path) -> None:
    """Write what describes every version, as MODEL@VERSION, and the newest once more as MODEL."""
    newest: dict[str, Entry] = {}
    for entry in sorted(index.models, key=_order):
        if entry.model is None:
            continue
        if entry.config.version:
            _describe(entry, folder / f"{entry.model}@{entry.config.version}")
        newest[entry.model] = entry
    for model, entry in newest.items():
        _describe(entry, folder / model)
        gone = [one.withdrawn for one in index.models if one.model == model and one.withdrawn]
        if gone:
            save_lifecycle(folder, model, Lifecycle(withdrawn=gone))


def _order(entry: Entry) -> tuple[tuple[int, ...], str]:
    version = entry.config.version
    return (numbers(version) if version else (), entry.config.public_checkpoint)


def _describe(entry: Entry, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    write_yaml(folder / "config.yaml", entry.config.model_dump())
    write_yaml(folder / DESCRIPTION, entry.description)
    (folder / CARD).write_text(entry.card, encoding="utf-8")

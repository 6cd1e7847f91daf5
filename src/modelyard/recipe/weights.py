"""Weights that a network begins with: of a saved model, or those that its backbone brings."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.architecture import shown
from modelyard.config.project import source_folder
from modelyard.config.schema import Config
from modelyard.data.text.tokens import RESERVED, VOCABULARY, read_vocabulary
from modelyard.errors import UserError
from modelyard.official.fetching import fetch_official
from modelyard.pipeline import identity
from modelyard.saved.encoding import encoder_of, without_encoder
from modelyard.saved.loading import load_intact

from .own import OwnModule

IMAGENET = "imagenet"  # an architecture that has such weights reads the key itself
MOST_NAMED = 5


def begin_with(model: keras.Model, config: Config, own: OwnModule) -> str:
    """Give a new model the weights that `params.initial_weights` names.

    Weights fit where their path and shape do: those of another last layer are left as they are.

    Returns:
        What was taken and what was not, in one line; nothing where the network begins at random.

    Raises:
        UserError: there is no such file or official model, or not one weight fits.
    """
    source = config.params.initial_weights
    if source is None:
        return ""
    if source == IMAGENET:
        _check_imagenet(config, own)
        return f"{config.name} begins with the weights of imagenet in its backbone."
    file = _file(source)
    return _taken(model, load_intact(file), config) + _not_tracked(config, file)


def _not_tracked(config: Config, file: Path) -> str:
    """Say that DVC would not train again when the file changes, where dvc.yaml does not name it."""
    listed = identity.depends_on(config, "train")["code"]
    official = str(file) != config.params.initial_weights  # what a version names does not change
    if (
        official
        or file.is_absolute()
        or not config.file.with_name("dvc.yaml").is_file()
        or str(file) in listed
    ):
        return ""
    return (
        f" A change of {file} trains nothing again: name it in deps of train in "
        f"{config.file.with_name('dvc.yaml')}."
    )


def is_imagenet(config: Config) -> bool:
    """Say whether a backbone must begin with the weights of imagenet, for architectures to ask."""
    return config.params.initial_weights == IMAGENET


def _file(source: str) -> Path:
    """Return the `.keras` file that a path, or an official model's name and version, stands for."""
    path = Path(source)
    if path.suffix == ".keras" or path.exists():
        if path.is_file():
            return path
        raise UserError(
            f"params.initial_weights is {source!r}, which is not a file; name a .keras file, an "
            "official model such as NAME or NAME@v1.0.0, or imagenet."
        )
    return fetch_official(source)[0]


def _taken(model: keras.Model, given: keras.Model, config: Config) -> str:
    saved, unlike = _by_path(without_encoder(given)), _of_other_tokens(model, given, config)
    taken, left = 0, []
    for path, variable in _by_path(model).items():
        found = saved.get(path)
        if path in unlike:
            left.append(f"{path} (of another vocabulary)")
        elif found is not None and found.shape == variable.shape:
            variable.assign(np.asarray(found))
            taken += 1
        else:
            left.append(f"{path} ({_difference(variable, found)})")
    if not taken:
        raise UserError(
            f"{config.file}: params.initial_weights is {config.params.initial_weights!r}, but none "
            f"of its weights fits {config.architecture}: {_listed(left)}; name a model of the same "
            "architecture."
        )
    rest = f"; at random: {_listed(left)}" if left else ""
    return (
        f"{config.name} begins with {taken} of {taken + len(left)} weights of "
        f"{config.params.initial_weights}{rest}."
    )


def _of_other_tokens(model: keras.Model, given: keras.Model, config: Config) -> set[str]:
    """Return the paths of weights that have a row for each token, where the tokens are others."""
    encoder, file = encoder_of(given), config.input_paths.data / VOCABULARY
    layers = [one for one in encoder.layers if hasattr(one, "get_vocabulary")] if encoder else []
    if not (layers and file.is_file()):
        return set()
    here = read_vocabulary(file)
    if layers[0].get_vocabulary(include_special_tokens=False) == here:
        return set()
    size = len(here) + RESERVED
    embeddings = (one for one in model._flatten_layers() if isinstance(one, keras.layers.Embedding))
    found = (one for one in embeddings if one.input_dim == size)
    return {_path(variable, model.name) for one in found for variable in one.weights}


def _difference(variable: keras.Variable, found: keras.Variable | None) -> str:
    there = tuple(found.shape) if found is not None else "not there"
    return f"{tuple(variable.shape)}, {there}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _by_path(model: keras.Model) -> dict[str, Any]:
    """Return the weights by their paths, without the name of the model, which may differ."""
    return {_path(v, model.name): v for v in model.weights if "seed_generator" not in v.path}


def _path(variable: keras.Variable, name: str) -> str:
    return str(variable.path).removeprefix(f"{name}/")


def _check_imagenet(config: Config, own: OwnModule) -> None:
    """Refuse an architecture that would begin at random all the same."""
    folder = source_folder() / "models"
    used = [getattr(value, "__module__", None) for value in vars(own.module).values()]
    names = {own.module.__name__, *map(str, used)}
    files = [folder / f"{name.rpartition('.')[2]}.py" for name in names]
    if not _mentions(files, "is_imagenet", "initial_weights", IMAGENET):
        raise UserError(
            f"{config.file}: params.initial_weights is {IMAGENET}, but {own.file} has no backbone "
            f"with such weights; use one of {shown(folder / 'backbones.py')}, as backbone.py does, "
            "or remove the key."
        )


def _mentions(files: Iterable[Path], *words: str) -> bool:
    texts = [file.read_text("utf-8") for file in files if file.is_file()]
    return any(word in text for text in texts for word in words)

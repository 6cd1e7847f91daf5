"""A directory of results that lies elsewhere: a folder or a bucket, all files at one level."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from modelyard.bars import bar, bars
from modelyard.errors import UserError
from modelyard.stores import FETCHED, cause, file_system, scheme

CONFIG, METRICS = "config.yaml", "metrics.json"
# What training leaves beside the weights, and is published as it is.
REFERENCE = (
    "train_configuration.yaml",
    "predict_configuration.yaml",
    "hparams.yaml",
    "val_metrics.json",
)
WEIGHTS = (".keras", ".h5", ".ckpt")


def bring(model: str, source: str, why: str, folder: Path, say: Callable[[str], None]) -> Path:
    """Bring what is published of a directory of results into a folder of the model's name.

    Files of a local folder are linked, not copied; those of a bucket are streamed to disk.

    Raises:
        UserError: it cannot be read, or something is missing; `why` says who named it.
    """
    url = _url(source)
    remote, root = file_system(url, f"{why} names")
    try:
        listed = remote.ls(root, detail=True)
    except Exception as error:  # whatever a library raises
        said = cause(url, error).replace("no such file", "no such folder")
        raise UserError(f"{why} names {source}, but {said}.") from None
    files = {PurePosixPath(one["name"]).name: one for one in listed if one["type"] == "file"}
    wanted = [_weights(source, files), CONFIG, *REFERENCE]
    if missing := [name for name in wanted if name not in files]:
        raise UserError(
            f"{source} is not complete, missing: {', '.join(missing)}; copy all that training "
            f"leaves in models/{model} there, all files at one level."
        )
    target = folder / model
    target.mkdir()
    say(f"Copying the results from {source}.")
    for name in [*wanted, *({METRICS} & files.keys())]:
        _get(remote, files[name], target / name, source)
    return target


def _url(source: str) -> str:
    return source if "://" in source else f"file://{Path(source).absolute()}"


def _weights(source: str, files: dict[str, Any]) -> str:
    found = sorted(name for name in files if PurePosixPath(name).suffix in WEIGHTS)
    if len(found) != 1:
        these = f"{len(found)} files of weights ({', '.join(found)})" if found else "no weights"
        raise UserError(f"{source} holds {these}; leave exactly one there, a .keras file.")
    if not found[0].endswith(".keras"):
        raise UserError(f"{source} holds {found[0]}; only .keras files are published.")
    return found[0]


def _get(remote: Any, file: dict[str, Any], target: Path, source: str) -> None:
    """Link a local file, or stream a remote one."""
    if "file" in remote.protocol:
        target.symlink_to(file["name"])
        return
    try:
        with bars(stderr=True) as progress:
            options = {"callback": bar(progress, target.name), **FETCHED.get(scheme(source), {})}
            remote.get_file(file["name"], str(target), **options)
    except Exception as error:  # whatever a library raises
        raise UserError(
            f"{source}/{target.name} cannot be read: {cause(_url(source), error)}."
        ) from None

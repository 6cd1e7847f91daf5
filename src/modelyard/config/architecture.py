"""The architecture's module, src/models/NAME.py, as far as its text tells; nothing is imported."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import UserError, did_you_mean

from .keras_names import LOSSES, METRICS, OURS, TASK_LOSSES, plain
from .project import source_folder

if TYPE_CHECKING:
    from .schema import Config

BUILDS = b"\ndef build_model("


def architectures() -> list[str]:
    """Return the known architectures: the modules in src/models with a `build_model`."""
    files = (source_folder() / "models").glob("[!_]*.py")
    return sorted(file.stem for file in files if BUILDS in file.read_bytes())


def architecture_file(name: str) -> Path:
    """Return where an architecture's module lies."""
    return source_folder() / "models" / f"{name}.py"


def shown(path: Path) -> Path:
    """Return a path relative to the working directory, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def defined_in(path: Path) -> dict[str, int]:
    """Return what a module defines or imports at its top level, with the line.

    Raises:
        UserError: it is not Python.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise UserError(f"{shown(path)}, line {error.lineno}: {error.msg}; correct it.") from None
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name: node.lineno for one in node.names}
        elif isinstance(node, ast.Assign):
            found |= {one.id: node.lineno for one in node.targets if isinstance(one, ast.Name)}
    return found


def check_names(config: "Config") -> None:
    """Refuse a loss or a metric that neither Keras nor the task nor the architecture's module has.

    Raises:
        UserError: naming the nearest known one.
    """
    file = architecture_file(config.architecture)
    own = defined_in(file)
    losses = TASK_LOSSES.get(config.task, LOSSES)
    if "loss" not in own:
        _check(config, "loss", config.params.loss, losses, own)
    if "metrics" not in own:
        for number, metric in enumerate(config.params.metrics):
            _check(config, f"metrics[{number}]", metric, (*METRICS, *OURS), own)


def _check(
    config: "Config", key: str, name: str, known: Iterable[str], own: dict[str, int]
) -> None:
    names = [*known]
    if name in own or plain(name) in map(plain, names):
        return
    hint = did_you_mean(name, [*own, *names])
    raise UserError(
        f"{config.file}: params.{key} is {name!r}, which neither {config.task} nor "
        f"{shown(architecture_file(config.architecture))} has{hint}; define it there, or write one "
        f"of {', '.join(names)}."
    )

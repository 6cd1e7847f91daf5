"""Find the adapter of a model: its own adapter.py, else the one that the project hands over."""

from pathlib import Path
from types import ModuleType

from modelyard.config import Config
from modelyard.config.models import ADAPTER
from modelyard.config.project import find_project
from modelyard.errors import UserError

from . import MANDATORY, AdapterModel
from .beside import load_adapter
from .source_name import answer_as_source


def adapter_class(config: Config, default: type[AdapterModel] | None = None) -> type[AdapterModel]:
    """Return the adapter that a model brings, else the default.

    A plain class named AdapterModel, as ZazuML has it, will do: it gets the steps that it lacks.

    Raises:
        UserError: the model's adapter.py does not define exactly one subclass of AdapterModel, or
            the subclass lacks a step that every adapter must bring.
    """
    path = config.adapter
    if path is None:
        if default is None:
            raise UserError(f"{config.file.with_name(ADAPTER)} does not exist.")
        return default
    module = _load(path)
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    found = [value for value in own if issubclass(value, AdapterModel)]
    plain = [value for value in own if value.__name__ == AdapterModel.__name__]
    if not found and len(plain) == 1:
        return _completed(path, plain[0])
    if len(found) != 1:
        raise UserError(f"{path} defines {len(found)} subclasses of AdapterModel; it must be one.")
    _refuse_missing(path, found[0], sorted(found[0].__abstractmethods__))
    return found[0]


def _completed(path: Path, plain: type) -> type[AdapterModel]:
    """Return a plain class with the steps that it lacks."""
    _refuse_missing(path, plain, [name for name in MANDATORY if not _defines(plain, name)])
    return type(plain.__name__, (plain, AdapterModel), {"__module__": plain.__module__})


def _defines(plain: type, name: str) -> bool:
    return getattr(plain, name, None) is not getattr(object, name, None)


def _refuse_missing(path: Path, found: type, missing: list[str]) -> None:
    if missing:
        raise UserError(f"{path}: {found.__name__} must define {' and '.join(missing)}.")


def _load(path: Path) -> ModuleType:
    if project := find_project():
        answer_as_source(project.package)
    # The name is the one under which older models are pickled.
    return load_adapter(path, f"src.{path.parent.name}_adapter")

"""A model's adapter.py with the modules beside it, which it imports as `.losses` or as `losses`.

Both mean one module, of the package that adapter.py becomes. What lies beside wins over packages of
the same name, as for `python adapter.py`, but only in imports by files of that folder: two models
may each have a `losses.py`, and nobody else sees either.
"""

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from modelyard.errors import UserError


def load_adapter(path: Path, name: str) -> ModuleType:
    """Run an adapter.py as the package `name`, anew, with the modules beside it as its modules."""
    file = path.absolute()  # what is imported later must be found from any working directory
    package = _Package(name, file.parent)
    loader = _Loader(name, str(file), package.builtins)
    spec = spec_from_file_location(
        name, file, loader=loader, submodule_search_locations=[str(file.parent)]
    )
    if spec is None:
        raise UserError(f"{path} is not a Python module.")
    _forget(name)
    _finder().packages[name] = package
    module = module_from_spec(spec)
    # A pickle finds the adapter's classes by the first name, modules beside it import the second.
    names = (name, f"{name}.{file.stem}")
    sys.modules.update(dict.fromkeys(names, module))
    vars(spec)["_initializing"] = True  # as `import` does: a circular import is called one
    try:
        loader.exec_module(module)
    except BaseException:
        for one in names:
            del sys.modules[one]
        raise
    finally:
        vars(spec)["_initializing"] = False
    return module


class _Package:
    """The modules of one folder, and how imports in them work.

    Attributes:
        builtins: what they see in place of Python's own: an `import` that looks beside them first.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.builtins = vars(builtins) | {"__import__": self.import_beside}

    def import_beside(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002  (its name in Python)
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Do what Python's `__import__` does; a plain name may mean a module beside the importer.

        The module never gets the plain name in sys.modules, where others would find it.
        """
        top = name.partition(".")[0]
        if level or not self._has(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        found = import_module(f"{self.name}.{name}")
        if fromlist:  # also imports submodules that it names
            return builtins.__import__(found.__name__, globals, locals, fromlist)
        return sys.modules[f"{self.name}.{top}"]

    def _has(self, top: str) -> bool:
        """Say whether a plain name means something in this folder."""
        if f"{self.name}.{top}" in sys.modules:
            return True
        if top in sys.builtin_module_names:
            return False
        spec = PathFinder.find_spec(top, [str(self.folder)])
        if spec is None or spec.loader is not None:
            return spec is not None
        # A folder without an __init__.py counts if nothing else has its name.
        return top not in sys.modules and find_spec(top) is None


class _Loader(SourceFileLoader):
    """Runs a module with the builtins of its package."""

    def __init__(self, name: str, path: str, names: dict[str, Any]) -> None:
        super().__init__(name, path)
        self.names = names

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        vars(module)["__builtins__"] = self.names
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules of all packages made here."""

    def __init__(self) -> None:
        self.packages: dict[str, _Package] = {}

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return where a module lies; nobody else is asked for one that is missing."""
        package = self.packages.get(".".join(name.split(".")[:2]))
        if package is None or name == package.name:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path, package.builtins)
        return spec


def _finder() -> _Finder:
    """Return the one finder; it is asked first, as `src` may be another name of a package."""
    found = next((one for one in sys.meta_path if isinstance(one, _Finder)), None) or _Finder()
    sys.meta_path[:] = [found, *(one for one in sys.meta_path if one is not found)]
    return found


def _forget(name: str) -> None:
    """Drop what an earlier load left: the files may have changed."""
    invalidate_caches()
    for one in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[one]

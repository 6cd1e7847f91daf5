"""Adapters import from `src`; where the project is installed its package has another name."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

SOURCE = "src"


def answer_as_source(package: str) -> None:
    """Let `import src.x` give a package's own x, unless there is a package called src."""
    if find_spec(SOURCE) is None:
        sys.meta_path.insert(0, _Finder(package))  # later ones would load the files a second time


class _Finder(MetaPathFinder, Loader):
    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        ours = name == SOURCE or name.startswith(f"{SOURCE}.")
        return ModuleSpec(name, self) if ours else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(f"{self.package}{spec.name.removeprefix(SOURCE)}")
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing: it has run. The import put a spec for the other name into it."""
        if module.__spec__:
            module.__spec__ = module.__spec__.loader_state

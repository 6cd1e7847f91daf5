"""Modules that had another name in version 0.1: they answer until modelyard 2, with a warning."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

STAND_IN = Path(__file__).with_name("stand_in.py")
# By old name: the module of today, and the command where it is one.
SOURCE = {
    "adapter": ("modelyard.adapter", None),
    "data.convert": ("modelyard.data.convert", "modelyard convert"),
    "predict": ("modelyard.serving.predict", "modelyard predict"),
    "serve": ("modelyard.serving.serve", "modelyard serve"),
    "zoo": ("modelyard.zoo.command", "modelyard zoo"),
}
COMMANDS = {
    "acceptance": ("modelyard.report.accept", "modelyard acceptance"),
    "check_machine": ("modelyard.cloud.check_machine", "modelyard cloud check-machine"),
    "choose_model": ("modelyard.cloud.choose_model", "modelyard cloud choose-model"),
    "cleanup": ("modelyard.cloud.cleanup", "modelyard cloud cleanup"),
    "comment": ("modelyard.cloud.comment", "modelyard cloud comment"),
    "consistency": ("modelyard.pipeline.consistency", "modelyard consistency"),
    "inputs": ("modelyard.pipeline.inputs", "modelyard cloud inputs"),
    "k8s": ("modelyard.cloud.k8s.command", "modelyard k8s"),
    "launch_runner": ("modelyard.cloud.launching.command", "modelyard cloud launch"),
    "push_results": ("modelyard.cloud.push_results", "modelyard cloud push-results"),
    "reap": ("modelyard.cloud.reap", "modelyard cloud reap"),
    "release": ("modelyard.publishing.release", "modelyard release"),
    "report": ("modelyard.report.command", "modelyard report"),
    "site": ("modelyard.publishing.site.command", "modelyard site"),
    "train": ("modelyard.cloud.train", "modelyard cloud train"),
}


class _Finder(MetaPathFinder):
    def __init__(self, package: str, names: Mapping[str, Any]) -> None:
        self.package, self.names = package, names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        package, _, rest = name.partition(".")
        if package != self.package or rest not in self.names:
            return None
        return spec_from_file_location(name, STAND_IN)


def answer(package: str, names: Mapping[str, Any]) -> None:
    """Let modules of a package that moved be imported, or run, by their old names."""
    sys.meta_path.append(_Finder(package, names))  # a file of the project's own comes first


def stand_in(names: dict[str, Any]) -> None:
    """Fill the module that stands in for an old one; run it where it is the main one."""
    old = names["__spec__"].name
    package, _, rest = old.partition(".")
    module, command = (COMMANDS if package == "ci" else SOURCE)[rest]
    today = import_module(module)
    if names["__name__"] == "__main__":
        print(f"warning: python -m {old} is now `{command}`.", file=sys.stderr)
        sys.exit(today.main())
    print(f"warning: {old} is now {module}; write that in your imports.", file=sys.stderr)
    names |= {name: value for name, value in vars(today).items() if not name.startswith("__")}

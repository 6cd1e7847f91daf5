"""The architecture's module of the team: what it defines besides `build_model`."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

from modelyard.config.architecture import architecture_file, shown
from modelyard.config.own_code import explained
from modelyard.config.project import import_architecture
from modelyard.config.schema import Config
from modelyard.errors import UserError, did_you_mean

HOOKS = ("optimizer", "loss", "metrics", "callbacks")


class OwnModule:
    """src/models/NAME.py, imported.

    Attributes:
        file: where it lies, as errors show it.
    """

    def __init__(self, config: Config) -> None:
        """Import it, so that Keras knows the layers, losses and metrics that it registers."""
        self.file = shown(architecture_file(config.architecture))
        self.module = import_architecture(config.architecture)

    def defines(self, name: str) -> bool:
        """Say whether it has a function of its own by that name."""
        found = getattr(self.module, name, None)
        return inspect.isfunction(found) and found.__module__ == self.module.__name__

    def find(self, name: str) -> Any:
        """Return what it has by a name, None if it has nothing."""
        return getattr(self.module, name, None)

    def call(self, hook: str, **given: Any) -> Any:
        """Return what one of its functions returns, given the arguments that it asks for by name.

        Raises:
            UserError: it asks for something else, fails, or returns None.
        """
        function = self.find(hook)
        where = self.place(function)
        wanted = _arguments(function)
        for name in wanted:
            if name not in given:
                raise UserError(
                    f"{where}: {hook} takes {name!r}, which nobody hands over"
                    f"{did_you_mean(name, given)}; it may take {', '.join(given)}."
                )
        with explained(f"{hook}()", "correct it"):
            found = function(**{name: given[name] for name in wanted})
        if found is None:
            raise UserError(f"{where}: {hook} returns None; end it with `return …`.")
        return found

    def place(self, function: Callable[..., Any]) -> str:
        """Return file and line of one of its functions."""
        return f"{self.file}, line {inspect.getsourcelines(function)[1]}"

    def returns(self, name: str) -> str:
        """Return file and line of what one of its functions returns last, else of the function."""
        lines = [
            node.lineno
            for function in ast.parse(self.file.read_bytes()).body
            if isinstance(function, ast.FunctionDef) and function.name == name
            for node in (function, *ast.walk(function))
            if isinstance(node, ast.FunctionDef | ast.Return)
        ]
        return f"{self.file}, line {max(lines, default=1)}"


def _arguments(function: Callable[..., Any]) -> list[str]:
    """Return the names that a function must be given."""
    parameters = inspect.signature(function).parameters.values()
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one.name for one in parameters if one.kind in plain]

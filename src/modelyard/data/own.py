"""Examples that a function of the team's yields: what is wrong with it is one sentence."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from modelyard.config.data_section import SPLITS, SharedData
from modelyard.config.own_code import explained
from modelyard.errors import UserError
from modelyard.pipeline.definitions import PIPELINE, holds, stages

from .spool import Example

Read = Callable[[Any], Iterable[Example]]


def unlisted(read: Read) -> str | None:
    """Say that DVC would not notice a change of the module that reads; None if it does."""
    found, here = inspect.getsourcefile(read), Path.cwd()
    prepare = next((one for one in stages(Path(PIPELINE)) if one.name == "prepare"), None)
    if prepare is None or found is None or not Path(found).is_relative_to(here):
        return None
    file = Path(found).relative_to(here).as_posix()
    if any(holds(path, file) for path in prepare.deps):
        return None
    return (
        f"{file} reads the data, but {PIPELINE} does not list it, so `dvc repro` would not notice "
        "that it changed; write it in `deps` of prepare."
    )


def checked(read: Read, config: SharedData) -> Iterator[Example]:
    """Yield what the function yields.

    Raises:
        UserError: it fails, or yields something else than examples.
    """
    name = getattr(read, "__name__", "examples")
    with explained(f"{name}()", "correct it"):
        found: Any = read(config)
        for one in found if found is not None else ():
            if not isinstance(one, Example):
                raise UserError(
                    f"{name}() yields {type(one).__name__}; write "
                    "`yield Example(inputs, target, path)`, see modelyard.data.examples."
                )
            if one.split not in (None, *SPLITS):
                raise UserError(
                    f"{one.path}: its split is {one.split!r}; write {', '.join(SPLITS)}, or None "
                    "and data.splits in config.yaml draws them."
                )
            yield one

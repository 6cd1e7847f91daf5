"""Is every module that an adapter.py imports from beside it named in dvc.yaml?

What a stage uses but does not depend on can change without anything being trained again.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from modelyard.config import Config
from modelyard.config.loading import load_config
from modelyard.config.models import adapter_of, config_paths
from modelyard.errors import UserError
from modelyard.pipeline.identity import dependencies

STAGES = ("tune", "train", "evaluate")  # those that run an adapter


def check_adapters() -> None:
    """Check the adapters of all models.

    Raises:
        UserError: one line per model with modules that its dvc.yaml does not name.
    """
    problems = []
    for path in filter(adapter_of, config_paths()):
        try:
            check_listed(load_config(path), *STAGES)
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))


def check_listed(config: Config, *stages: str) -> None:
    """Refuse modules beside a model's adapter.py that `deps` of its stages do not name.

    Raises:
        UserError: naming them, the file that should, and the stages.
    """
    pipeline = config.file.with_name("dvc.yaml")
    used = imported(config.adapter) if config.adapter else []
    if not used or not pipeline.is_file():
        return
    missing: dict[Path, list[str]] = {}
    for stage in stages:
        known = dependencies(config, stage)
        if known is None:  # DVC runs no such stage
            continue
        # Paths are relative to the project; in a stage without `wdir`, to dvc.yaml.
        named = [(base / path).resolve() for path in known for base in (Path(), pipeline.parent)]
        for file in used:
            if not any(file.resolve().is_relative_to(path) for path in named):
                missing.setdefault(file, []).append(stage)
    if missing:
        of = ", ".join(dict.fromkeys(stage for names in missing.values() for stage in names))
        raise UserError(
            f"{pipeline}: {config.adapter} imports {', '.join(map(str, missing))}, which `deps` of "
            f"{of} does not name; add it there, or a change in it trains nothing again."
        )


def imported(adapter: Path) -> list[Path]:
    """Return the files beside an adapter.py that it imports, also through each other, sorted.

    What cannot be parsed imports nothing here: running it says what is wrong.
    """
    folder, found, waiting = adapter.parent, set[Path](), [adapter]
    while waiting:
        new = set(_imports(waiting.pop(), folder)) - found - {adapter}
        found |= new
        waiting += new
    return sorted(found)


def _imports(file: Path, folder: Path) -> Iterator[Path]:
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        for base, name in _modules(node, file, folder):
            yield from _files(base, name.split("."))


def _modules(node: ast.AST, file: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the modules that a statement may import: the folder to begin in, and a dotted name."""
    if isinstance(node, ast.Import):
        yield from ((folder, alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        base = file.parents[node.level - 1] if node.level else folder
        if base.is_relative_to(folder):
            names = [alias.name for alias in node.names]  # each may be a module or a value
            yield from ((base, ".".join(filter(None, (node.module, name)))) for name in names)


def _files(base: Path, names: list[str]) -> Iterator[Path]:
    """Yield the files that make up a module, as far as they lie there."""
    for depth in range(len(names)):
        path = base.joinpath(*names[: depth + 1])
        inside = path / "__init__.py"
        yield from (one for one in (path.with_name(f"{path.name}.py"), inside) if one.is_file())

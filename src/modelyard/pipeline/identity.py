"""Which training or search is which: the team's files that a stage depends on, and `results`.

A resumed training or search hashes what `dvc.yaml` lists for its stage, so that both agree on what
makes old results worthless.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard.config.project import find_project, source_folder
from modelyard.config.schema import Config
from modelyard.config.skeleton import results
from modelyard.documents import fingerprint
from modelyard.files import read_json, read_yaml, sha256

SOURCE = "src"
VARIABLE = re.compile(r"\$\{([\w.]+)\}")


def depends_on(config: Config, stage: str) -> dict[str, Any]:
    """Return what a stage of a model depends on besides data, configuration and hyperparameters.

    `code` is the SHA-256 of each of the team's files that `dvc.yaml` lists, by its path.
    """
    return {"code": _listed(config, stage), "results": results()}


def code_hash() -> str:
    """Hash every module of the project's package, and `results`."""
    return fingerprint({"code": code_files(), "results": results()})


def code_files() -> dict[str, str]:
    """Return the SHA-256 of every module of the project's package, by its path in a checkout."""
    folder = source_folder()
    files = sorted(folder.rglob("*.py"))
    return {f"{SOURCE}/{file.relative_to(folder).as_posix()}": sha256(file) for file in files}


def package_json() -> dict[str, Any]:
    """Return what an installed package says of itself; a checkout has nothing to say."""
    path = source_folder() / "package.json"
    found: dict[str, Any] = read_json(path) if path.is_file() else {}
    return found


def dependencies(config: Config, stage: str) -> list[str] | None:
    """Return the paths that models/<model>/dvc.yaml lists for a stage; None: it has no such stage.

    Raises:
        UserError: there is no models/<model>/dvc.yaml, or it is not valid YAML.
    """
    stages = read_yaml(config.file.with_name("dvc.yaml")).get("stages") or {}
    if stage not in stages:
        return None
    values = config.record()
    return [
        VARIABLE.sub(lambda match: _value(values, match[1]), _path(dependency))
        for dependency in (stages[stage] or {}).get("deps") or []
    ]


def _listed(config: Config, stage: str) -> dict[str, str]:
    """Hash the files that models/<model>/dvc.yaml lists; where there is none, the whole package."""
    if not config.file.with_name("dvc.yaml").is_file():
        own = sorted(config.adapter.parent.rglob("*.py")) if config.adapter else []
        return code_files() | {str(file): sha256(file) for file in own}
    found: dict[str, str] = {}
    for path in dependencies(config, stage) or []:
        if not _hashed_elsewhere(config, Path(path)):
            found |= dict(_hashes(path))
    return found


def _path(dependency: str | Mapping[str, Any]) -> str:
    """Return the path of a dependency; DVC also takes one with options of its own."""
    return dependency if isinstance(dependency, str) else next(iter(dependency))


def _value(values: Any, dotted: str) -> str:
    for key in dotted.split("."):
        values = values.get(key, "") if isinstance(values, Mapping) else ""
    return str(values)


def _hashed_elsewhere(config: Config, path: Path) -> bool:
    """Say whether a path is the data or the hyperparameters, which are compared by themselves."""
    return path in (
        config.input_paths.data,
        config.output_paths.model.root / "hyperparameters.yaml",
    )


def _hashes(path: str) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of a file, or of every file in a folder."""
    here = _here(path)
    if here.is_file():
        yield path, sha256(here)
    for file in sorted(here.rglob("*")) if here.is_dir() else []:
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"{path}/{file.relative_to(here).as_posix()}", sha256(file)


def _here(path: str) -> Path:
    """Return where a file of the project lies; an installed package is not called src."""
    project = find_project()
    if project and project.package != SOURCE and path.startswith(f"{SOURCE}/"):
        return project.folder / path.removeprefix(f"{SOURCE}/")
    return Path(path)

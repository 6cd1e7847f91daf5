"""What dvc.yaml and .dvc files say that DVC keeps, read in milliseconds: without DVC itself."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.errors import UserError
from modelyard.files import read_yaml

PIPELINE = "dvc.yaml"
UNKNOWN = "\0"  # stands for a ${...} that only DVC can resolve, such as ${item}
VARIABLE = re.compile(r"\$\{([^}]*)\}")
OUTS = ("outs", "metrics", "plots")


class Stage(NamedTuple):
    """A stage of a dvc.yaml, or a .dvc file; paths are POSIX, relative to the project's root."""

    name: str
    outs: list[str]
    deps: list[str]


def files() -> Iterator[Path]:
    """Yield every dvc.yaml and .dvc file of the project; those that pipelines have come first."""
    first = [Path(PIPELINE), *sorted(Path("models").glob(f"*/{PIPELINE}"))]
    yield from filter(Path.is_file, first)
    for folder, inner, names in os.walk("."):
        if folder != "." and {".git", ".dvc"} & {*inner, *names}:
            inner[:] = []  # another project
            continue
        # A folder with a .dvc file of its own is tracked as a whole, with nothing to find in it.
        inner[:] = sorted(name for name in inner if name[0] != "." and f"{name}.dvc" not in names)
        for name in sorted(names):
            path = Path(folder, name)
            if (name == PIPELINE or path.suffix == ".dvc") and path not in first:
                yield path


def stages(file: Path) -> list[Stage]:
    """Return the stages of a file; of one that cannot be read, one that may write anything."""
    try:
        document = read_yaml(file)
        if file.suffix == ".dvc":
            return [_stage(file, {}, str(file), document)._replace(deps=[])]  # not of this project
        values = _variables(file, document)
        return [
            _stage(file, values, name, (stage or {}).get("do", stage) or {})
            for name, stage in (document.get("stages") or {}).items()
        ]
    except (UserError, AttributeError, TypeError, ValueError):
        return [Stage(str(file), [UNKNOWN], [])]


def holds(folder: str, path: str) -> bool:
    """Say whether a folder or file, perhaps with unknown parts, is a path or holds it."""
    return folder in (path, ".") or bool(_pattern(folder).fullmatch(path))


@cache
def _pattern(folder: str) -> re.Pattern[str]:
    known = ".*".join(map(re.escape, folder.split(UNKNOWN)))
    return re.compile(f"{known}(/.*)?", re.DOTALL)


def _stage(file: Path, values: Mapping[str, Any], name: str, body: Mapping[str, Any]) -> Stage:
    folder = posixpath.join(file.parent.as_posix(), _resolved(body.get("wdir") or ".", values))

    def paths(*keys: str) -> list[str]:
        found = [_resolved(path, values) for key in keys for path in _paths(body.get(key) or [])]
        return [posixpath.normpath(posixpath.join(folder, path)) for path in found if path]

    return Stage(name, paths(*OUTS), [path for path in paths("deps") if ":/" not in path])


def _paths(entries: Iterable[str | Mapping[str, Any]]) -> Iterator[str]:
    """Yield the paths of `outs` or `deps`: PATH, {PATH: options}, or {path: PATH} of .dvc files."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            yield str(entry["path"]) if isinstance(entry.get("path"), str) else next(iter(entry))


def _resolved(text: str, values: Mapping[str, Any]) -> str:
    return VARIABLE.sub(lambda match: _value(match[1], values), text)


def _value(dotted: str, values: Any) -> str:
    for key in dotted.strip().split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return UNKNOWN if values is None or isinstance(values, Mapping | list) else str(values)


def _variables(file: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `vars` names: sections of files beside it, or values that stand there."""
    found: dict[str, Any] = {}
    for entry in ["params.yaml", *(document.get("vars") or [])]:
        if isinstance(entry, Mapping):
            found |= entry
            continue
        name, _, keys = entry.partition(":")
        with suppress(UserError):  # not there, or not YAML: then its values are unknown
            values = read_yaml(file.parent / name)
            found |= {key: values.get(key) for key in keys.split(",")} if keys else values
    return found

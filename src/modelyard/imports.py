"""Say what is wrong when a module of the project, or one that it needs, cannot be imported."""

import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

from .errors import did_you_mean

ENGINE = Path(__file__).parent
LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib"))
REQUIREMENTS = Path("requirements.txt")


def explain_import(error: ImportError | SyntaxError) -> str:
    """Return one sentence with the file, the line and the remedy."""
    if isinstance(error, SyntaxError):
        return f"{_shown(error.filename)}, line {error.lineno}: {error.msg}; correct it."
    place = _importer(error)
    where = f"{_shown(place[0])}, line {place[1]}: " if place else ""
    if not isinstance(error, ModuleNotFoundError):
        return where + _missing_name(error)
    name = error.name or ""
    return where + (_missing_module(name) if place else _not_installed(name.partition(".")[0]))


def _missing_name(error: ImportError) -> str:
    """Explain an import that found the module, but not what it should take from there."""
    said = str(error).split(" (")[0]
    taken = re.match(
        r"cannot import name '(\w+)' from (partially initialized module )?'(.+)'", said
    )
    if taken is None:
        return f"{said.rstrip('.')}."
    name, circular, module = taken.groups()
    if circular:
        return (
            f"{module} has no {name!r} yet, because modules import each other; import it inside "
            "the function that uses it."
        )
    hint = did_you_mean(name, vars(sys.modules[module])) if module in sys.modules else ""
    own = f", or define it in {_shown(error.path)}" if _own(module) else ""
    return f"there is no {name!r} in {module}{hint}; correct the name{own}."


def _missing_module(name: str) -> str:
    """Explain an import in the project's own code."""
    top, path = name.partition(".")[0], name.replace(".", "/")
    if _own(name):
        hint = did_you_mean(name, _modules(top))
        return f"there is no module {name}{hint}; write {path}.py, or correct the name."
    if name != top and find_spec(top):
        return f"{top} has no module {name}; correct the name."
    installed = {one: by for one, by in packages_distributions().items() if one[0] != "_"}
    brought = [module for module, packages in installed.items() if _named(top, packages)]
    if brought:  # as of `import PyYAML`
        return f"there is no module {top!r}; the package {top} is imported as {brought[0]}."
    if _required(top):
        return _not_installed(top)
    hint = did_you_mean(name, {*installed, *sys.stdlib_module_names})
    return (
        f"there is no module {name!r}{hint}; correct the name, or add its package to "
        f"{REQUIREMENTS} and run `sh setup.sh`."
    )


def _not_installed(name: str) -> str:
    return (
        f"the package {name!r} is not installed in this environment ({sys.prefix}); run "
        "`sh setup.sh`, then use .venv."
    )


def _importer(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of the project's own import, None if it is the engine that imports."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if frame.filename.startswith("<"):
            continue
        if file.is_relative_to(ENGINE):
            return None
        if not any(file.is_relative_to(folder) for folder in LIBRARIES) and frame.lineno:
            return frame.filename, frame.lineno
    return None


def _required(module: str) -> bool:
    """Say whether requirements.txt names a package called like the module."""
    text = REQUIREMENTS.read_text("utf-8") if REQUIREMENTS.is_file() else ""
    return _named(module, re.findall(r"^[A-Za-z0-9._-]+", text, re.MULTILINE))


def _named(name: str, packages: list[str]) -> bool:
    """Say whether one of the packages has a name, in whatever spelling."""
    return _spelt(name) in map(_spelt, packages)


def _spelt(name: str) -> str:
    return re.sub(r"[._-]+", "-", name).lower()


def _own(module: str) -> bool:
    """Say whether a module belongs to a package that lies in the working directory."""
    return any(_modules(module.partition(".")[0]))


def _modules(folder: str) -> Iterator[str]:
    """Yield the modules below a folder by their names."""
    for file in Path(folder).rglob("*.py"):
        yield ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def _shown(file: str | None) -> str:
    """Return a path relative to the working directory, where it lies below."""
    path = Path(file or "?")
    inside = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)

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
# What stands between an import and its module where adapters are concerned.
HOOKS = tuple(ENGINE / "adapter" / name for name in ("beside.py", "source_name.py"))


def explain_import(error: ImportError | SyntaxError) -> str:
    """Return one sentence with the file, the line and the remedy."""
    if isinstance(error, SyntaxError):
        return f"{_shown(error.filename)}, line {error.lineno}: {error.msg}; correct it."
    place, name = project_place(error), error.name or ""
    if place is None:
        known = isinstance(error, ModuleNotFoundError)
        return _not_installed(name.partition(".")[0]) if known else _missing_name(error)
    importer = Path(place[0])
    folder, where = _adapter_folder(importer), f"{_shown(place[0])}, line {place[1]}: "
    if not isinstance(error, ModuleNotFoundError):
        return where + _missing_name(error, importer, folder)
    return where + (_missing_beside(name, folder) if folder else _missing_module(name))


def _missing_name(
    error: ImportError, importer: Path | None = None, folder: Path | None = None
) -> str:
    """Explain an import that found the module, but not what it should take from there."""
    said = str(error).split(" (")[0]
    taken = re.match(
        r"cannot import name '(\w+)' from (partially initialized module )?'(.+)'", said
    )
    if taken is None:
        return f"{said.rstrip('.')}."
    name, circular, module = taken.groups()
    called = _called(module, folder) if folder else module
    if folder and importer == folder / "adapter.py" and called == "adapter":
        return _missing_beside(f"{module}.{name}", folder)  # `from . import losses`
    if circular:
        return (
            f"{called} has no {name!r} yet, because modules import each other; import it inside "
            "the function that uses it."
        )
    hint = did_you_mean(name, vars(sys.modules[module])) if module in sys.modules else ""
    own = f", or define it in {_shown(error.path)}" if called != module or _own(module) else ""
    return f"there is no {name!r} in {called}{hint}; correct the name{own}."


def _missing_beside(name: str, folder: Path) -> str:
    """Explain an import by an adapter.py or by a module beside it."""
    called = _called(name, folder)
    top = called.partition(".")[0]
    if called != top and (folder / f"{top}.py").is_file():
        return f"{top} has no module {called}; correct the name."
    hint, package = did_you_mean(called, _names_in(folder)), ""
    if called == name:  # written without a dot: a package may be meant
        if said := _known_elsewhere(name):
            return said
        hint = hint or did_you_mean(name, _importable())
        package = f"; a package belongs into {REQUIREMENTS}"
    file = _shown(str(folder / f"{called.replace('.', '/')}.py"))
    return f"there is no module {called}{hint}; write {file}, or correct the name{package}."


def _missing_module(name: str) -> str:
    """Explain an import in the project's own code."""
    return _known_elsewhere(name) or (
        f"there is no module {name.partition('.')[0]!r}{did_you_mean(name, _importable())}; "
        f"correct the name, or add its package to {REQUIREMENTS} and run `sh setup.sh`."
    )


def _known_elsewhere(name: str) -> str:
    """Explain a name of the project's, or of a package that is installed or required; else ""."""
    top, path = name.partition(".")[0], name.replace(".", "/")
    if _own(name):
        hint = did_you_mean(name, _modules(top))
        return f"there is no module {name}{hint}; write {path}.py, or correct the name."
    if name != top and find_spec(top):
        return f"{top} has no module {name}; correct the name."
    brought = [module for module, by in _installed().items() if _named(top, by)]
    if brought:  # as of `import PyYAML`
        return f"there is no module {top!r}; the package {top} is imported as {brought[0]}."
    return _not_installed(top) if _required(top) else ""


def _installed() -> dict[str, list[str]]:
    """Return the packages that brought each module which can be imported by name."""
    return {one: list(by) for one, by in packages_distributions().items() if one[0] != "_"}


def _importable() -> set[str]:
    return {*_installed(), *sys.stdlib_module_names}


def _not_installed(name: str) -> str:
    return (
        f"the package {name!r} is not installed in this environment ({sys.prefix}); run "
        "`sh setup.sh`, then use .venv."
    )


def project_place(error: BaseException) -> tuple[str, int] | None:
    """Return file and line of the project's own code that failed, None if it is the engine's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if frame.filename.startswith("<") or file in HOOKS:
            continue
        if file.is_relative_to(ENGINE):
            return None
        if not any(file.is_relative_to(folder) for folder in LIBRARIES) and frame.lineno:
            return frame.filename, frame.lineno
    return None


def _adapter_folder(file: Path) -> Path | None:
    """Return the folder of the model whose adapter.py, or module beside it, a file is."""
    here = (one for one in file.parents if (one / "adapter.py").is_file())
    return next((one for one in here if (one / "config.yaml").is_file()), None)


def _called(module: str, folder: Path) -> str:
    """Return a module's name as the files in an adapter's folder may write it."""
    package = f"src.{folder.name}_adapter"  # its name in adapter/loading.py
    return "adapter" if module == package else module.removeprefix(f"{package}.")


def _names_in(folder: Path) -> Iterator[str]:
    """Yield the modules in a folder by their names there."""
    for file in folder.rglob("*.py"):
        yield ".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")


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

"""Does the environment hold what the project asks for, and the engine that it brings?"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard import SKELETON
from modelyard.pipeline.environment import broken

from .environment import (
    FOLDER,
    LOCK,
    PYPROJECT,
    STAMP,
    Environment,
    find_environment,
    is_set_up_elsewhere,
    read_stamp,
    read_toml,
    required,
)
from .finding import DamageError, Finding, error, few, left, ok, warning
from .programs import ask
from .requirement import fits, normalized
from .situation import Situation

VENDOR = Path("vendor")
# As setup.sh asks it.
INPUTS = "cksum requirements.txt pyproject.toml .python-version vendor/* uv.lock 2>/dev/null"


def environment(_: Situation) -> Iterator[Finding]:
    """Look whether the environment is there, whole, and of this folder."""
    found = find_environment()
    if found is None:
        yield error("environment", f"{FOLDER} does not exist", "sh setup.sh")
        return
    if found.folder != FOLDER:
        yield ok("environment", f"{found.folder}, as there is no {FOLDER}")
        return
    if problem := _problem(found):
        yield error("environment", *problem)
    elif changed := _changed():
        since = f"{few(changed)} changed since {FOLDER} was made"
        yield warning("environment", since, "sh setup.sh")
    else:
        yield ok("environment", f"{FOLDER}, {len(found.versions)} packages")


def _problem(found: Environment) -> tuple[str, str] | None:
    """Return what is wrong with .venv, and what mends it."""
    stamp = read_stamp()
    if stamp and stamp.unfinished:
        return f"the set-up of {FOLDER} did not finish", "sh setup.sh"
    if stamp and stamp.folder != str(Path.cwd()) and not FOLDER.is_symlink():
        return f"{FOLDER} was made in {stamp.folder}, whose programs it runs", "sh setup.sh"
    if not found.python.is_file():
        return f"{found.python} does not exist; the Python that it was made with is gone", _anew()
    answer = ask(str(found.python), "-c", "")
    if answer.code:
        return f"{found.python} does not start: {answer.last}", _anew()
    if names := list(broken(FOLDER)):
        return f"files are missing of {few(names)}", _again()
    return None


def _changed() -> list[str]:
    """Return the files that are other ones than those that .venv was made of."""
    stamp = read_stamp()
    if stamp is None:
        return []
    there = set(ask("sh", "-c", INPUTS).out.splitlines())
    lines = there ^ set(stamp.inputs)
    return sorted({line.split(maxsplit=2)[-1] for line in lines if line})


def packages(situation: Situation) -> Iterator[Finding]:
    """Compare what is installed with requirements.txt, the engine's needs and uv.lock."""
    found = situation.environment
    if found is None or found.site is None:
        yield left("packages", f"not looked at, as {FOLDER} is not ready")
        return
    try:
        unfit = [*_unfit(found), *_unlike_lock(found)]
    except DamageError as damage:
        if damage.path != PYPROJECT:  # of which the engine's line speaks
            raise
        yield left("packages", f"not looked at, as {damage.path} is damaged")
        return
    if unfit:
        yield error("packages", few(list(dict.fromkeys(unfit))), _again())
    else:
        by = f" and {LOCK}" if LOCK.is_file() else ""
        yield ok("packages", f"as requirements.txt, {PYPROJECT}{by} have them")


def _unfit(found: Environment) -> Iterator[str]:
    """Yield each package that is asked for and missing, or there in another version."""
    asked = list(required())
    extras = {extra for _, one in asked if one.name == "modelyard" for extra in one.extras}
    asked += [("modelyard", one) for one in found.engine_requires() if one.extra in {"", *extras}]
    for place, one in asked:
        version = found.versions.get(one.name)
        if version is None:
            yield f"{one.name} is not installed ({place})"
        elif not fits(version, one.versions):
            yield f"{one.name} is {version}, but {place} asks for {one.versions}"


def _unlike_lock(found: Environment) -> Iterator[str]:
    """Yield each package that is installed in another version than uv.lock has."""
    if not LOCK.is_file() or is_set_up_elsewhere():
        return
    locked: dict[str, set[str]] = {}
    for package in read_toml(LOCK).get("package", []):
        if version := package.get("version"):  # the project itself may have none
            locked.setdefault(normalized(package["name"]), set()).add(version)
    for name, version in sorted(found.versions.items()):
        if name in locked and version not in locked[name]:
            yield f"{name} is {version}, but {LOCK} has {few(sorted(locked[name]))}"


def engine(situation: Situation) -> Iterator[Finding]:
    """Compare the skeleton, the wheel in vendor/ and the engine that is installed."""
    document = read_toml(PYPROJECT)
    tool = document.get("tool", {})
    skeleton = tool.get("modelyard", {}).get("skeleton", SKELETON)
    wheels = sorted(path.name for path in VENDOR.glob("modelyard-*.whl"))
    there = situation.environment
    version = there.versions.get("modelyard", "") if there else ""
    source = _source(tool)
    if skeleton != SKELETON:
        found = f"tool.modelyard.skeleton is {skeleton!r}, but the engine works with {SKELETON}"
        yield error("engine", found, "uvx cruft update")
    elif source.startswith(f"{VENDOR}/") and not Path(source).is_file():
        found = f"{PYPROJECT} names {source}, which does not exist"
        yield error("engine", found, f"git checkout -- {VENDOR}")
    elif len(wheels) > 1:
        others = [f"{VENDOR}/{name}" for name in wheels if f"{VENDOR}/{name}" != source]
        found = (
            f"{VENDOR}/ holds {len(wheels)} wheels of modelyard; the workflows take the only one"
        )
        yield error("engine", found, f"git rm --force {shlex.join(others)}")
    elif wheels and version and version != (wanted := wheels[0].split("-")[1]):
        found = f"{version} is installed, but {VENDOR}/ has {wanted}"
        yield error("engine", found, _again())
    elif there is None:
        yield ok("engine", f"skeleton {skeleton}, {source or 'from an index'}; not installed yet")
    elif not version:
        yield error("engine", "modelyard is not installed in the environment", "sh setup.sh")
    else:
        yield ok("engine", f"modelyard {version}, skeleton {skeleton}")


def _source(tool: dict[str, Any]) -> str:
    """Return the wheel that pyproject.toml names; empty where an index has the engine."""
    named = tool.get("uv", {}).get("sources", {}).get("modelyard", {})
    return str(named.get("path", "")) if isinstance(named, dict) else ""


def _again() -> str:
    """Return the command that sets up once more, which setup.sh else sees no reason for."""
    return f"rm -f {STAMP} && {_set_up()}"


def _anew() -> str:
    return f"rm -rf {FOLDER} && {_set_up()}"


def _set_up() -> str:
    """Return the command that sets up with the options of the last time."""
    stamp = read_stamp()
    return f"sh setup.sh {stamp.options if stamp else ''}".strip()


CHECKS = (environment, packages, engine)

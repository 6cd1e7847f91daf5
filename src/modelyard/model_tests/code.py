"""Whose code a test runs: this checkout's, or what was published to an environment."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.errors import UserError
from modelyard.publishing.environment_file import HERE
from modelyard.publishing.environments import find, load_environments

from .definition import WORK
from .logs import LOG
from .processes import LAST_WORDS, run_guarded

INSTALLED = WORK / "environments"


@dataclass(frozen=True)
class Code:
    """An interpreter and the package that it imports.

    Attributes:
        folder: where that package must come from.
        variables: the environment of its processes.
    """

    python: Path
    package: str
    folder: Path
    variables: dict[str, str]


def code_of(env: str) -> Code:
    """Return the code of an environment; what was published is fetched and installed anew.

    Raises:
        UserError: this version is not published there, or cannot be installed.
    """
    return _checkout() if env == HERE else _published(env)


def remove_installed() -> None:
    """Remove the environments that packages were installed into: gigabytes each."""
    shutil.rmtree(INSTALLED, ignore_errors=True)


def _checkout() -> Code:
    root = Path.cwd()
    variables = _variables() | {"PYTHONPATH": str(root)}
    return Code(Path(sys.executable), "src", root / "src", variables)


def _published(env: str) -> Code:
    """Install the package of this version and nothing else; none of the checkout is on its path.

    The engine comes from the same environment, in the version that lies in vendor/; where there is
    none, the installer finds one in the index that it is set up for.
    """
    from modelyard.publishing.packages import store_for
    from modelyard.publishing.packages.project import read_project
    from modelyard.publishing.packages.wheel import engine_wheel

    project, engine = read_project(), engine_wheel()
    [environment] = find(load_environments(), [env])
    target = INSTALLED.resolve() / env
    wanted = [(one.name, one.version) for one in (project, engine) if one]
    with TemporaryDirectory() as folder:
        store = store_for(environment)
        wheels = [store.fetch(name, version, Path(folder)) for name, version in wanted]
        names = ", ".join(wheel.name for wheel in wheels)
        LOG.info("%s: installing %s …", env, names)
        _install(wheels, target)
    hidden = {"GIT_CEILING_DIRECTORIES": str(WORK.resolve())}  # its commit is its own
    python = target / "bin/python"
    return Code(python, project.import_name, target, _variables() | hidden)


def _install(wheels: Sequence[Path], target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    python = target / "bin/python"
    uv = shutil.which("uv") or (".uv/bin/uv" if Path(".uv/bin/uv").is_file() else None)
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(target)]
        install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    else:
        make = [sys.executable, "-m", "venv", str(target)]
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(wheels[0], *make)
    _run(wheels[0], *install, *map(str, wheels))


def _run(wheel: Path, *command: str) -> None:
    status, said = run_guarded(command, _variables(), WORK / "installation.txt")
    if status:
        last = "\n".join(said[-LAST_WORDS:])
        raise UserError(f"{wheel.name} cannot be installed into a new environment:\n{last}")


def _variables() -> dict[str, str]:
    """Return this process's variables without those that lead to other code."""
    other = {"PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in other}
    # Tests side by side share a GPU: none may take all of its memory at once.
    return kept | {"PYTHONUNBUFFERED": "1", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}

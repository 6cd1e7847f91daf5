"""Whose code a test runs: this checkout's, or what was published to an environment."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ci.environment_file import HERE
from ci.environments import find, load_environments
from src.utils.utils import UserError

from .definition import FOLDER
from .processes import LAST_WORDS, run_guarded

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = FOLDER / "environments"


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
    variables = _variables() | {"PYTHONPATH": str(CHECKOUT)}
    return Code(Path(sys.executable), "src", CHECKOUT / "src", variables)


def _published(env: str) -> Code:
    """Install the package of this version and nothing else; none of the checkout is on its path."""
    from ci.packages import store_for
    from ci.packages.project import read_project

    project = read_project()
    [environment] = find(load_environments(), [env])
    target = INSTALLED.resolve() / env
    with TemporaryDirectory() as folder:
        wheel = store_for(environment).fetch(project.name, project.version, Path(folder))
        print(f"{env}: installing {wheel.name} …", flush=True)
        _install(wheel, target)
    hidden = {"GIT_CEILING_DIRECTORIES": str(FOLDER.resolve())}  # its commit is its own
    python = target / "bin/python"
    return Code(python, project.import_name, target, _variables() | hidden)


def _install(wheel: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    python = target / "bin/python"
    uv = shutil.which("uv") or (".uv/bin/uv" if Path(".uv/bin/uv").is_file() else None)
    if uv:
        _run(wheel, uv, "venv", "--quiet", "--python", sys.executable, str(target))
        _run(wheel, uv, "pip", "install", "--quiet", "--python", str(python), str(wheel))
    else:
        _run(wheel, sys.executable, "-m", "venv", str(target))
        pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(wheel, *pip, str(wheel))


def _run(wheel: Path, *command: str) -> None:
    status, said = run_guarded(command, _variables(), FOLDER / "installation.txt")
    if status:
        last = "\n".join(said[-LAST_WORDS:])
        raise UserError(f"{wheel.name} cannot be installed into a new environment:\n{last}")


def _variables() -> dict[str, str]:
    """Return this process's variables without those that lead to other code."""
    other = {"PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in other}
    # Tests side by side share a GPU: none may take all of its memory at once.
    return kept | {"PYTHONUNBUFFERED": "1", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}

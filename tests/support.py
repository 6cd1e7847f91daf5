"""What several tests share: baking, and running commands in a bake."""

import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import wheel
from cookiecutter.main import cookiecutter
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"

EXPECTED = (ROOT / "tests/expected_files.txt").read_text(encoding="utf-8").splitlines()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
DONE = ".done"

Bake = Callable[..., Path]


def copy_files(folder: Path, *parts: str) -> Path:
    """Copy parts of this repository as a clone has them: without caches that tools left there."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", *parts],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():  # or deleted since the last commit
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def copy_template(folder: Path) -> Path:
    """Copy the template, with a wheel of today's sources: the committed one may be older."""
    copy_files(folder, "cookiecutter.json", "hooks", "templates", TEMPLATE.name)
    wheel.place(folder / TEMPLATE.name)
    return folder


@cache
def clean_template() -> Path:
    """Return this session's copy of the template."""
    return copy_template(Path(tempfile.mkdtemp()))


def bake(folder: Path, **answers: str) -> Path:
    """Render the template into a folder with the default answers but for those given."""
    output, template = str(folder), clean_template()
    return Path(
        cookiecutter(str(template), no_input=True, extra_context=answers, output_dir=output)
    )


def shared(base: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker of the tests to ask for it makes, and all use."""
    folder = base / name
    base.mkdir(parents=True, exist_ok=True)
    with FileLock(base / f"{name}.lock"):
        if not (folder / DONE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            make(folder)
            (folder / DONE).touch()
    return folder


def expected_files(task: str, model: str) -> set[str]:
    """Return what a bake must hold; a line of the list may end in the tasks that need the file."""
    named = [line.replace("MODEL", model).replace("VERSION", VERSION) for line in EXPECTED]
    parted = [line.partition("  ") for line in named]
    return {name for name, _, tasks in parted if not tasks or task in tasks}


def files(folder: Path) -> Iterator[Path]:
    """Yield every file in a folder, sorted, without what Git and Python keep there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not {".git", "__pycache__"} & set(parts):
            yield path


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file in a folder that is text, with its text: all but the engine's wheel."""
    for path in files(folder):
        if path.suffix != ".whl":
            yield path, path.read_text(encoding="utf-8")


def isolated(scratch: Path) -> dict[str, str]:
    """Return variables that keep the developer's settings, of Git for example, and caches out."""
    git, answers = scratch / "gitconfig", scratch / "cookiecutterrc"
    git.write_text("[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n")
    folders = {name: (scratch / name).as_posix() for name in ("replay_dir", "cookiecutters_dir")}
    answers.write_text("".join(f'{name}: "{path}"\n' for name, path in folders.items()))
    return {
        "COOKIECUTTER_CONFIG": str(answers),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(scratch / "dvc-site-cache"),
        "GIT_CONFIG_GLOBAL": str(git),
        "MODELYARD_CACHE": str(scratch / "modelyard"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TMPDIR": str(scratch),
    }


def run(folder: Path, *command: str, check: bool = True, **variables: str) -> str:
    """Run a command in a folder; return what it printed, errors included."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if check:
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
    return done.stdout


@dataclass(frozen=True)
class ProjectEnvironment:
    """One virtual environment that every bake's commands can run in."""

    folder: Path
    variables: dict[str, str]

    def run(self, project: Path, *command: str, check: bool = True, **variables: str) -> str:
        """Run a command in a bake with this environment's programs first on PATH."""
        return run(project, *command, check=check, **self.variables, **variables)

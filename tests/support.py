"""What several tests share: baking, and running commands in a bake."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
IDENTITY = "[user]\nname = Test\nemail = test@example.com\n[init]\ndefaultBranch = main\n"

Bake = Callable[..., Path]


def bake(folder: Path, template: Path = ROOT, **answers: str) -> Path:
    """Render the template into a folder, whatever the developer's own cookiecutter settings."""
    config = folder / ".cookiecutterrc"
    folders = {name: folder / f".{name}" for name in ("replay_dir", "cookiecutters_dir")}
    config.write_text("".join(f'{name}: "{path.as_posix()}"\n' for name, path in folders.items()))
    project = cookiecutter(
        str(template),
        no_input=True,
        extra_context=answers,
        output_dir=str(folder),
        config_file=str(config),
    )
    return Path(project)


def files(folder: Path) -> Iterator[Path]:
    """Yield every file in a folder, sorted, without what Git and Python keep there."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not {".git", "__pycache__"} & set(parts):
            yield path


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

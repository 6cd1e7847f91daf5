"""Carry an adoption out: DVC tracks the folder, the example goes, files are written."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.config.data_section import SharedData
from modelyard.errors import UserError
from modelyard.files import read_yaml, whole_file, whole_folder
from modelyard.git import git
from modelyard.pipeline.artifacts import PIPELINE
from modelyard.yaml_text import YamlText

from .kinds import Source

EXAMPLE = "example_data"
EXAMPLE_CODE = Path("src/data/digits.py")
README = Path("README.md")
# By file: what it says of the example.
SAID = {
    PIPELINE: re.compile(r"^ *# Example data\. With data of your own, drop it.*\n", re.MULTILINE),
    README: re.compile(
        r"^\| `example_data` \|.*\n|^The default model reaches [^`]*(?=`run\.sh`)", re.MULTILINE
    ),
}


@dataclass(frozen=True)
class Plan:
    """What an adoption changes.

    Attributes:
        source: what was named, and where it will lie.
        old: the section `data` before.
        texts: new texts of files.
    """

    source: Source
    old: SharedData
    texts: Mapping[Path, str]

    @property
    def root(self) -> Path:
        """Where the data will lie in the project."""
        return self.source.root

    def lines(self) -> list[str]:
        """Say what will be done, a line each."""
        found = [f"copy {self.source.named} to {self.root}"] if self.source.copied else []
        if tracked_by_git(self.root):
            found.append(f"leave {self.root} in Git, which tracks it")
        else:
            found.append(f"track {self.root} with DVC (dvc add)")
        if has_example():
            found.append(
                f"remove the example: the stage {EXAMPLE}, {self.old.root}, {self.old.processed}"
                + (f", {EXAMPLE_CODE}" if EXAMPLE_CODE.is_file() else "")
            )
        return [*found, f"write {', '.join(map(str, self.texts))}"]


def has_example() -> bool:
    """Whether the example is still a stage."""
    return PIPELINE.is_file() and EXAMPLE in (read_yaml(PIPELINE) or {}).get("stages", {})


def tracked_by_git(folder: Path) -> bool:
    """Whether Git holds files of a folder."""
    return Path(".git").exists() and bool(git("ls-files", "--", str(folder)))


def carry_out(plan: Plan) -> None:
    """Do what a plan says; the files are written last, so that a failure changes none.

    Raises:
        UserError: the folder cannot be copied, or DVC refuses.
    """
    if plan.source.copied:
        _copy(plan.source)
    if not Path(".git").exists():
        git("init", "--quiet")
    if not tracked_by_git(plan.root):
        _dvc("add", str(plan.root))
    if has_example():
        _remove_example(plan)
    for path, text in plan.texts.items():
        _write(path, text)


def _copy(source: Source) -> None:
    named, root = source.named, source.root
    files = [named] if source.file else [one for one in named.rglob("*") if one.is_file()]
    size = sum(file.stat().st_size for file in files)
    root.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root.parent).free
    if size > free:
        raise UserError(
            f"{named} has {size:,} bytes, but only {free:,} are free where {root} would lie; make "
            "room, or move it there yourself."
        )
    with whole_folder(root) as folder:
        if source.file:
            shutil.copy2(named, folder / source.file)
        else:
            shutil.copytree(named, folder, dirs_exist_ok=True)


def _remove_example(plan: Plan) -> None:
    pipeline = YamlText(PIPELINE)
    del pipeline.document["stages"][EXAMPLE]
    _dvc("remove", EXAMPLE, "--outs")
    _write(PIPELINE, pipeline.text())  # DVC lays it out in another way
    shutil.rmtree(plan.old.processed, ignore_errors=True)
    EXAMPLE_CODE.unlink(missing_ok=True)
    for path, said in SAID.items():
        if path.is_file():
            _write(path, said.sub("", path.read_text(encoding="utf-8")))


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _dvc(*arguments: str) -> None:
    command = [sys.executable, "-m", "dvc", *arguments, "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = " ".join((" ".join(lines) or done.stderr).split())
        raise UserError(f"`dvc {' '.join(arguments)}` failed, so no file is changed: {said}")

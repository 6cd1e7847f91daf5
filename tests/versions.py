"""Other versions of the engine, and of the template: the one before is a tag, or made up."""

import io
import subprocess
import tarfile
import tomllib
from pathlib import Path

import wheel
from support import ROOT, TEMPLATE, copy_files, copy_template, run

PARTS = ("cookiecutter.json", "hooks", "templates", TEMPLATE.name)  # what baking reads
ABOUT = ("CHANGELOG.md", "LICENSE", "docs", "mkdocs.yml", "pyproject.toml")
ENGINE = (*ABOUT, "scripts", "src", "templates")  # what its wheel and its sdist are made of
MADE_UP = "0.9.0"
OLD_LINE = "# A line of the previous version.\n"
ADDED = "src/models/dense.py"  # what the version that is made up lacks


def version_of(text: str) -> str:
    """Return the version in a pyproject.toml."""
    version: str = tomllib.loads(text)["project"]["version"]
    return version


VERSION = version_of((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def engine_of(version: str, folder: Path) -> Path:
    """Copy the engine's sources into a folder, as those of another version; return the folder."""
    copy_files(folder, *ENGINE)
    _replace(folder / "pyproject.toml", f'version = "{VERSION}"', f'version = "{version}"')
    return folder


def released_before() -> str | None:
    """Return the newest tag of the engine as a package that is not of this version."""
    listed = run(ROOT, "git", "tag", "--list", "v[1-9]*", "--sort=-version:refname").split()
    others = (tag for tag in listed if version_of(_shown(tag, "pyproject.toml")) != VERSION)
    return next(others, None)


def _shown(tag: str, path: str) -> str:
    return run(ROOT, "git", "show", f"{tag}:{path}")


def write_previous(folder: Path, scratch: Path) -> str:
    """Write the template of the version before this one into a folder; return its number."""
    if tag := released_before():
        command = ["git", "archive", tag, "--", *PARTS]
        archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return version_of(_shown(tag, "pyproject.toml"))
    _make_up(copy_template(folder) / TEMPLATE.name, scratch)
    return MADE_UP


def _make_up(skeleton: Path, scratch: Path) -> None:
    """Let a skeleton of today be one of an older engine, with an old line and without a module."""
    wheel.place(skeleton, engine_of(MADE_UP, scratch))
    _replace(skeleton / "requirements.txt", ">=1.0,<2", f">={MADE_UP},<2")
    _replace(skeleton / "config.yaml", "# What all models", f"{OLD_LINE}# What all models")
    (skeleton / ADDED).unlink()


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

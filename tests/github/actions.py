"""Doubles of the actions that workflows use; the checkout clones a real bare repository."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from github.job import Action, Step


def checkout(origin: Path) -> Action:
    """Return actions/checkout of a bare repository: one commit, or with fetch-depth 0 all."""

    def action(step: Step) -> None:
        github, whole = step.github, step.inputs.get("fetch-depth") == "0"
        sha, depth = github["sha"], [] if whole else ["--depth=1"]
        _git(step, "init", "--quiet")
        _git(step, "remote", "add", "origin", f"file://{origin}")
        if whole:
            _git(step, "fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
        _git(step, "fetch", "--quiet", *depth, "origin", f"+{sha}:refs/remotes/event")
        branch = github["ref"].startswith("refs/heads/")
        where = ["-B", github["ref_name"]] if branch else ["--detach"]
        _git(step, "checkout", "--quiet", "--force", *where, sha)

    return action


def _git(step: Step, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=step.workspace, check=True)


def with_path(folder: Path) -> Action:
    """Return an action that puts programs first on PATH, such as actions/setup-python."""

    def action(step: Step) -> None:
        step.files.add_path(folder)

    return action


def with_outputs(outputs: Mapping[str, str] | None = None) -> Action:
    """Return an action that only hands on outputs."""
    return lambda _step: outputs or {}


def uploaded(target: Path) -> Action:
    """Return actions/upload-artifact into a folder.

    What does not exist is left out, and of several patterns only what is above their first * is
    left out of the names, as the real one does.
    """

    def action(step: Step) -> None:
        patterns = step.inputs["path"].split()
        hidden = step.inputs.get("include-hidden-files") == "true"
        root = step.workspace / os.path.commonpath([_fixed(pattern) for pattern in patterns])
        root = root.parent if root.is_file() else root
        found = [file for pattern in patterns for file in _files(step.workspace, pattern)]
        kept = [file for file in found if hidden or not _is_hidden(file, step.workspace)]
        if not kept:
            raise FileNotFoundError(f"no files were found with the path {patterns}")
        for file in kept:
            copy = target / step.inputs["name"] / file.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)

    return action


def _fixed(pattern: str) -> str:
    """Return the folders of a pattern that are above its first *."""
    return pattern.partition("*")[0].rpartition("/")[0] if "*" in pattern else pattern


def _files(workspace: Path, pattern: str) -> list[Path]:
    found = list(workspace.glob(pattern))
    inside = [file for one in found for file in one.rglob("*")]
    return [file for file in (*found, *inside) if file.is_file()]


def _is_hidden(file: Path, workspace: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(workspace).parts)


def downloaded(source: Path) -> Action:
    """Return actions/download-artifact from the folder of `uploaded`.

    One that is named must be there, of a pattern there may be none.
    """

    def action(step: Step) -> None:
        target = step.workspace / step.inputs.get("path", ".")
        name = step.inputs.get("name") or step.inputs["pattern"]
        if "name" in step.inputs or (source / name).is_dir():
            shutil.copytree(source / name, target, dirs_exist_ok=True)

    return action


def recorded(into: list[tuple[str, dict[str, str]]], name: str, action: Action) -> Action:
    """Return an action that also notes its inputs."""

    def recording(step: Step) -> Mapping[str, str] | None:
        into.append((name, step.inputs))
        return action(step)

    return recording

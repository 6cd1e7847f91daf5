"""What to do next with the nearest entry: a command that works, or what it still lacks."""

import re
import shlex
from pathlib import Path

from modelyard.config.architecture import architectures
from modelyard.config.loading import ROOT_CONFIG, load_project

from .entries import Entry
from .naming import name_problem


def next_step(name: str, entry: Entry, zoo: Path | None) -> str:
    """Return a sentence with the command that makes a model of an entry of a zoo."""
    words = ["modelyard", "zoo", "add", name]
    if (free := free_name(name)) != name:
        words += ["--name", free]
    if zoo is not None:
        words += ["--zoo", str(zoo)]
    command = shlex.join(words)
    missing = _missing(name, entry)
    return f"Next: {missing}, then {command}" if missing else f"Next: {command}"


def free_name(wanted: str) -> str:
    """Return a name that a new model may have: the wanted one if it can be, else one like it."""
    plain = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:40]
    first = plain if re.match(r"[a-z].", plain) else f"model_{plain}".rstrip("_")
    if name_problem(first):
        first += "_model"
    names = (first if n == 1 else f"{first}_{n}" for n in range(1, 10**6))
    return next(name for name in names if not Path("models", name).exists())


def _missing(name: str, entry: Entry) -> str | None:
    """Say what must be there before the entry can become a model of this project."""
    task = load_project().data.task
    if entry.task != task:
        return (
            f"bring data for {entry.task} (`modelyard adopt FOLDER`; data.task in {ROOT_CONFIG} "
            f"is {task})"
        )
    architecture = entry.described(name)["architecture"]
    if entry.adapter is None and architecture not in architectures():
        return (
            f"write src/models/{architecture}.py with a build_model, or name another architecture "
            "or an adapter in the entry"
        )
    return None

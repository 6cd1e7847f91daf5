"""Why a trial failed, in one line: what the error says, and where in the project it arose."""

import re
import traceback
from pathlib import Path

from modelyard.config.project import source_folder
from modelyard.errors import UserError
from modelyard.imports import ENGINE, LIBRARIES, explain_import

LONGEST = 300  # characters of what the error says
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What Keras and TensorFlow write before and around the sentence that says what is wrong.
INTRODUCTION = re.compile(
    r"Exception encountered when calling|Could not automatically infer the output shape|"
    r"Graph execution error|Detected at node|in user code:|File \""
)
OPERATION = re.compile(r"^\{\{function_node .*?\}\} | \[Op:.*$")
STAGED = re.compile(r'File "([^"]+)", line (\d+)')  # of code that runs in TensorFlow, not in Python


def reason(error: Exception) -> str:
    """Return why a trial failed: kind and text of the error, then `(file:line)` of the project."""
    name, says = type(error).__name__, _says(error)
    place = _place(error)
    if isinstance(error, ImportError | SyntaxError):
        return explain_import(error)
    if isinstance(error, UserError):
        return f"{says} ({place})" if place and _raised_in_project(error) else says
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError":
        name = "out of memory"
    what = f"{name}: {says}" if says else name
    return f"{what} ({place})" if place else what


def _says(error: Exception) -> str:
    """Return the line of an error that says what is wrong."""
    text = COLOURS.sub("", _text(error))
    if text.startswith("in user code:"):
        text = text.rpartition(f"{type(error).__name__}: ")[2]
    lines = [OPERATION.sub("", " ".join(line.split())) for line in text.splitlines()]
    useful = [line for line in lines if line and not INTRODUCTION.match(line)]
    said = useful[0] if useful else ""
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _text(error: Exception) -> str:
    """Return what an error was raised with; str() of a KeyError is the repr of it, on one line."""
    only = error.args[0] if len(error.args) == 1 else None
    sentence = isinstance(error, KeyError) and isinstance(only, str) and " " in only
    return str(only) if sentence else str(error)


def _place(error: Exception) -> str:
    """Return file and line of the innermost code of the project, an empty string without any."""
    frames = [
        (frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ] + STAGED.findall(str(error))
    own = [f"{_shown(file)}:{line}" for file, line in frames if _own(file)]
    return own[-1] if own else ""


def _raised_in_project(error: Exception) -> bool:
    return _own(traceback.extract_tb(error.__traceback__)[-1].filename)


def _own(file: str) -> bool:
    """Say whether a file is the project's, neither a library's nor the engine's."""
    path = Path(file)
    if path.is_relative_to(source_folder().resolve()):
        return True
    foreign = (ENGINE, *LIBRARIES)
    inside = path.is_relative_to(Path.cwd()) and path.suffix == ".py"
    return inside and not any(path.is_relative_to(folder) for folder in foreign)


def _shown(file: str) -> str:
    """Return a path as it is in a checkout: from the project's root."""
    path = Path(file)
    for root in (Path.cwd(), source_folder().resolve().parent):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return file

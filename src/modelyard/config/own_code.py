"""What went wrong in the team's own code: in few words, and where."""

import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from modelyard.errors import UserError
from modelyard.imports import ENGINE, LIBRARIES, explain_import

from .project import source_folder

KERAS = "keras"
TRACEBACK = Path(".checkpoints/error.txt")
LONGEST = 300  # characters of what the error says
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What Keras and TensorFlow write before and around the sentence that says what is wrong.
INTRODUCTION = re.compile(
    r"Exception encountered when calling|Could not automatically infer the output shape|"
    r"Graph execution error|Detected at node|in user code:|File \"|Arguments received by"
)
OPERATION = re.compile(r"^\{\{function_node .*?\}\} | \[Op:.*$")
STAGED = re.compile(r'File "([^"]+)", line (\d+)')  # of code that runs in TensorFlow, not in Python


@contextmanager
def explained(what: str, remedy: str, values: Mapping[str, object] | None = None) -> Iterator[None]:
    """Turn whatever the team's code raises in the block into one sentence with its place.

    Args:
        what: what failed, such as `build_model()`.
        remedy: what to do about it.
        values: hyperparameters; one whose value the error shows is named.

    Raises:
        UserError: with the place, and where the whole traceback is.
    """
    try:
        yield
    except (UserError, ImportError, SyntaxError):
        raise
    except Exception as error:
        if isinstance(error, OSError | MemoryError) and not own_place(error):
            raise  # a full disk is nobody's mistake in code
        given = _shown_in(error, values or {})
        said = f"{what} failed ({summary(error).rstrip('.')}){given}; {remedy}"
        raise UserError(placed(error, said)) from error


def _shown_in(error: Exception, values: Mapping[str, object]) -> str:
    """Return the hyperparameters that were read and whose values an error shows: `, with x = 1`."""
    read = getattr(values, "read", values)
    found = [
        f"{name} = {value!r}"
        for name, value in values.items()
        if name in read and re.search(rf"(?<![\w.-]){re.escape(str(value))}(?!\.?\w)", _text(error))
    ]
    return f", with {', '.join(found)}" if found else ""


def placed(error: Exception, said: str) -> str:
    """Return a sentence with the place in the team's code where an error arose, if it did there.

    Its whole traceback is then in `.checkpoints/error.txt`.
    """
    place = own_place(error)
    if place is None:
        return f"{said}."
    TRACEBACK.parent.mkdir(exist_ok=True)
    TRACEBACK.write_text("".join(traceback.format_exception(error)), "utf-8")
    return f"{place[0]}, line {place[1]}: {said} (the whole traceback: {TRACEBACK})."


def reason(error: Exception) -> str:
    """Return why a trial failed: kind and text of the error, then `(file:line)` of the project."""
    if isinstance(error, ImportError | SyntaxError):
        return explain_import(error)
    place = own_place(error)
    shown = f" ({place[0]}:{place[1]})" if place else ""
    if isinstance(error, UserError):
        return f"{_says(error)}{shown}" if _raised_in_project(error) else _says(error)
    return f"{summary(error)}{shown}"


def summary(error: Exception) -> str:
    """Return the kind of an error and what it says, in one line."""
    name, says = type(error).__name__, _says(error)
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError":
        name = "out of memory"
    return f"{name}: {says}" if says else name


def own_place(error: Exception) -> tuple[str, str] | None:
    """Return file and line of the innermost code of the project, None without any."""
    frames = [
        (frame.filename, str(frame.lineno)) for frame in traceback.extract_tb(error.__traceback__)
    ] + STAGED.findall(str(error))
    own = [(_shown(file), line) for file, line in frames if _own(file)]
    return own[-1] if own else None


def _says(error: Exception) -> str:
    """Return the line of an error that says what is wrong; Keras breaks sentences into lines."""
    text = COLOURS.sub("", _text(error))
    if text.startswith("in user code:"):
        text = text.rpartition(f"{type(error).__name__}: ")[2]
    parts = text.split("\n\n") if _raised_in(error, KERAS) else text.splitlines()
    lines = [OPERATION.sub("", " ".join(part.split())) for part in parts]
    useful = [line for line in lines if line and not INTRODUCTION.match(line)]
    said = useful[0] if useful else ""
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


def _text(error: Exception) -> str:
    """Return what an error was raised with; str() of a KeyError is the repr of it, on one line."""
    only = error.args[0] if len(error.args) == 1 else None
    sentence = isinstance(error, KeyError) and isinstance(only, str) and " " in only
    return str(only) if sentence else str(error)


def _raised_in_project(error: Exception) -> bool:
    return _own(traceback.extract_tb(error.__traceback__)[-1].filename)


def _raised_in(error: Exception, folder: str) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and folder in Path(frames[-1].filename).parts


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

"""What every section of a configuration file obeys."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Section(BaseModel):
    """A mapping with known keys only, values of exactly the declared types, never changed.

    Numbers are finite: nothing can be counted to infinity, or compared with NaN.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


LONGEST_NAME = 255  # bytes of a file's name on most file systems


def unusable(path: str) -> str | None:
    """Say why no file system takes a path, or None."""
    if not path.isprintable():
        return "has characters that cannot be seen; write the path anew"
    longest = max(len(part.encode()) for part in path.split("/"))
    if longest > LONGEST_NAME or len(path) > LONGEST_NAME * 8:
        return f"is too long; a name may have {LONGEST_NAME} bytes"
    return None


def _inside_project(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a path such as data/raw, relative to the project's root")
    if problem := unusable(value):
        raise ValueError(problem)
    path = Path(value)
    if path.resolve() == Path.cwd():
        raise ValueError("is the whole project; write a path relative to the project's root")
    if path.is_absolute() or not path.resolve().is_relative_to(Path.cwd()):
        raise ValueError("lies outside the project; write a path relative to the project's root")
    return path


ProjectPath = Annotated[Path, BeforeValidator(_inside_project)]
"""A path below the working directory, which is always the project's root."""

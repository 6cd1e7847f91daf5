"""What every section of a configuration file obeys."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Section(BaseModel):
    """A mapping with known keys only, values of exactly the declared types, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _inside_project(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a path such as data/raw, relative to the project's root")
    path = Path(value)
    if path.resolve() == Path.cwd():
        raise ValueError("is the whole project; write a path relative to the project's root")
    if path.is_absolute() or not path.resolve().is_relative_to(Path.cwd()):
        raise ValueError("lies outside the project; write a path relative to the project's root")
    return path


ProjectPath = Annotated[Path, BeforeValidator(_inside_project)]
"""A path below the working directory, which is always the project's root."""

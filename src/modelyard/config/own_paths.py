"""Entries of its own that a team adds to `input_paths` and `output_paths`: a tokenizer, a map."""

from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, model_validator

from .section import ProjectPath, Section

ALIKE = 0.75  # as `data` and `dta` are, and `data` and `dataset` are not


class OpenSection(Section):
    """A section that may name more files and folders; each is an attribute that is a `Path`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ProjectPath] = Field(init=False)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Path: ...

    @property
    def own(self) -> dict[str, Path]:
        """The entries that the team added, by name."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="before")
    @classmethod
    def _names(cls, document: Any) -> Any:
        """Refuse names that code cannot read, and known ones that are misspelt."""
        for name in document if isinstance(document, dict) else ():
            if name in cls.model_fields:
                continue
            if not isinstance(name, str) or not name.isidentifier() or hasattr(cls, name):
                raise ValueError(
                    f"{name!r} cannot be the name of a path; write letters, digits and _, such as "
                    "tokenizer"
                )
            absent = [known for known in cls.model_fields if known not in document]
            if meant := next((known for known in absent if _alike(name, known)), None):
                raise ValueError(
                    f"{name} is not a known key (did you mean {meant!r}?); known: "
                    f"{', '.join(cls.model_fields)}, and paths of your own whose names are less "
                    "like these"
                )
        return document


def _alike(name: str, known: str) -> bool:
    """Say whether a name is a known one misspelt; `tflite_model_int8` is more than a known one."""
    more = name.startswith(f"{known}_") or name.endswith(f"_{known}")
    return not more and SequenceMatcher(None, name, known).ratio() >= ALIKE

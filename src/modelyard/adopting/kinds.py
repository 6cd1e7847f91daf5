"""What an adoption needs to know of a kind of examples; each kind has a room of its own here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from modelyard.config.data_section import ImageData, SharedData, TableData, TextData
from modelyard.config.loading import ROOT_CONFIG
from modelyard.data.manifest import Head
from modelyard.errors import UserError

MODULES: dict[type[SharedData], str] = {
    ImageData: "of_images",
    TextData: "of_texts",
    TableData: "of_tables",
}


@dataclass(frozen=True)
class Source:
    """What somebody wants to adopt.

    Attributes:
        folder: the folder that is looked at.
        root: where it will lie in the project.
        file: the one file of the folder that was named; empty: all of it.
    """

    folder: Path
    root: Path
    file: str = ""

    @property
    def named(self) -> Path:
        """What was named: the folder, or the file."""
        return self.folder / self.file

    @property
    def copied(self) -> bool:
        """Whether it lies elsewhere."""
        return self.folder.resolve() != self.root.resolve()


@dataclass(frozen=True)
class Understood:
    """What was understood of it.

    Attributes:
        source: what of it is taken.
        data: the section `data` of config.yaml that reads it.
        head: what its targets mean.
        train: how many examples models learn from.
        lines: the summary, for people.
        hyperparams: where a model has one of these, its default, and the choices of a search.
    """

    source: Source
    data: dict[str, Any]
    head: Head
    train: int
    lines: Sequence[str]
    hyperparams: Mapping[str, tuple[Any, Sequence[Any]]] = field(default_factory=dict)


class Kind(Protocol):
    """What a module in here brings.

    Attributes:
        SECTION: the class of the section `data`.
        ORDER: its keys as config.yaml has them.
        COMMENTS: what stands behind a key that was not there.
        RENEWED: keys of which the comment is written anew, as the example's fits no other data.
    """

    SECTION: type[SharedData]
    ORDER: Sequence[str]
    COMMENTS: Mapping[str, str]
    RENEWED: Sequence[str]

    def understand(
        self, source: Source, old: Any, wanted: Mapping[str, Any], asked: Mapping[str, Any]
    ) -> Understood:
        """Look at it, and try out what `prepare` will make of it; change nothing.

        Args:
            source: what was named.
            old: the section `data` before, a SECTION.
            wanted: keys of `data` that beat what is seen.
            asked: the same as they were written, dotted, for messages.

        Raises:
            UserError: nothing can be learned from it.
        """


def kind_of(old: SharedData) -> Kind:
    """Return what adopts for a project of this section.

    Raises:
        UserError: the team's own code reads its data.
    """
    name = MODULES.get(type(old))
    if name is None:
        raise UserError(
            f"{ROOT_CONFIG}: data.task is {old.task!r}: the team's own code reads the data, so "
            "nothing can be adopted; change data.root, and that code."
        )
    return cast("Kind", import_module(f".{name}", __package__))

"""Kinds: what an example is (an image, a text, a row of a table, arrays) and how it is given.

An example is given in a file, in a row of a file, or in a request; whatever looks at saved models
learns from here what they take, and knows no kind itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from modelyard.data.manifest import ArraySpec, Manifest, Specs
from modelyard.errors import UserError

from .found import Found
from .given import Given, TooLargeError
from .stacking import nothing, stacked

if TYPE_CHECKING:
    import keras

__all__ = [
    "Found", "Given", "Inputs", "Kind", "Shapes", "TooLargeError", "kind_of", "unknown_kind",
]  # fmt: skip

Inputs = np.ndarray | dict[str, np.ndarray]
"""A batch: one array (batch, *shape), or one by the name of each input where there are several.

Strings are bytes of UTF-8 in an array of objects, as in prepared data.
"""

Shape = tuple[int | None, ...]
Shapes = Shape | dict[str, Shape]
"""What a model says of its inputs, with the axis of the batch, as Keras' `input_shape`."""

SHORT = 32 * 1024  # bytes of a request that surely are read within a millisecond or two
DEFAULT = "image"  # descriptions from before there were others name none


class Kind(ABC):
    """What a module in here brings, as a class called KIND: examples of one kind, for one model.

    Attributes:
        NAME: of one example, as in "send a smaller image".
        MANY: of several, as in "61 images".
        BATCH: what an adapter's `predict` is given, as in "images (batch, height, …)".
        PLACES: what people name for `modelyard predict`, as in "images or folders of images".
        COLUMNS: which columns of predictions.csv say which example a row is of.
        MEDIA: content types of a request that holds one example; * stands for anything.
        FIELD: of a form that holds one; None: none does.
        HOW: the end of a sentence, which says how to send one.
        inputs: by name what the saved model takes.
    """

    NAME: ClassVar[str]
    MANY: ClassVar[str]
    BATCH: ClassVar[str]
    PLACES: ClassVar[str]
    COLUMNS: ClassVar[tuple[str, ...]] = ("path", "row")
    MEDIA: ClassVar[tuple[str, ...]]
    FIELD: ClassVar[str | None] = None
    HOW: str
    inputs: Specs

    @classmethod
    def one(cls) -> str:
        """Return `NAME` with its article."""
        return f"{'an' if cls.NAME[0] in 'aeiou' else 'a'} {cls.NAME}"

    @abstractmethod
    def __init__(self, settings: Mapping[str, Any], inputs: Specs) -> None:
        """Take what `described` has returned, or the manifest's settings; both know more keys.

        Raises:
            ValidationError: a setting that does not exist or is missing; its `loc` is the key.
        """

    @abstractmethod
    def described(self) -> dict[str, Any]:
        """Return `input` of predict_configuration.yaml: `kind`, and all that reading needs.

        It is what /model tells the page too, so it has what a form needs.
        """

    def takes(self) -> str:
        """Say in a few words what the saved model takes, for its card."""
        shapes = (f"{name} {spec.dtype} {spec.shape}" for name, spec in self.inputs.items())
        return f"{self.MANY}: {', '.join(shapes)}"

    @abstractmethod
    def find(self, paths: Sequence[Path]) -> Found:
        """Return the files in which examples are; all else there is counted.

        Raises:
            UserError: one of the paths does not exist.
        """

    @abstractmethod
    def read(self, found: Found) -> Iterator[Given]:
        """Yield the examples of what was found; what cannot be read, pass to `found.skip`."""

    @abstractmethod
    def decode(self, body: bytes, media: str) -> Given:
        """Return the example in the body of a request, or in a form's field.

        Args:
            body: its bytes.
            media: its content type, lower case and without parameters; of a form's field that is
                not a file it is text/plain.

        Raises:
            UserError: why it cannot be read, and what to send; a whole sentence.
            TooLargeError: the same, where it is too large.
        """

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an example that is sent as JSON; {}: none is."""
        return {}

    def told_schema(self) -> dict[str, Any]:
        """Return by key the JSON schemas of what `told` returns."""
        return {}

    def decode_short(self, body: bytes, media: str) -> Given | None:
        """Return what `decode` does if that surely takes a millisecond or two, else None."""
        return self.decode(body, media) if len(body) <= SHORT else None

    def encoder(self, manifest: Manifest, folder: Path) -> "keras.Model | None":
        """Return the model from raw inputs to what a network takes; None where it takes them.

        It is made of layers of Keras alone, so that the saved model needs nothing of ours.

        Args:
            manifest: of the prepared data.
            folder: where that lies, with the values that were fitted on its training split.
        """
        del manifest, folder
        return None

    def told(self, given: Given) -> dict[str, Any]:
        """Return what the server's answer says of an example besides the predictions."""
        del given
        return {}

    def seen(self, given: Given) -> dict[str, Any]:
        """Return the fields of `Output` that tell where in an image a prediction lies."""
        del given
        return {}

    def fitted(self, shapes: Shapes) -> Self | None:
        """Return this kind for a model whose inputs have these shapes; None if it takes others."""
        wanted = {name: (None, *spec.shape) for name, spec in self.inputs.items()}
        several = shapes if isinstance(shapes, dict) else dict.fromkeys([*wanted][:1], shapes)
        return self if several == wanted else None

    def batch(self, givens: Sequence[Given]) -> Inputs:
        """Return examples of equal shapes as the model takes them."""
        columns = {
            name: stacked([one.values[name] for one in givens], spec)
            for name, spec in self.inputs.items()
        }
        return columns if len(columns) > 1 else next(iter(columns.values()))

    def blank(self, count: int) -> Inputs:
        """Return so many examples of nothing: zeros and empty texts, lengths that differ are 1."""
        empty = {name: nothing(spec) for name, spec in self.inputs.items()}
        return self.batch([Given(empty)] * count)


def kind_of(described: Manifest | Mapping[str, Any]) -> Kind:
    """Return the kind of a model's examples.

    Args:
        described: the manifest of the prepared data, or a predict_configuration.yaml.

    Raises:
        UserError: there is no such kind.
        ValidationError: see `Kind.__init__`.
    """
    if isinstance(described, Manifest):
        return kind_named(described.kind)(described.settings, described.inputs)
    taken = described["input"]
    specs = described.get("inputs") or taken.get("inputs") or {}
    inputs = {name: ArraySpec.model_validate(spec) for name, spec in specs.items()}
    return kind_named(taken.get("kind", DEFAULT))(taken, inputs)


def unknown_kind() -> Kind:
    """Return what examples are for a model that nothing describes: images of whatever size."""
    return kind_named(DEFAULT)({}, {"images": ArraySpec(shape=(1, 1, 1), dtype="uint8")})


def kind_named(name: object) -> type[Kind]:
    """Return a kind by the name of its module.

    Raises:
        UserError: there is none of that name.
    """
    module = f"{__name__}.{name}"
    if not (isinstance(name, str) and name.isidentifier() and find_spec(module)):
        raise UserError(f"{name!r} is not a kind of examples")
    return cast("type[Kind]", import_module(module).KIND)

"""All examples on disk, in the order in which they were read; little of each stays in memory."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.config.data_section import Split
from modelyard.errors import UserError

from .arrays import ArrayWriter
from .manifest import STRING, ArraySpec, Specs
from .rows import Rows, open_rows

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
TARGETS = ("labels", "values", "boxes", "masks")  # whose arrays lie beside those of the inputs
Shapes = Mapping[str, tuple[int | None, ...]]
SPOOL = "all"  # the name of the split that holds all examples, before they are divided


@dataclass(frozen=True)
class Example:
    """One example, in the form in which a saved model takes it.

    Attributes:
        inputs: by name, an array, a number or a text.
        target: the name of a class, a list of such names, or a number.
        path: what messages and tables call it: a file, or a file and its line.
        split: where the data itself says it belongs; None: it does not say.
        group: what it belongs to that no split may divide, such as a patient.
    """

    inputs: Mapping[str, Any]
    target: str | float | Sequence[str]
    path: str
    split: Split | None = None
    group: str | None = None


@dataclass(frozen=True)
class Noted:
    """What stays in memory of an example."""

    target: Any
    path: str
    split: Split | None
    group: str | None


class Spool:
    """All examples on disk, in the order in which they were read."""

    def __init__(self, folder: Path, specs: Specs | None, shapes: Shapes | None = None) -> None:
        """Write below a folder; without `specs` the first example says what an input is.

        `shapes` are those of inputs whose lengths differ by example, which none of them can say.
        """
        self.folder, self.specs, self._shapes = folder, specs or {}, shapes or {}
        self.noted: list[Noted] = []
        self.content: list[bytes] = []
        self._writers: dict[str, ArrayWriter] = {}

    def append(self, examples: Sequence[Example]) -> None:
        """Write some examples.

        Raises:
            UserError: one has other inputs than the others.
        """
        if not self._writers:
            self.specs = self.specs or {k: spec_of(v) for k, v in examples[0].inputs.items()}
            check_names(self.specs, self._shapes)
            for name, shape in self._shapes.items():
                self.specs[name] = ArraySpec(shape=shape, dtype=self.specs[name].dtype)
            open_writer = partial(ArrayWriter, self.folder, SPOOL)
            self._writers = {name: open_writer(name, spec) for name, spec in self.specs.items()}
        for one in examples:
            check_inputs(one, self.specs)
            self.noted.append(Noted(one.target, one.path, one.split, one.group))
            self.content.append(_hash(one.inputs[name] for name in self.specs))
        for name, writer in self._writers.items():
            writer.append([one.inputs[name] for one in examples])

    def close(self) -> None:
        """Complete the files."""
        for writer in self._writers.values():
            writer.close()

    def rows(self) -> dict[str, Rows]:
        """Return all examples, by input."""
        return {
            name: open_rows(self.folder, SPOOL, name, spec) for name, spec in self.specs.items()
        }

    def remove(self) -> None:
        """Remove the files, once they are divided."""
        for file in self.folder.glob(f"{SPOOL}_*.npy"):
            file.unlink()


def spec_of(value: Any) -> ArraySpec:
    """Describe an input by the one of the first example."""
    if isinstance(value, str | bytes):
        return ArraySpec(shape=(), dtype="string")
    array = np.asarray(value)
    if array.dtype.kind in "UO":
        return ArraySpec(shape=array.shape, dtype="string")
    return ArraySpec(shape=array.shape, dtype=array.dtype.name)


def check_names(specs: Specs, shapes: Shapes) -> None:
    """Refuse an input whose name cannot be that of a file and of a layer, or is a target's.

    Raises:
        UserError: naming it, or an input that has a shape and is not there.
    """
    if unknown := [name for name in shapes if name not in specs]:
        raise UserError(
            f"src/run.py gives a shape to the input {unknown[0]!r}, but the inputs of the examples "
            f"are {', '.join(specs)}."
        )
    for name in specs:
        if name in TARGETS or not NAME.fullmatch(name):
            raise UserError(
                f"An input of the examples is called {name!r}; give it a name of letters, digits "
                f"and _ that is not one of {', '.join(TARGETS)}."
            )


def check_inputs(example: Example, specs: Specs) -> None:
    """Refuse an example whose inputs are not those of the others.

    Raises:
        UserError: naming the example, the input, what it has and what it needs.
    """
    if example.inputs.keys() != specs.keys():
        raise UserError(
            f"{example.path}: its inputs are {', '.join(example.inputs)}; every example needs "
            f"{', '.join(specs)}."
        )
    for name, spec in specs.items():
        found = () if isinstance(example.inputs[name], bytes) else np.shape(example.inputs[name])
        dtype = spec_of(example.inputs[name]).dtype
        if dtype != spec.dtype and not _holds(spec.dtype, dtype):
            raise UserError(
                f"{example.path}: the input {name} is {dtype}, but the data's is {spec.dtype}, "
                "which cannot hold it; bring all to one dtype."
            )
        fits = len(found) == len(spec.shape) and all(
            wanted in (None, size) for size, wanted in zip(found, spec.shape, strict=True)
        )
        if not fits:
            raise UserError(
                f"{example.path}: the input {name} has the shape {found}, but the data's has "
                f"{spec.shape}; bring all to one shape."
            )


def _holds(wanted: str, given: str) -> bool:
    """Say whether a dtype holds what another has, but for its last digits."""
    return STRING not in (wanted, given) and np.can_cast(given, wanted, "same_kind")


def _hash(values: Iterable[Any]) -> bytes:
    digest = blake2b(digest_size=16)
    for value in values:
        digest.update(_raw(value))
        digest.update(b"\0")
    return digest.digest()


def _raw(value: Any) -> bytes:
    """Return the bytes of a value; those of an array of texts are its texts, not where they lie."""
    if isinstance(value, str | bytes):
        return value.encode() if isinstance(value, str) else value
    array = np.asarray(value)
    if array.dtype.kind in "UO":
        return b"\0".join(_raw(cell) for cell in array.ravel().tolist())
    return np.ascontiguousarray(array).tobytes()

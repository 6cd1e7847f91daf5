"""The contract between `prepare` and everything that reads its output."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from modelyard.config.data_section import Split
from modelyard.config.image_section import ImageReading
from modelyard.config.schema import Config
from modelyard.documents import fingerprint
from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_json, write_json

MANIFEST_NAME = "manifest.json"
STRING = "string"
Head = Literal["class", "labels", "number", "boxes", "masks"]


class ArraySpec(BaseModel):
    """One example of an array.

    Attributes:
        shape: None for a length that differs by example; of boxes and masks, by split.
        dtype: as NumPy names it, or `string`.
    """

    shape: tuple[int | None, ...]
    dtype: str

    @property
    def is_plain(self) -> bool:
        """Whether all examples have one size, so that they are rows of one array."""
        return self.dtype != STRING and None not in self.shape


Specs = dict[str, ArraySpec]


class Manifest(BaseModel):
    """What lies in a folder of prepared data.

    Attributes:
        kind: what an example is: image, text, table, arrays.
        head: what a target means: a class, several labels, a number, boxes, masks.
        inputs: by name what a saved model takes.
        encoded: by name what its network takes, where an encoder stands before it.
        targets: by name what is learned.
        classes: names, in the order of the labels 0, 1, …; none where a number is learned.
        examples: their number by split.
        counts: examples, or the objects in them, by split and class.
        files: SHA-256 of every other file in the folder.
        settings: how an example is read, known to its kind alone.
    """

    kind: str
    head: Head
    inputs: Specs
    encoded: Specs = {}
    targets: Specs = {}
    classes: list[str] = []
    examples: dict[Split, int]
    counts: dict[Split, dict[str, int]] = {}
    files: dict[str, str]
    settings: dict[str, Any] = {}

    def size(self, split: Split) -> int:
        """Return the number of examples in a split."""
        return self.examples[split]

    def spec(self, name: str) -> ArraySpec:
        """Return what one example of an input or a target is.

        Raises:
            UserError: there is none of that name.
        """
        known = self.inputs | self.targets
        if name not in known:
            raise UserError(
                f"The prepared data has no array {name!r}{did_you_mean(name, known)}; it has "
                f"{', '.join(known)}."
            )
        return known[name]

    @property
    def learned(self) -> Specs:
        """By name what the network takes: `encoded`, or the inputs as they are."""
        return self.encoded or self.inputs

    @property
    def input_shape(self) -> Any:
        """The shape of what the network takes; by name, where there are several."""
        shapes = {name: spec.shape for name, spec in self.learned.items()}
        return shapes if len(shapes) > 1 else next(iter(shapes.values()))

    @property
    def output_count(self) -> int:
        """How many numbers a network says of an example, or of a cell of an image."""
        return len(self.classes) or 1

    @property
    def reading(self) -> ImageReading:
        """How every image was read, and every other is to be for a model of this data."""
        return ImageReading.of(self.input_shape, self.settings)

    @property
    def data_hash(self) -> str:
        """Hash of everything a model learns from: classes, shapes and the files' bytes."""
        return fingerprint(self.document())

    def document(self) -> dict[str, Any]:
        """Return the manifest as it is written."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def check_objects(self, split: str) -> None:
        """Refuse a split in which no object is: how well they are found is undefined there."""
        if not any(any(found.values()) for name, found in self.counts.items() if name == split):
            raise UserError(
                f"The {split} split has no object, which leaves box.map undefined; add images that "
                "show some, or move some there."
            )

    def check_batch_size(self, config: Config) -> None:
        """Refuse a batch that the training split cannot fill."""
        size, batch_size = self.epoch_size(config), config.params.batch_size
        if size < batch_size:
            what = "an epoch" if config.params.epochs_per_pass > 1 else "the train split"
            raise UserError(
                f"{config.file}: params.batch_size is {batch_size}, but {what} has only "
                f"{size} examples; write {max(1, size)} or less, or add data."
            )

    def epoch_size(self, config: Config) -> int:
        """Return how many examples an epoch learns from."""
        return self.size("train") // config.params.epochs_per_pass


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of prepared data; without one the data is not prepared."""
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise UserError(
            f"{path} does not exist; run `dvc repro prepare`, or correct input_paths.data."
        )
    return _read(path, Path.cwd(), path.stat().st_mtime_ns)


@cache
def _read(path: Path, _folder: Path, _changed: int) -> Manifest:
    """Read once what provider, trainer, backup and export all ask for."""
    try:
        return Manifest.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "it"
        raise UserError(
            f"{path} does not describe prepared data ({key}: {first['msg']}); "
            "run `dvc repro --force prepare`."
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all files in the folder."""
    write_json(folder / MANIFEST_NAME, manifest.document())

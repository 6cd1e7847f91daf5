"""The contract between `prepare` and everything that reads its output."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from modelyard.config.data_section import Split
from modelyard.config.image_section import ImageReading, ImageSettings
from modelyard.config.schema import Config
from modelyard.documents import fingerprint
from modelyard.errors import UserError
from modelyard.files import read_json, write_json

MANIFEST_NAME = "manifest.json"


class Manifest(BaseModel):
    """What lies in a folder of prepared data.

    Attributes:
        classes: names, in the order of the labels 0, 1, …
        image_shape: (height, width, channels) of every image, pixels are uint8.
        examples: their number by split.
        counts: examples, or the objects in them, by split and class.
        files: SHA-256 of every other file in the folder.
        settings: by which the images were read; left out of the file where all are the defaults.
    """

    classes: list[str]
    image_shape: tuple[int, int, int]
    examples: dict[Split, int]
    counts: dict[Split, dict[str, int]]
    files: dict[str, str]
    settings: ImageSettings = ImageSettings()

    def size(self, split: Split) -> int:
        """Return the number of examples in a split."""
        return self.examples[split]

    @property
    def reading(self) -> ImageReading:
        """How every image was read, and every other is to be for a model of this data."""
        return ImageReading.of(self.image_shape, self.settings.settings())

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
        size, batch_size = self.size("train"), config.params.batch_size
        if size < batch_size:
            raise UserError(
                f"{config.file}: params.batch_size is {batch_size}, but the train split has only "
                f"{size} examples; write {size} or less, or add data."
            )


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

"""The contract between `prepare` and everything that reads its output."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel

from modelyard.config.data_section import Split
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
    """

    classes: list[str]
    image_shape: tuple[int, int, int]
    examples: dict[Split, int]
    counts: dict[Split, dict[str, int]]
    files: dict[str, str]

    def size(self, split: Split) -> int:
        """Return the number of examples in a split."""
        return self.examples[split]

    @property
    def data_hash(self) -> str:
        """Hash of everything a model learns from: classes, shapes and the files' bytes."""
        return fingerprint(self.model_dump(mode="json"))

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
    return Manifest.model_validate(read_json(path))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all files in the folder."""
    write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))

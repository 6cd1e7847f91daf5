"""Look at images with a saved model: `python -m src.predict MODEL INPUT…`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .data.images import image_size, read_image
from .utils.quiet import import_tensorflow
from .utils.utils import UserError, read_yaml, write_csv

IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
BATCH = 32

Size = tuple[int, int]


class Predictor:
    """A saved model with what is known of its inputs and outputs, which lies beside its file."""

    def __init__(self, path: Path) -> None:
        """Load a `.keras` file, or `model.keras` of a model's folder."""
        file = path / "model.keras" if path.is_dir() else path
        if not file.is_file():
            raise UserError(f"{file} does not exist; train it or `dvc pull` it, or name another.")
        about = read_yaml(file.with_name("predict_configuration.yaml"))
        self.classes: list[str] = about["output"]["classes"]
        import_tensorflow()
        import keras

        from .tasks import load_task

        self.task = load_task(about["task"])
        self.model: keras.Model = keras.models.load_model(file)
        self.shape: tuple[int, int, int] = self.model.input_shape[1:]

    def __call__(self, images: np.ndarray, sizes: Sequence[Size]) -> list[list[dict[str, object]]]:
        """Return the rows of each of the images (batch, *shape) that were `sizes` before."""
        outputs = self.model.predict_on_batch(images)
        pairs = zip(outputs, sizes, strict=True)
        return [self.task.rows(one, self.classes, size, self.shape[:2]) for one, size in pairs]


def find_images(inputs: Sequence[Path]) -> list[Path]:
    """Return the files named, and all images below the folders named, sorted.

    Raises:
        UserError: one of them does not exist.
    """
    found = []
    for path in inputs:
        if not path.exists():
            raise UserError(f"{path} does not exist; name images or folders of images.")
        inside = (file for file in path.rglob("*") if file.suffix.lower() in IMAGES)
        found += sorted(inside) if path.is_dir() else [path]
    return found


def predict(predictor: Predictor, files: Sequence[Path]) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of each image that can be read, and name the others."""
    from rich.console import Console
    from rich.progress import track

    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    console = Console(stderr=True)
    for batch in track(batches, "Predicting", console=console, disable=not console.is_terminal):
        read = {path: image for path in batch if (image := _read(path, predictor)) is not None}
        if read:
            sizes = [image_size(path) for path in read]
            results = predictor(np.stack(list(read.values())), sizes)
            for path, rows in zip(read, results, strict=True):
                yield [{"path": str(path)} | row for row in rows]


def _read(path: Path, predictor: Predictor) -> np.ndarray | None:
    try:
        return read_image(path, predictor.shape)
    except UserError as error:
        print(f"warning: skipped: {error}", file=sys.stderr)
        return None


def _run(model: Path, inputs: Sequence[Path], output: Path, *, force: bool) -> None:
    if output.exists() and not force:
        raise UserError(f"{output} exists; write elsewhere with --output, or add --force.")
    files = find_images(inputs)
    predictor = Predictor(model) if files else None
    images = list(predict(predictor, files)) if predictor else []
    if not predictor or not images:
        raise UserError(
            f"None of {len(files)} files could be read as an image; nothing is written."
        )
    rows = [row for found in images for row in found]
    write_csv(output, rows, ("path", *predictor.task.ROW))
    skipped = f"; {len(files) - len(images)} skipped" if len(images) < len(files) else ""
    print(f"{output}: {len(images)} images{skipped}")


def main(arguments: list[str] | None = None) -> int:
    """Write the predictions; return 0, or 1 after one sentence on what to mend."""
    parser = argparse.ArgumentParser(prog="python -m src.predict", description=__doc__)
    parser.add_argument("model", type=Path, help="models/<model>, or a .keras file")
    parser.add_argument("inputs", type=Path, nargs="+", metavar="INPUT", help="images, folders")
    parser.add_argument("--output", type=Path, default=Path("predictions.csv"))
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    options = parser.parse_args(arguments)
    try:
        _run(options.model, options.inputs, options.output, force=options.force)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Classify images with a saved model: `python -m src.predict MODEL INPUT…`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .data.images import read_image
from .utils.quiet import import_tensorflow
from .utils.utils import UserError, read_json, write_csv

IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
BATCH = 32


class Classifier:
    """A saved model with the names of its classes; what it needs lies beside its file."""

    def __init__(self, path: Path) -> None:
        """Load a `.keras` file, or `model.keras` of a model's folder."""
        file = path / "model.keras" if path.is_dir() else path
        if not file.is_file():
            raise UserError(f"{file} does not exist; train it or `dvc pull` it, or name another.")
        mapping = read_json(file.with_name("output_mapping.json"))
        self.classes = [mapping[str(number)] for number in range(len(mapping))]
        import_tensorflow()
        import keras

        self.model: keras.Model = keras.models.load_model(file)
        self.shape: tuple[int, int, int] = self.model.input_shape[1:]

    def __call__(self, images: np.ndarray) -> list[tuple[str, float]]:
        """Return the likeliest class and its probability for images (batch, *shape)."""
        probabilities = self.model.predict_on_batch(images)
        return [(self.classes[row.argmax()], float(row.max())) for row in probabilities]


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


def predict(classifier: Classifier, files: Sequence[Path]) -> Iterator[dict[str, object]]:
    """Yield path, class and probability of each image that can be read; name the others."""
    from rich.console import Console
    from rich.progress import track

    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    console = Console(stderr=True)
    for batch in track(batches, "Predicting", console=console, disable=not console.is_terminal):
        read = {path: image for path in batch if (image := _read(path, classifier)) is not None}
        if read:
            results = classifier(np.stack(list(read.values())))
            for path, (label, probability) in zip(read, results, strict=True):
                yield {"path": str(path), "class": label, "probability": round(probability, 6)}


def _read(path: Path, classifier: Classifier) -> np.ndarray | None:
    try:
        return read_image(path, classifier.shape)
    except UserError as error:
        print(f"warning: skipped: {error}", file=sys.stderr)
        return None


def _run(model: Path, inputs: Sequence[Path], output: Path, *, force: bool) -> None:
    if output.exists() and not force:
        raise UserError(f"{output} exists; write elsewhere with --output, or add --force.")
    files = find_images(inputs)
    rows = list(predict(Classifier(model), files)) if files else []
    if not rows:
        raise UserError(
            f"None of {len(files)} files could be read as an image; nothing is written."
        )
    write_csv(output, rows)
    skipped = f"; {len(files) - len(rows)} skipped" if len(rows) < len(files) else ""
    print(f"{output}: {len(rows)} images{skipped}")


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

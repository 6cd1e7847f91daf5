"""Look at images with a saved model: `modelyard predict MODEL INPUT…`."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from modelyard.command import finish, print_error
from modelyard.data.images import opened, pixels
from modelyard.errors import UserError
from modelyard.files import write_csv

from .predicting import Predicting, Size
from .predictor import load_predictor

IMAGES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
BATCH = 32
INTERRUPTED = 130  # the exit code of what Ctrl-C ended


def find_images(inputs: Sequence[Path]) -> list[Path]:
    """Return the files named, and all images below the folders named, sorted; each of them once.

    Raises:
        UserError: one of them does not exist.
    """
    found: list[Path] = []
    for path in inputs:
        if not path.exists():
            raise UserError(f"{path} does not exist; name images or folders of images.")
        found += sorted(_inside(path)) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _inside(folder: Path) -> Iterator[Path]:
    """Yield the images below a folder, without following links to folders below it."""
    for inner, _, names in os.walk(folder):  # Path.rglob follows them or not with Python's version
        for file in (Path(inner, name) for name in names):
            if file.suffix.lower() in IMAGES and file.is_file():
                yield file


def predict(predictor: Predicting, files: Sequence[Path]) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of each image that can be read, and name the others."""
    from rich.console import Console
    from rich.progress import track

    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    console = Console(stderr=True)
    for batch in track(batches, "Predicting", console=console, disable=not console.is_terminal):
        read = {path: image for path in batch if (image := _read(path, predictor)) is not None}
        if read:
            images, sizes = zip(*read.values(), strict=True)
            for path, rows in zip(read, predictor(np.stack(images), sizes), strict=True):
                yield [{"path": _text(path)} | row for row in rows]


def _read(path: Path, predictor: Predicting) -> tuple[np.ndarray, Size] | None:
    try:
        with opened(path) as image:
            return pixels(image, predictor.shape), (image.height, image.width)
    except UserError as error:
        print(f"warning: skipped: {error}", file=sys.stderr)
        return None


def _text(path: Path) -> str:
    r"""Return a path as UTF-8 can hold it: a name may have any bytes, others are shown as \xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _check_output(output: Path, *, force: bool) -> None:
    """Refuse now what could not be written after all images have been looked at."""
    if output.is_dir():
        raise UserError(f"{output} is a folder; name a file with --output.")
    if output.is_symlink() or (output.exists() and not output.is_file()):
        raise UserError(
            f"{output} is a link or not a regular file, and would be replaced by one; name another "
            f"with --output."
        )
    if output.exists() and not force:
        raise UserError(f"{output} exists; write elsewhere with --output, or add --force.")
    folder = next(path for path in output.absolute().parents if path.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(
            f"{output} cannot be written: {folder} is not a folder that you may write to."
        )


def _run(model: str, inputs: Sequence[Path], output: Path, *, force: bool) -> None:
    _check_output(output, force=force)
    files = find_images(inputs)
    predictor = load_predictor(model) if files else None
    images = list(predict(predictor, files)) if predictor else []
    if not predictor or not images:
        raise UserError(
            f"None of {len(files)} files could be read as an image; nothing is written."
        )
    rows = [row for found in images for row in found]
    write_csv(output, rows, ("path", *predictor.task.ROW))
    skipped = f"; {len(files) - len(images)} skipped" if len(images) < len(files) else ""
    print(f"{_text(output)}: {len(images)} images{skipped}")


def _path(text: str) -> Path:
    if not text:  # as of a variable that is not set: Path("") is the current folder
        raise argparse.ArgumentTypeError("is empty; name images or folders of images")
    return Path(text)


def main(arguments: list[str] | None = None) -> int:
    """Write the predictions; return 0, or 1 after one sentence on what to mend."""
    parser = argparse.ArgumentParser(prog="modelyard predict", description=__doc__)
    parser.add_argument("model", help="models/<model>, a .keras file, or an official model's name")
    parser.add_argument("inputs", type=_path, nargs="+", metavar="INPUT", help="images, folders")
    parser.add_argument("--output", type=Path, default=Path("predictions.csv"))
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    options = parser.parse_args(arguments)
    try:
        return finish(
            lambda: _run(options.model, options.inputs, options.output, force=options.force)
        )
    except OSError as error:
        what = error.filename or options.output
        print_error(f"{what} cannot be used ({error.strerror}); name another.")
        return 1
    except KeyboardInterrupt:
        print_error("interrupted; nothing is written.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

"""Look at images with a saved model: `modelyard predict MODEL INPUT…`."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from modelyard.command import finish, print_error
from modelyard.data.images import read_picture
from modelyard.errors import UserError
from modelyard.files import write_csv

from .finding import find_images
from .predicting import Predicting, Size
from .predictor import load_predictor

BATCH = 32
INTERRUPTED = 130  # the exit code of what Ctrl-C ended


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
        return read_picture(path, predictor.reading)[:2]
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
    found = find_images(inputs)
    files, left_out = found.files, found.said()
    predictor = load_predictor(model) if files else None
    images = predict(predictor, files) if predictor else iter(())
    first = next(images, None)
    if not predictor or first is None:
        raise UserError(
            f"None of {len(files)} files could be read as an image"
            f"{f' ({left_out})' if left_out else ''}; nothing is written."
        )
    read = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal read
        for one in chain([first], images):
            read += 1
            yield from one

    write_csv(output, rows(), ("path", *predictor.task.ROW))
    skipped = len(files) - read
    said = [f"{read} images", f"{skipped} skipped" if skipped else "", left_out]
    print(f"{_text(output)}: {'; '.join(filter(None, said))}")


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
    except KeyboardInterrupt:
        print_error("interrupted; nothing is written.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

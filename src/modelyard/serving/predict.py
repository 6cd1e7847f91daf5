"""Look at images, texts or rows with a saved model."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from modelyard.command import finish, print_error, program
from modelyard.errors import UserError
from modelyard.files import write_csv
from modelyard.official.choosing import add_options, chosen
from modelyard.tasks.kinds import Found, Given
from modelyard.tasks.kinds.found import shown

from .predicting import NotFiniteError, Predicting
from .predictor import kind_taken, load_predictor

BATCH = 32
INTERRUPTED = 130  # the exit code of what Ctrl-C ended
NAMES = "name images or folders of images, or files of texts, rows or arrays"


def predict(predictor: Predicting, found: Found) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of each example that can be read; the others are named, and counted."""
    from rich.console import Console
    from rich.progress import track

    kind, console = predictor.kind, Console(stderr=True)
    givens: Iterator[Given] = iter(
        track(
            kind.read(found),
            "Predicting",
            total=None if "row" in kind.COLUMNS else len(found.files),
            console=console,
            disable=not console.is_terminal,
        )
    )
    while batch := list(islice(givens, BATCH)):
        yield from _rows(predictor, batch, found)


def _rows(
    predictor: Predicting, batch: Sequence[Given], found: Found
) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of each example of a batch, without those that the model cannot answer."""
    try:
        yield from predictor.rows(batch)
    except NotFiniteError:
        if len(batch) == 1:
            where = [f"{name} {value}" for name, value in batch[0].where.items() if value != ""]
            found.skip(f"{', '.join(where).removeprefix('path ')}: {predictor.blame()}.")
            return
        for one in batch:
            yield from _rows(predictor, [one], found)


def _check_output(output: Path, *, force: bool) -> None:
    """Refuse now what could not be written after all examples have been looked at."""
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
    kind = kind_taken(model)
    found = kind.find(inputs)
    predictor = load_predictor(model) if found.files else None
    examples = predict(predictor, found) if predictor else iter(())
    first = next(examples, None)
    left_out = found.said()
    if not predictor or first is None:
        raise UserError(
            f"None of {len(found.files)} files could be read as {kind.one()}"
            f"{f' ({left_out})' if left_out else ''}; nothing is written."
        )
    read = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal read
        for one in chain([first], examples):
            read += 1
            yield from one

    write_csv(output, rows(), (*kind.COLUMNS, *predictor.task.ROW))
    skipped = f"{found.skipped} skipped" if found.skipped else ""
    print(f"{shown(output)}: {'; '.join(filter(None, [f'{read} {kind.MANY}', skipped, left_out]))}")


def _asked(options: argparse.Namespace) -> tuple[str, Sequence[Path]]:
    """Return the model, and what it shall look at."""
    if not options.config:
        return chosen(options.model, options), options.inputs
    from .predict_config import predicted_by

    model, inputs = predicted_by(options.config)
    return chosen(model, options), inputs


def _path(text: str) -> Path:
    if not text:  # as of a variable that is not set: Path("") is the current folder
        raise argparse.ArgumentTypeError(f"is empty; {NAMES}")
    return Path(text)


def main(arguments: list[str] | None = None) -> int:
    """Write the predictions; return 0, or 1 after one sentence on what to mend."""
    prog = program("modelyard.serving.predict", "modelyard predict")
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "model",
        nargs="?",
        help="models/<model>, a .keras file, or an official model: NAME, NAME@v1.0.0",
    )
    parser.add_argument("inputs", type=_path, nargs="*", metavar="INPUT", help="files, folders")
    parser.add_argument("--config", type=Path, help="a filled-in template, in place of both")
    parser.add_argument("--output", type=Path, default=Path("predictions.csv"))
    parser.add_argument("--force", action="store_true", help="overwrite the output")
    add_options(parser)
    options = parser.parse_args(arguments)
    if not options.config and not (options.model and options.inputs):
        parser.error("name a model and what it shall look at, or a template with --config")
    if options.config and options.model:
        parser.error("--config names the model and what it shall look at; leave both out")
    try:
        return finish(lambda: _run(*_asked(options), options.output, force=options.force))
    except KeyboardInterrupt:
        print_error("interrupted; nothing is written.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

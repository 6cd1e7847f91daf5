"""Read texts from files in one encoding; where it is another one, the line is named."""

import codecs
from collections.abc import Generator
from pathlib import Path

from modelyard.config.text_section import LARGEST
from modelyard.errors import UserError

LIKELY = "cp1252"  # what most files that are not UTF-8 are


class NotTextError(ValueError):
    """A file is not text in the encoding; the end of a sentence, with the line."""


def cleaned(text: str) -> str:
    """Return a text without a byte order mark, its lines ended as models know them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def problem(text: str) -> str | None:
    """Say why a text is not an example, the end of a sentence; None if it is one."""
    if not text.strip():
        return "the text is empty"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "the text has half a character, such as \\ud800"
    return too_large(size) if size > LARGEST else None


def too_large(size: int) -> str:
    """Say that a text is too large, and what would do."""
    return f"the text has {size:,} bytes, and {LARGEST:,} are allowed; shorten or split it"


def read_whole(file: Path, encoding: str) -> str:
    """Return the text of a file.

    Raises:
        NotTextError: it is not text in the encoding.
        ValueError: it is empty or too large; the end of a sentence.
        OSError: it cannot be read.
    """
    size = file.stat().st_size
    if size > LARGEST * 4:  # no encoding has more bytes for a character
        raise ValueError(too_large(size))
    text = cleaned("".join(lines_of(file, encoding)))
    if why := problem(text):
        raise ValueError(why)
    return text


def lines_of(file: Path, encoding: str) -> Generator[str]:
    """Yield the lines of a file, with their ends.

    Raises:
        NotTextError: a line is not text in the encoding.
    """
    try:
        with file.open(encoding=with_mark(encoding), newline="") as lines:
            for line in lines:
                if "\0" in line:
                    raise UnicodeError("it has a NUL")  # as UTF-16 read as UTF-8 has
                yield line
    except UnicodeError as error:
        why = getattr(error, "reason", None) or str(error)
        number = _first_wrong(file, encoding)
        raise NotTextError(
            f"line {number} is not text in {encoding} ({why}); set data.encoding in config.yaml "
            f"to the one that it has, perhaps {_likely(file, encoding)}, or save it anew"
        ) from None


def with_mark(encoding: str) -> str:
    """Return the encoding under whose name a byte order mark is not part of the text."""
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _first_wrong(file: Path, encoding: str) -> int:
    """Return the first line that cannot be decoded, or has what text has not."""
    with file.open(encoding=with_mark(encoding), errors="replace", newline="") as lines:
        wrong = (n for n, line in enumerate(lines, 1) if "\ufffd" in line or "\0" in line)
        return next(wrong, 1)


def _likely(file: Path, encoding: str) -> str:
    with file.open("rb") as raw:
        start = raw.read(4096)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start:
        return "utf-16"
    return LIKELY if codecs.lookup(encoding).name != LIKELY else "utf-8"


def check_root(root: Path) -> None:
    """Refuse a folder of data that is not there.

    Raises:
        UserError: it is not.
    """
    if not root.is_dir():
        raise UserError(
            f"{root} is not a folder; correct data.root in config.yaml, or `dvc pull` the data."
        )

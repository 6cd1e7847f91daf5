"""In which encoding a file is text."""

import codecs
from contextlib import suppress
from pathlib import Path

BLOCK = 2**20  # bytes in memory at once
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WIDE = 0.3  # of the bytes are NUL, on one side of each pair: UTF-16 without a mark


def encoding_of(file: Path, asked: object = None) -> str:
    """Return an encoding in which all of a file has a meaning: utf-8, one of utf-16, or cp1252.

    One that was asked for is taken, if Python knows it.

    Raises:
        OSError: it cannot be read.
    """
    with suppress(LookupError):
        if isinstance(asked, str) and codecs.lookup(asked):
            return asked
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as stream:
        part = stream.read(BLOCK)
        if part.startswith(MARKS):
            return "utf-16"
        if wide := _wide(part):
            return wide
        try:
            while part:
                decoder.decode(part)
                part = stream.read(BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def is_plain(file: Path) -> bool:
    """Whether a file holds only ASCII, which is the same in most encodings.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        while part := stream.read(BLOCK):
            if not part.isascii() or b"\0" in part:
                return False
    return True


def _wide(part: bytes) -> str:
    """Return which of UTF-16 without a mark a file begins with; an empty string if none."""
    half = len(part) // 2
    low, high = part[1::2].count(0), part[::2].count(0)
    if half and low > WIDE * half and low > 4 * high:
        return "utf-16-le"
    return "utf-16-be" if half and high > WIDE * half and high > 4 * low else ""

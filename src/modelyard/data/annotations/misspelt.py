"""Ways in which a file of annotations writes a name otherwise than the file system does."""

import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _slashes(text: str) -> str:
    return text.replace("\\", "/")


CAUSES: tuple[tuple[Callable[[str], str], str], ...] = (
    (_nfc, "its accents are one character there (NFC), two in the annotations (NFD)"),
    (_nfd, "its accents are two characters there (NFD), one in the annotations (NFC)"),
    (unquote, "the annotations write it percent-encoded"),
    (_slashes, "the annotations write backslashes for /"),
    (lambda text: _slashes(unquote(text)), "the annotations write it percent-encoded"),
    (lambda text: _nfc(_slashes(text)), "the annotations write backslashes, and accents as NFD"),
    (lambda text: _nfd(_slashes(text)), "the annotations write backslashes, and accents as NFC"),
    (lambda text: _nfc(unquote(text)), "the annotations write it percent-encoded, as NFD"),
    (lambda text: _nfd(unquote(text)), "the annotations write it percent-encoded, as NFC"),
)


def spellings(written: str) -> Iterator[tuple[str, str]]:
    """Yield how a name may be spelt instead, with the cause in words."""
    for change, why in CAUSES:
        other = change(written)
        if other != written:
            yield other, why

"""Tokens of a text, exactly as `keras.layers.TextVectorization` cuts it, without TensorFlow."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from modelyard.errors import UserError
from modelyard.files import whole_file

VOCABULARY = "vocabulary.txt"
RESERVED = 2  # what fills up a short text is 0, and every unknown token is 1
PUNCTUATION = re.compile(rb"""[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~']""")  # Keras's own
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # a token is one line of the file
WRITTEN = {written: token for token, written in ESCAPES.items()}
ESCAPED = re.compile(r"\\.")


@dataclass(frozen=True)
class Tokens:
    """How a text is cut: the keys of `data` in config.yaml that say so."""

    tokens: Literal["words", "characters"]
    ngrams: int
    standardize: str

    @classmethod
    def of(cls, settings: Any) -> "Tokens":
        """Take them from the section `data`, or from a manifest's settings."""
        if isinstance(settings, Mapping):
            return cls(settings["tokens"], settings["ngrams"], settings["standardize"])
        return cls(settings.tokens, settings.ngrams, settings.standardize)

    @property
    def settings(self) -> dict[str, Any]:
        """As the manifest has them."""
        return asdict(self)

    @property
    def layer(self) -> dict[str, Any]:
        """The arguments of `TextVectorization` that mean the same."""
        return {
            "standardize": None if self.standardize == "none" else self.standardize,
            "split": "whitespace" if self.tokens == "words" else "character",
            "ngrams": self.ngrams if self.ngrams > 1 else None,
        }

    def cut(self, text: bytes) -> list[bytes]:
        """Return the tokens of a text of UTF-8; pairs follow all single ones, and so on."""
        if self.standardize.startswith("lower"):
            text = text.lower()  # of bytes: A to Z alone
        if self.standardize.endswith("punctuation"):
            text = PUNCTUATION.sub(b"", text)
        single = text.split() if self.tokens == "words" else [one.encode() for one in text.decode()]
        found = list(single)
        for width in range(2, self.ngrams + 1):
            found += [b" ".join(single[i : i + width]) for i in range(len(single) - width + 1)]
        return found

    def count(self, texts: Iterable[bytes]) -> Counter[bytes]:
        """Return how often each token is in the texts."""
        found = Counter[bytes]()
        for text in texts:
            found.update(self.cut(text))
        return found


def most_frequent(counts: Counter[bytes], size: int) -> list[str]:
    """Return the tokens that a vocabulary of `size` knows, as `adapt` of Keras would order them.

    Of equally frequent ones, those that sort last come first.
    """
    order = sorted(counts.items(), key=lambda item: (item[1], item[0]), reverse=True)
    known = [token for token, _ in order if token not in (b"", b"[UNK]")]
    return [token.decode() for token in known[: size - RESERVED]]


def write_vocabulary(file: Path, tokens: Iterable[str]) -> None:
    r"""Write one token per line; a line break in one is written as \n, a backslash as \\."""
    lines = ["".join(ESCAPES.get(mark, mark) for mark in token) + "\n" for token in tokens]
    with whole_file(file) as temporary:
        temporary.write_bytes("".join(lines).encode())


def read_vocabulary(file: Path) -> list[str]:
    """Read the tokens of a vocabulary, in the order of 2, 3, ….

    Raises:
        UserError: it is missing, empty, not UTF-8, or has a token twice.
    """
    try:
        lines = file.read_bytes().decode().removesuffix("\n").split("\n")
    except (FileNotFoundError, UnicodeDecodeError):
        lines = [""]
    tokens = [ESCAPED.sub(lambda found: WRITTEN.get(found[0], found[0]), one) for one in lines]
    if "" in tokens or len({*tokens}) < len(tokens):
        raise UserError(f"{file} is missing or damaged; run `dvc repro --force prepare`.")
    return tokens

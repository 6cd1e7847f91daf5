"""The vocabulary is what Keras would learn, and the encoder cuts texts as `prepare` did."""

import string
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from modelyard.data.text.tokens import (
    Tokens,
    most_frequent,
    read_vocabulary,
    write_vocabulary,
)
from modelyard.errors import UserError

MARKS = string.printable + "äöüÄÖÜßÇé日本語😀\u00a0\u2028\u0085\ufeff\x1c"
STANDARDIZE = ["none", "lower", "strip_punctuation", "lower_and_strip_punctuation"]


def texts() -> list[bytes]:
    generator = np.random.default_rng(1)
    found = ["".join(generator.choice([*MARKS], 80)) for _ in range(60)]
    return [one.encode() for one in [*found, "[UNK] a [UNK]", "one", "", " \n ", "a b a b a"]]


@pytest.mark.parametrize(
    ("tokens", "ngrams", "standardize"),
    [*product(["words", "characters"], [1], STANDARDIZE), ("words", 2, "none"),
     ("characters", 3, "lower")],
)  # fmt: skip
def test_the_vocabulary_is_the_one_that_keras_adapts(
    tokens: Any, ngrams: int, standardize: str
) -> None:
    found = Tokens(tokens, ngrams, standardize)
    layer = keras.layers.TextVectorization(max_tokens=60, **found.layer)
    layer.adapt(tf.constant(texts()))
    ours = most_frequent(found.count(texts()), 60)
    assert ours == layer.get_vocabulary()[2:]
    known = {token.encode(): position for position, token in enumerate(ours, 2)}
    for text, positions in zip(texts(), layer(tf.constant(texts())).numpy(), strict=True):
        cut = [known.get(token, 1) for token in found.cut(text)]
        assert cut == positions[: len(cut)].tolist()
        assert not positions[len(cut) :].any()


def test_a_vocabulary_is_read_as_it_was_written(tmp_path: Path) -> None:
    tokens = ["\n", "\r", "\\", "\\n", " ", "a b", "\u2028", "ü", "\x0b"]
    write_vocabulary(tmp_path / "vocabulary.txt", tokens)
    assert read_vocabulary(tmp_path / "vocabulary.txt") == tokens


@pytest.mark.parametrize("content", [None, b"", b"a\nb\na\n", b"a\n\nb\n", b"\xff\n"])
def test_a_damaged_vocabulary_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "vocabulary.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match="is missing or damaged; run `dvc repro --force prepare`"):
        read_vocabulary(file)

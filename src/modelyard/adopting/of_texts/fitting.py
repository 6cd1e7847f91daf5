"""How texts are cut, by what they look like."""

from collections.abc import Sequence
from typing import Any

FEW_SPACES = 20  # characters between white space, on average: no words, as in Chinese
PART = 0.95  # of the texts are to be seen whole
LEAST, MOST = 16, 512  # tokens of a text that a model sees
CHARACTERS = 1024
KNOWN_CHARACTERS = 5000


def cut(texts: Sequence[str]) -> dict[str, Any]:
    """Return how the texts are cut into tokens, and how many of these a model sees."""
    words = [len(text.split()) for text in texts]
    characters = sum(map(len, texts))
    if characters > FEW_SPACES * max(1, sum(words)):
        most = _enough([len(text) for text in texts], CHARACTERS)
        return {
            "tokens": "characters", "standardize": "none", "max_tokens": most,
            "vocabulary_size": KNOWN_CHARACTERS,
        }  # fmt: skip
    return {"max_tokens": _enough(words, MOST)}


def _enough(lengths: Sequence[int], most: int) -> int:
    """Return the power of two that is enough for most texts."""
    longest = sorted(lengths)[int(PART * (len(lengths) - 1))] if lengths else 1
    return int(min(most, max(LEAST, 2 ** (max(1, longest) - 1).bit_length())))

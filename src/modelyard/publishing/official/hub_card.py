"""The card that the Hugging Face Hub shows of a repository: README.md at its root."""

from pathlib import Path
from typing import Any

from modelyard.stores import bucket_of, scheme
from modelyard.strict_yaml import parse_yaml

from .target import Target

CARD = "README.md"
FENCE = "---\n"


def show_card(target: Target, model: str, card: Path) -> bool:
    """Make a model's card that of its repository; say whether it was changed.

    A card that people or another model's publisher wrote there stays.
    """
    if scheme(target.url) != "hf" or bucket_of(target.url) != target.url:
        return False
    there = target.read(CARD)
    if there == card.read_bytes() or not _is_ours(there, model):
        return False
    target.replace(card, CARD)
    return True


def _is_ours(card: bytes | None, model: str) -> bool:
    """Say whether a card is missing, empty, as the Hub makes it, or of this model."""
    _, _, rest = (card or b"").decode("utf-8", "replace").partition(FENCE)
    head, _, body = rest.partition(FENCE)
    if not card or (head and not body.strip()):
        return True
    try:
        document: Any = parse_yaml(head)
        return bool(document["model-index"][0]["name"] == model)
    except (ValueError, TypeError, LookupError):
        return False

"""Texts of three languages in a few words, and configurations that read them."""

from pathlib import Path
from typing import Any

from modelyard.config.text_section import TextData

WORDS = {"english": "the quick fox and", "german": "der schnelle Fuchs und", "french": "le renard"}
SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def config(root: Path, form: str, **keys: Any) -> TextData:
    """Return the section `data` for texts below a folder in the working directory."""
    document = {
        "task": "text_classification", "format": form, "root": str(root), "splits": SHARES,
        "processed": "prepared", "seed": 1,
    }  # fmt: skip
    return TextData.model_validate(document | keys)


def rows(count: int = 10) -> list[tuple[str, str]]:
    """Return pairs (text, class) of which no two are equal."""
    return [(f"{words} {n}", label) for label, words in WORDS.items() for n in range(count)]

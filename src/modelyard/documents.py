"""Nested values, as JSON and YAML hold them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import lru_cache, wraps
from typing import Any

LARGEST = 2**15  # characters of a text whose values are remembered


def remembered(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make a function from text to values parse an equal text once, and return a copy each time.

    A command reads the configuration files of all models several times.
    """
    once = lru_cache(maxsize=2048)(parse)

    @wraps(parse)
    def parsed(text: str) -> Any:
        return parse(text) if len(text) > LARGEST else deepcopy(once(text))

    return parsed


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested mappings by dotted key; those of single classes are left out."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            if key != "per_class":
                yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def gaps(metrics: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return each metric that both splits have: its value on train and on test."""
    train, test = (dict(flat(metrics.get(split) or {})) for split in ("train", "test"))
    numbers = (int, float)
    return {
        key: (value, other)
        for key, value in train.items()
        if isinstance(value, numbers) and isinstance(other := test.get(key), numbers)
    }


def fingerprint(document: object) -> str:
    """Return the hexadecimal SHA-256 of a JSON document; the order of keys does not matter."""
    canonical = json.dumps(document, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()

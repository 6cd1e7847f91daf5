"""Mistakes that a configuration file can have, made one at a time: the text of the file with it."""

import copy
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Place = tuple[str | int, ...]


class Raw(str):
    """YAML as it stands, in the place of a value."""

    __slots__ = ()


REMOVED = object()
VALUES: dict[str, object] = {
    "removed": REMOVED,
    "null": None,
    "text": "banana",
    "empty text": "",
    "whole number": 7,
    "zero": 0,
    "negative": -5,
    "half": 0.5,
    "true": True,
    "list": [],
    "list of null": [None],
    "list of lists": [[1, [2]], {"a": None}],
    "mapping": {},
    "foreign mapping": {"a": 1, "b": [2]},
    "mapping by numbers": Raw("{1: a, null: b, 2.5: c, true: d}"),
    "mapping by a list": Raw("{? [a, b] : c}"),
    "huge": 10**30,
    "2^63": 2**63,
    "beyond floats": 10**400,
    "endless digits": Raw("9" * 5000),
    "large float": 1e300,
    "overflow": Raw("1e999"),
    "tiny": 5e-324,
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "long text": "x" * 10_000,
    "odd text": "a\u0000b\U0001f600\u2028\n",
    "date": Raw("2026-01-02"),
    "no date": Raw("2026-13-45"),
    "set": Raw("!!set {a, b}"),
    "bytes": Raw("!!binary aGVsbG8="),
    "foreign tag": Raw("!mine x"),
    "self": Raw("&self [*self]"),
    "unknown alias": Raw("*nowhere"),
    "open bracket": Raw("[1, 2"),
    "tab": Raw("\n\tx: 1"),
    "path above": "../..",
    "whole path": "/etc/passwd",
    "template": "${unknown.key}",
}
KEYS = ("misspelt", "duplicate", "upper case", "merge")


@dataclass(frozen=True)
class Mistake:
    """One mistake: where, what, and the text of the file that has it."""

    place: Place
    kind: str
    text: str

    @property
    def key(self) -> str:
        """The last name on the way to the place."""
        return next((str(part) for part in reversed(self.place) if isinstance(part, str)), "")


def mistakes(document: Any) -> Iterator[Mistake]:
    """Yield every mistake at every place of a document."""
    for place in places(document):
        for kind, value in VALUES.items():
            yield Mistake(place, kind, emit(_replaced(document, place, value)))
        for kind in KEYS if place and isinstance(place[-1], str) else ():
            yield Mistake(place, kind, emit(_renamed(document, place, kind)))


def places(node: Any, here: Place = ()) -> Iterator[Place]:
    """Yield the way to every value, also to sections and to the whole."""
    yield here
    items: Any = node.items() if isinstance(node, dict) else ()
    for key, inner in enumerate(node) if isinstance(node, list) else items:
        yield from places(inner, (*here, key))


def emit(node: Any, indent: str = "") -> str:
    """Return a document as YAML: mappings as blocks, all else on one line."""
    if not isinstance(node, dict) or not node:
        return f"{flow(node)}\n"
    lines = []
    for key, value in node.items():
        block = isinstance(value, dict) and value
        inner = f"\n{emit(value, indent + '  ')}" if block else f" {flow(value)}\n"
        lines.append(f"{indent}{_name(key)}:{inner}")
    return "".join(lines)


def flow(node: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, float) and not math.isfinite(node):
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[str(node)]
    if isinstance(node, list):
        return f"[{', '.join(map(flow, node))}]"
    if isinstance(node, dict):
        return f"{{{', '.join(f'{_name(key)}: {flow(one)}' for key, one in node.items())}}}"
    return json.dumps(node)


def _name(key: object) -> str:
    return str(key) if isinstance(key, Raw) else json.dumps(str(key))


def _replaced(document: Any, place: Place, value: object) -> Any:
    if not place:
        return {} if value is REMOVED else value
    changed = copy.deepcopy(document)
    holder = _at(changed, place[:-1])
    if value is REMOVED:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return changed


def _renamed(document: Any, place: Place, kind: str) -> Any:
    """Return the document with another key, or one more, at a place."""
    changed = copy.deepcopy(document)
    holder = _at(changed, place[:-1])
    key, entries = place[-1], list(holder.items())
    holder.clear()
    for name, value in entries:
        if name != key:
            holder[name] = value
        elif kind in ("misspelt", "upper case"):
            holder[f"{name}x" if kind == "misspelt" else str(name).upper() + "_"] = value
        elif kind == "merge":  # beside which ruamel drops the first of two equal keys
            holder |= {Raw("<<"): Raw("{only_merged: 1}"), name: value}
            holder |= {Raw(json.dumps(name)): value}
        else:
            holder |= {name: value, Raw(json.dumps(name)): value}
    return changed


def _at(node: Any, place: Sequence[str | int]) -> Any:
    for part in place:
        node = node[part]
    return node

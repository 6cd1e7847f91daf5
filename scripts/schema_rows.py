"""A pydantic class as rows of a table: keys, types, limits, defaults and what they are for."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from modelyard.config.section import Section

Schema = dict[str, Any]
TYPES = {
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
PATTERNS = {
    r"^https://": "begins with https://",
    r"^[^\r\n]+$": "one line",
    r"^[a-z][a-z0-9_]*(\.py|/)$": "the name of a module, `x.py`, or of a folder, `x/`",
}
# Read in a form of their own before the schema looks at them.
READ_BEFORE = {
    "NAME.env": "`local`, a name of environments.yaml, or a list of them",
    "NAME.metrics": "limits by metric, see [Model tests](../model_tests.md#limits)",
}

APART = ("data",)  # sections whose keys stand in tables of their own


@dataclass(frozen=True)
class Row:
    """One key; everything is Markdown."""

    key: str
    kind: str
    default: str
    why: str


def rows(section: type[Section], prefix: str = "") -> Iterator[Row]:
    """Yield a row for every key that a section may hold, those of sections in it included."""
    schema = section.model_json_schema()
    yield from _Walk(schema.get("$defs", {})).section(schema, section, prefix)


@dataclass(frozen=True)
class _Walk:
    definitions: dict[str, Schema]

    def section(self, schema: Schema, section: type[Section], prefix: str) -> Iterator[Row]:
        said = _attributes(section)
        for name, one in schema.get("properties", {}).items():
            key = f"{prefix}{name}"
            why = said.get(name, "")
            required = name in schema.get("required", [])
            default = "required" if required else _shown(one.get("default"))
            yield from self.key(Row(key, READ_BEFORE.get(key) or self.kind(one), default, why), one)

    def key(self, row: Row, schema: Schema) -> Iterator[Row]:
        """Yield the row of a key, then those of the keys below it."""
        inner, prefix = self.below(schema, row.key)
        if row.key in (*READ_BEFORE, *APART) or not inner:
            yield row
            return
        names = [one["$ref"].rpartition("/")[2] for one in inner]
        summary = _summary(_class(names[0])) if len(names) == 1 else ""
        found = [list(self.section(self.definitions[n], _class(n), prefix)) for n in names]
        own = any(one.default == "required" for one in found[0]) or row.default == "none"
        default = row.default if own else "those below"
        yield replace(row, why=row.why or summary, default=default)
        yield from _merged(found, names)

    def below(self, schema: Schema, key: str) -> tuple[list[Schema], str]:
        """Return the sections that a key may hold, and what stands before their keys."""
        if "$ref" in schema:
            return [schema], f"{key}."
        for union in ("anyOf", "oneOf"):
            parts = [part for part in schema.get(union, []) if part.get("type") != "null"]
            if parts and all("$ref" in part for part in parts):
                return parts, f"{key}."
            if len(parts) == 1:
                return self.below(parts[0], key)
        if "$ref" in schema.get("items", {}):
            return [schema["items"]], f"{key}[]."
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and "$ref" in values:
            return [values], f"{key}.NAME."
        return [], key

    def kind(self, schema: Schema) -> str:
        """Say what a value may be, in words."""
        if "const" in schema or "enum" in schema:
            return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
        if "$ref" in schema:
            return "section"
        if parts := schema.get("anyOf") or schema.get("oneOf"):
            return _either(self.kind(part) for part in parts if part.get("type") != "null")
        if schema.get("type") == "array":
            return f"list of {_count(schema)}{_plural(self.kind(schema['items']))}"
        kind = "path" if schema.get("format") == "path" else TYPES[schema.get("type", "object")]
        limits = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema]
        limits += [PATTERNS[schema["pattern"]]] if "pattern" in schema else []
        return ", ".join([kind, *limits, *(["not empty"] if schema.get("minLength") else [])])


def _merged(variants: list[list[Row]], names: list[str]) -> Iterator[Row]:
    """Yield each key once; one that only some variants have says which."""
    found: dict[str, list[tuple[Row, str]]] = {}
    for variant, name in zip(variants, names, strict=True):
        for row in variant:
            found.setdefault(row.key, []).append((row, name.removesuffix("Tuning").lower()))
    for pairs in found.values():
        row = pairs[0][0]
        kind = _either(one.kind for one, _ in pairs)
        some = ", ".join(f"`{name}`" for _, name in pairs)
        yield replace(row, kind=kind if len(pairs) == len(variants) else f"{kind}; with {some}")


def _class(name: str) -> type[Section]:
    waiting: list[type[Section]] = [Section]
    while waiting:
        section = waiting.pop()
        if section.__name__ == name:
            return section
        waiting += section.__subclasses__()
    raise LookupError(name)


def _summary(section: type[Section]) -> str:
    text = " ".join((section.__doc__ or "").split("\n\n")[0].split())
    return re.sub(r"^`[^`]+` in [^:]+: ", "", text).rstrip(".")


def _attributes(section: type[Section]) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of each attribute."""
    found: dict[str, str] = {}
    for one in section.__mro__:
        _, _, said = (one.__doc__ or "").partition("Attributes:\n")
        for match in re.finditer(r"^ {8}(\w+): (.+(?:\n {12,}.+)*)", said, re.MULTILINE):
            found.setdefault(match[1], " ".join(match[2].split()).rstrip("."))
    return found


def _either(kinds: Iterable[str]) -> str:
    """Return the kinds, each once; a whole number is a number."""
    found = list(dict.fromkeys(kinds))
    return " or ".join(one for one in found if one != "whole number" or "number" not in found)


def _shown(default: object) -> str:
    return "none" if default is None or default in ([], {}) else f"`{json.dumps(default)}`"


def _count(schema: Schema) -> str:
    low, high = schema.get("minItems"), schema.get("maxItems")
    return f"{low} " if low is not None and low == high else ""


def _plural(kind: str) -> str:
    head, comma, rest = kind.partition(",")
    plurals = {"number": "numbers", "whole number": "whole numbers", "text": "texts"}
    plurals["section"] = "sections"
    return f"{plurals.get(head, head)}{comma}{rest}"

"""Turn pydantic's errors into sentences: file, key, value, what is allowed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modelyard.errors import did_you_mean

REASONS = {
    "missing": "is missing; add it",
    "model_attributes_type": "must be a name, or a section with keys of its own",
    "model_type": "must be a section with keys of its own",
}

TAGS = {  # what a section may be, by the key that says so
    "param_type": ("int", "float", "boolean", "choice"),
    "name": ("cosine", "exponential", "piecewise", "reduce_on_plateau"),
}


def explain(
    error: ValidationError,
    file: Path,
    document: dict[str, Any],
    schema: type[BaseModel],
    overridden: set[str],
) -> str:
    """Return one line per mistake; keys in `overridden` come from the command line."""
    lines = []
    for detail in error.errors(include_url=False):
        location = _location(document, detail["loc"])
        key = _dotted(location)
        source = "command line" if key in overridden else file
        lines.append(f"{source}: {key}{_reason(detail, location, schema)}.")
    return "\n".join(lines)


def _dotted(location: Sequence[int | str]) -> str:
    """Return a key as DVC writes it, such as `params.augmentation[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _reason(detail: ErrorDetails, location: Sequence[int | str], schema: type[BaseModel]) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        known = _known_keys(schema, location[:-1])
        hint = did_you_mean(str(location[-1]), known)
        return f" is not a known key{hint}; allowed here: {', '.join(known)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f" {_tag(detail)}"
    if kind in REASONS and isinstance(value, dict):
        return f" {REASONS[kind]}"
    reason = REASONS.get(kind, detail["msg"].removeprefix("Value error, "))
    reason = reason[0].lower() + reason[1:]
    about_all_of_it = kind == "value_error" and isinstance(value, dict)
    if about_all_of_it and not location:
        return reason
    return f": {reason}" if about_all_of_it else f" is {value!r}: {reason}"


def _tag(detail: ErrorDetails) -> str:
    """Say which kinds of a section there are."""
    context = detail.get("ctx", {})
    key, tag = str(context["discriminator"]).strip("'"), context.get("tag")
    known = str(context.get("expected_tags", ""))
    kinds = [one.strip("'") for one in known.split(", ")] if known else list(TAGS[key])
    hint = did_you_mean(str(tag), kinds) if tag else ""
    return f"needs a {key} of {', '.join(kinds[:-1])} or {kinds[-1]}{hint}"


def _location(document: Any, loc: Sequence[int | str]) -> list[int | str]:
    """Drop what pydantic adds to a location (names of union members), keep the file's keys."""
    found: list[int | str] = []
    for part in loc[:-1]:
        if _holds(document, part):
            document = document[part]
            found.append(part)
    if not loc:
        return found
    last = loc[-1]
    tags = [document.get("param_type"), document.get("name")] if isinstance(document, dict) else []
    named_by_pydantic = last in tags and last not in document
    return found if named_by_pydantic else [*found, last]


def _holds(document: Any, part: int | str) -> bool:
    if isinstance(document, list):
        return isinstance(part, int)
    return isinstance(document, dict) and part in document


def _known_keys(schema: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the keys allowed at a location, following the schema down to it."""
    models = [schema]
    for part in location:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields:
            models = [model for field in fields for model in _models(field.annotation)]
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections that an annotation may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for member in get_args(annotation) for model in _models(member)]

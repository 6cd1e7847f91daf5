"""Turn pydantic's errors into sentences: file, key, value, what is allowed."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modelyard.errors import did_you_mean, nearest

LONGEST = 200  # characters of a value that are shown
INPUT = "input should be "
ABSENT = ("missing", "extra_forbidden")  # the last part of their location is a key
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
    found: dict[tuple[str, str], list[str]] = {}
    details = error.errors(include_url=False)
    meant = {_meant(detail, schema, document) for detail in details}
    for detail in details:
        location = _location(document, detail)
        if detail["type"] == "missing" and _dotted(location) in meant:
            continue  # it is there, misspelt
        about, reason = _reason(detail, location, schema)
        reasons = found.setdefault((_dotted(location), about), [])
        if reason not in reasons:  # each kind of a union reports its own
            reasons.append(reason)
    return "\n".join(
        f"{'command line' if key in overridden else file}: {key}{about}{_either(reasons)}."
        for (key, about), reasons in found.items()
    )


def shown(value: object) -> str:
    """Return a value as a message shows it: as YAML writes it, and not all of a long one."""
    if isinstance(value, datetime.date):
        return str(value)
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[-LONGEST // 4 :]}"


def _meant(detail: ErrorDetails, schema: type[BaseModel], document: Any) -> str | None:
    """Return the key that an unknown one most likely is, dotted."""
    if detail["type"] != "extra_forbidden":
        return None
    *section, key = _location(document, detail)
    name = nearest(str(key), _known_keys(schema, section, detail["loc"]))
    return name and _dotted([*section, name])


def _either(reasons: Sequence[str]) -> str:
    first, *others = reasons
    return " or ".join([first, *(one.removeprefix(INPUT) for one in others)])


def _dotted(location: Sequence[int | str]) -> str:
    """Return a key as DVC writes it, such as `params.augmentation[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _reason(
    detail: ErrorDetails, location: Sequence[int | str], schema: type[BaseModel]
) -> tuple[str, str]:
    """Return what a mistake is about, and what is wrong with that."""
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        known = _known_keys(schema, location[:-1], detail["loc"])
        hint = did_you_mean(str(location[-1]), known)
        return "", f" is not a known key{hint}; allowed here: {', '.join(known)}"
    if kind == "invalid_key":
        space = " " if location else ""
        return "", f"{space}has the key {shown(value)}, which is not a text; put it in quotes"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return "", f" {_tag(detail)}"
    if kind in REASONS and isinstance(value, dict):
        return "", f" {REASONS[kind]}"
    reason = REASONS.get(kind, detail["msg"].removeprefix("Value error, "))
    reason = reason[0].lower() + reason[1:]
    about_all_of_it = kind == "value_error" and isinstance(value, dict)
    if about_all_of_it and not location:
        return "", reason
    return (": ", reason) if about_all_of_it else (f" is {shown(value)}: ", reason)


def _tag(detail: ErrorDetails) -> str:
    """Say which kinds of a section there are."""
    context = detail.get("ctx", {})
    key, tag = str(context["discriminator"]).strip("'"), context.get("tag")
    known = str(context.get("expected_tags", ""))
    kinds = [one.strip("'") for one in known.split(", ")] if known else list(TAGS[key])
    hint = did_you_mean(str(tag), kinds) if tag else ""
    return f"needs a {key} of {', '.join(kinds[:-1])} or {kinds[-1]}{hint}"


def _location(document: Any, detail: ErrorDetails) -> list[int | str]:
    """Keep of a location the keys of the file; pydantic adds the names of a union's members."""
    found: list[int | str] = []
    if not detail["loc"]:
        return found
    *outer, last = detail["loc"]
    for part in outer:
        if _holds(document, part):
            document = document[part]
            found.append(part)
    if detail["type"] in ABSENT or _holds(document, last):
        found.append(last)
    return found


def _holds(document: Any, part: int | str) -> bool:
    if isinstance(document, list):
        return isinstance(part, int) and part < len(document)
    return isinstance(document, dict) and part in document


def _known_keys(
    schema: type[BaseModel], location: Sequence[int | str], tags: Sequence[int | str]
) -> list[str]:
    """Return the keys allowed at a location, following the schema down to it.

    Of a union's members only that counts whose name pydantic has put among the `tags`.
    """
    models = [schema]
    for part in location:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields:
            models = [model for field in fields for model in _models(field.annotation)]
            models = [one for one in models if one.__name__ in tags] or models
    return list(dict.fromkeys(key for model in models for key in model.model_fields))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the sections that an annotation may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for member in get_args(annotation) for model in _models(member)]

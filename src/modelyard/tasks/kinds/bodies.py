"""Read the body of a request as JSON or text; each mistake is one sentence with what to send."""

import json
import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from modelyard.errors import UserError, did_you_mean

NAMED = 5  # keys in one sentence
TYPES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    type(None): "null",
}


def json_object(body: bytes, how: str) -> dict[str, Any]:
    """Return a JSON object; its numbers are finite.

    Args:
        body: the bytes of the request.
        how: what to send, the end of a sentence, see `Kind.HOW`.

    Raises:
        UserError: it is not JSON, not an object, or has a key twice, NaN or infinity.
    """
    try:
        found = json.loads(
            text_of(body, how), parse_constant=_refuse_constant, object_pairs_hook=_object,
            parse_float=_finite,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UserError(f"The JSON is not valid ({error.msg}, {place}): {how}.") from None
    except RecursionError:
        raise UserError(f"The JSON is nested too deeply: {how}.") from None
    except ValueError as error:
        raise UserError(f"The JSON cannot be used ({error}): {how}.") from None
    if not isinstance(found, dict):
        raise UserError(f"The JSON is {type_of(found)} where it must be an object: {how}.")
    return found


def check_keys(
    found: Mapping[str, Any], required: Iterable[str], known: Collection[str], how: str
) -> None:
    """Refuse an object that lacks a required key, or has one that is not known.

    Raises:
        UserError: the keys are named.
    """
    if strange := [key for key in found if key not in known]:
        hint = did_you_mean(strange[0], known)
        raise UserError(f"The JSON has the unknown {_keys(strange)}{hint}: {how}.")
    if missing := [key for key in required if key not in found]:
        raise UserError(f"The JSON lacks the {_keys(missing)}: {how}.")


def text_of(body: bytes, how: str) -> str:
    """Return bytes of UTF-8 as text, without a byte order mark.

    Raises:
        UserError: they are not UTF-8; which byte is not.
    """
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The text is not UTF-8 (byte {error.start + 1} is {body[error.start]:#04x}): {how}."
        ) from None


def check_text(text: str, key: str, how: str) -> str:
    r"""Return a text of a JSON document that UTF-8 can hold; \ud800 alone is half a character.

    Raises:
        UserError: it cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(f"{key!r} has half a character, such as \\ud800: {how}.") from None
    return text


def type_of(value: Any) -> str:
    """Return what a value of JSON is, for a sentence."""
    return TYPES.get(type(value), "a number")


def _keys(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:NAMED]))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"key{'s' if len(names) > 1 else ''} {shown}{more}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text[:20]} is too large for a number")
    return found

"""YAML 1.2 as DVC reads it, with one line on what is wrong, and nothing dropped in silence."""

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.reader import ReaderError

from .documents import remembered

DEEPEST = 100  # values within values
MERGE = "tag:yaml.org,2002:merge"
MOST_DIGITS = 308  # of a number; larger ones are infinite to all that calculates
TOO_LARGE = f"is a number of more than {MOST_DIGITS} digits"
TAB = re.compile(r" *\t")
HOLDS_ITSELF = "holds itself"
TOO_DEEP = "is nested too deep"


class _Constructor(SafeConstructor):
    """Refuses keys that stand twice, and says in which line a value is none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._checked: set[Any] = set()

    def flatten_mapping(self, node: Any) -> Any:
        """Merge `<<`; beside it, ruamel would take the last of two equal keys in silence."""
        if node not in self._checked:  # what an anchor names is merged more than once
            self._checked.add(node)
            _check_keys(node)
        return super().flatten_mapping(node)

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return a value; whatever cannot be made is named by line."""
        try:
            return super().construct_object(node, deep=deep)
        except (YAMLError, RecursionError):
            raise
        except Exception as error:  # ruamel lets through whatever Python raises
            raise ConstructorError(None, None, _no_value(node), node.start_mark) from error


@remembered
def parse_yaml(text: str) -> Any:
    """Return the one document of a text: `1e-05` is a number, `yes` a string.

    Raises:
        ValueError: it is not YAML, or holds what no configuration can: the reason, on one line.
    """
    yaml = YAML(typ="safe")
    yaml.Constructor = _Constructor
    try:
        document = yaml.load(text)
        _check_values(document, "", set())
    except RecursionError:
        raise ValueError(f"a value {TOO_DEEP}") from None
    except MarkedYAMLError as error:
        raise ValueError(_marked(error, text)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = f"U+{ord(text[error.position]):04X}"
        raise ValueError(f"line {line}: YAML has no character {character}; remove it") from None
    except Exception as error:  # what cannot be constructed raises errors of many kinds
        raise ValueError(" ".join(str(error).split())) from None
    return document


def _check_keys(node: MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode) and key.tag != MERGE:
            if (key.tag, key.value) in seen:
                what = f"the key {key.value!r} stands twice; keep one of them"
                raise ConstructorError(None, None, what, key.start_mark)
            seen.add((key.tag, key.value))


def _no_value(node: Any) -> str:
    kind = str(node.tag).rpartition(":")[2]
    if not isinstance(node, ScalarNode):
        return f"this is not a valid {kind}"
    if kind == "int" and len(node.value) > MOST_DIGITS:
        return f"this {TOO_LARGE}"
    return f"{node.value!r} is not a valid {kind}"


def _marked(error: MarkedYAMLError, text: str) -> str:
    """Return what is wrong and in which line; ruamel says it in four lines."""
    mark = error.problem_mark or error.context_mark
    said = " ".join(str(error.problem or error.context).split())
    if said.startswith("but "):
        said = f"{error.context} {said}"
    lines = text.splitlines()
    if mark and mark.line < len(lines) and TAB.match(lines[mark.line]):
        said = "a tab cannot indent; write spaces"
    return f"line {mark.line + 1}: {said}" if mark else said


def _check_values(value: Any, place: str, checked: set[int], above: tuple[int, ...] = ()) -> None:
    """Raise ValueError at a value that holds itself, and at a number that is beyond floats."""
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        raise ValueError(f"{place or 'the value'} {TOO_LARGE}")
    if not isinstance(value, dict | list) or id(value) in checked:
        return  # aliases put one value in many places
    if id(value) in above:
        raise ValueError(f"{place} {HOLDS_ITSELF}")
    if len(above) == DEEPEST:
        raise ValueError(f"{re.split(r'[.[]', place, maxsplit=1)[0]} {TOO_DEEP}")
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        part = f"[{key}]" if isinstance(value, list) else f".{key}" if place else f"{key}"
        _check_values(inner, f"{place}{part}", checked, (*above, id(value)))
    checked.add(id(value))

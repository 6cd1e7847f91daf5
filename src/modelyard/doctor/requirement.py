"""Requirements as pyproject.toml and requirements.txt have them, with the standard library only.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[([^]]*)\])?\s*\(?([^;@()]*)\)?\s*(;.*)?$")
CLAUSE = re.compile(r"^(~=|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?")
RELEASE = re.compile(r"^v?(\d+(?:\.\d+)*)")
EXTRA = re.compile(r"""^;\s*extra\s*==\s*["']([\w.-]+)["']$""")


@dataclass(frozen=True)
class Requirement:
    """One package that something needs.

    Attributes:
        name: as an index normalises it.
        extras: which parts of it.
        versions: such as `>=3.67,<4`; empty for all.
        extra: of whose extra it is, empty if it is always needed.
    """

    name: str
    extras: frozenset[str]
    versions: str
    extra: str = ""


def normalized(name: str) -> str:
    """Return a name as an index normalises it: `ruamel.yaml` is `ruamel-yaml`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    """Yield what lines require; those of options, files and other systems are left out."""
    for line in lines:
        found = REQUIREMENT.match(line.partition(" #")[0].strip())
        marker = EXTRA.match(found[4].strip()) if found and found[4] else None
        if found and (marker or not found[4]):
            extras = frozenset(normalized(one) for one in (found[2] or "").split(",") if one)
            extra = normalized(marker[1]) if marker else ""
            yield Requirement(normalized(found[1]), extras, found[3].strip(), extra)


def fits(version: str, versions: str) -> bool:
    """Say whether a version is one of those asked for; what cannot be read is no obstacle."""
    found = RELEASE.match(version)
    return found is None or all(
        _fits(_numbers(found[1]), *clause.groups())
        for clause in map(CLAUSE.match, map(str.strip, versions.split(",")))
        if clause
    )


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]


def _fits(version: list[int], operator: str, text: str, any_end: str | None) -> bool:
    wanted = _numbers(text)
    if any_end or operator == "~=":
        start = wanted if any_end else wanted[:-1]
        same = version[: len(start)] == start
        if operator == "~=":
            return same and version >= wanted
        return same if operator == "==" else not same
    length = max(len(version), len(wanted))
    one, other = (numbers + [0] * (length - len(numbers)) for numbers in (version, wanted))
    return {
        "==": one == other,
        "!=": one != other,
        "<=": one <= other,
        ">=": one >= other,
        "<": one < other,
        ">": one > other,
    }[operator]

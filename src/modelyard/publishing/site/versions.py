"""Which folder, title and alias a release gets, by the versions that are deployed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

STABLE = "stable"


@dataclass(frozen=True)
class Deployment:
    """One version of the site, and what changes around it.

    Attributes:
        key: its folder; all patches of a MAJOR.MINOR have the same.
        title: what the version selector shows.
        stable: whether it becomes `stable`, or stays so.
        retitled: new titles of other versions by key.
    """

    key: str
    title: str
    stable: bool = False
    retitled: dict[str, str] = field(default_factory=dict)


LATEST = Deployment("~latest", "latest")


def release(version: str, deployed: Sequence[dict[str, Any]]) -> Deployment | None:
    """Return how a release is deployed, None if a later patch of its MAJOR.MINOR is there.

    Args:
        version: MAJOR.MINOR.PATCH.
        deployed: what `mike list --json` says of the versions that are there.
    """
    number = _number(version)
    key = f"v{number[0]}.{number[1]}"
    others = {one["version"]: one for one in deployed if one["version"] != LATEST.key}
    if key in others and _number(others[key]["title"]) > number:
        return None
    if any(_number(one["title"]) > number for one in others.values()):
        return Deployment(key, f"v{version}")
    before = [one for one in others.values() if STABLE in one["aliases"] and one["version"] != key]
    retitled = {one["version"]: one["title"].split()[0] for one in before}
    return Deployment(key, f"v{version} ({STABLE})", stable=True, retitled=retitled)


def _number(title: str) -> tuple[int, ...]:
    """Return the version that a title such as `v1.4.0 (stable)` shows, to be compared."""
    return tuple(map(int, re.findall(r"\d+", title)[:3]))

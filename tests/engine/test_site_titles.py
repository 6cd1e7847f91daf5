"""Which folder, title and alias a release of the site gets."""

from typing import Any

import pytest

from modelyard.publishing.site.versions import Deployment, release


def shown(key: str, title: str, *aliases: str) -> dict[str, Any]:
    return {"version": key, "title": title, "aliases": list(aliases)}


def stable(key: str, title: str, retitled: dict[str, str] | None = None) -> Deployment:
    return Deployment(key, title, stable=True, retitled=retitled or {})


LATEST = shown("~latest", "latest")
ONE = shown("v1.0", "v1.0.1 (stable)", "stable")
TWO = [LATEST, shown("v1.10", "v1.10.0 (stable)", "stable"), shown("v1.9", "v1.9.3")]


@pytest.mark.parametrize(
    ("version", "deployed", "expected"),
    [
        ("1.0.0", [], stable("v1.0", "v1.0.0 (stable)")),
        ("1.0.0", [LATEST], stable("v1.0", "v1.0.0 (stable)")),
        ("1.0.2", [ONE], stable("v1.0", "v1.0.2 (stable)")),
        ("1.0.1", [ONE], stable("v1.0", "v1.0.1 (stable)")),
        ("1.1.0", [ONE], stable("v1.1", "v1.1.0 (stable)", {"v1.0": "v1.0.1"})),
        ("1.9.4", TWO, Deployment("v1.9", "v1.9.4")),
        ("1.8.0", TWO, Deployment("v1.8", "v1.8.0")),
        ("1.11.0", TWO, stable("v1.11", "v1.11.0 (stable)", {"v1.10": "v1.10.0"})),
        ("1.0.0", [ONE], None),
        ("1.9.2", TWO, None),
    ],
)
def test_a_release_gets_its_folder_title_and_alias(
    version: str, deployed: list[dict[str, Any]], expected: Deployment | None
) -> None:
    assert release(version, deployed) == expected

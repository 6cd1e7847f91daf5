"""Versions of a model: annotated Git tags `<model>@v<version>`, as GTO and DVC read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.git import commit, git, head
from modelyard.saved.official import OfficialConfig

FIRST = "v1.0.0"
VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Version:
    """A version of a model, and the commit that its tag names (None where nobody knows)."""

    number: str
    commit: str | None


def known(model: str, sha256: str, published: OfficialConfig | None) -> Version | None:
    """Return the version that a content has, by its tag or by official_models, or None.

    `published` is what official_models says; a clone may have it without the tags. A tag of that
    version for other content is somebody else's, who was first.
    """
    others = set()
    for version, message in _tags(model):
        if sha256 in message:
            return version
        others.add(version.number)
    if not published or published.sha256 != sha256 or published.version in {None, *others}:
        return None
    return Version(str(published.version), published.commit)


def following(model: str, published: OfficialConfig | None) -> Version:
    """Return the next minor version of a model, for the commit that is checked out."""
    numbers = [version.number for version, _ in _tags(model)]
    numbers += [published.version] if published and published.version else []
    if not numbers:
        return Version(FIRST, head())
    major, minor, _ = max(map(_numbers, numbers))
    return Version(f"v{major}.{minor + 1}.0", head())


def exists(model: str, number: str) -> bool:
    """Say whether a version has its tag."""
    return any(version.number == number for version, _ in _tags(model))


def tag(model: str, number: str, checkpoint: str, sha256: str) -> str:
    """Tag HEAD; return the tag.

    Raises:
        UserError: Git refuses; `check_identity` has asked before.
    """
    name = f"{_artifact(model)}@{number}"
    git("tag", "--annotate", "--message", f"{checkpoint}\n\nsha256: {sha256}", name)
    return name


def _tags(model: str) -> Iterator[tuple[Version, str]]:
    """Yield the versions of a model with what was written about them."""
    if commit() is None:
        return
    artifact = _artifact(model)
    fields = "%(refname:strip=2)%00%(*objectname)%00%(objectname)%00%(contents)%01"
    listed = git("for-each-ref", f"refs/tags/{artifact}@v*", f"--format={fields}")
    for entry in filter(None, map(str.strip, listed.split("\x01"))):
        name, annotated, itself, message = entry.split("\0", 3)
        number = name.removeprefix(f"{artifact}@")
        if VERSION.fullmatch(number):
            yield Version(number, annotated or itself), message


def _artifact(model: str) -> str:
    """Return the model's name in tags: with the folder, where the project is not all of its Git."""
    folder = git("rev-parse", "--show-prefix").strip().rstrip("/")
    return f"{folder}={model}" if folder else model


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = VERSION.fullmatch(version).groups()  # type: ignore[union-attr]
    return int(major), int(minor), int(patch)

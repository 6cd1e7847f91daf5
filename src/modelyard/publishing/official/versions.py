"""Versions of a model: annotated Git tags `<model>@v<version>`, as GTO and DVC read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.errors import UserError
from modelyard.git import commit, git, run_git
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import OfficialConfig, parsed
from modelyard.strict_yaml import parse_yaml

FIRST = "v1.0.0"
VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Version:
    """A version of a model, and the commit that it was trained at (None where nobody knows)."""

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
            return Version(version.number, _trained_at(model, version, sha256))
        others.add(version.number)
    if not published or published.sha256 != sha256 or published.version in {None, *others}:
        return None
    return Version(str(published.version), published.commit)


def following(model: str, published: OfficialConfig | None, trained_at: str | None) -> Version:
    """Return the next minor version of a model, for what was trained at a commit."""
    numbers = [version.number for version, _ in _tags(model)]
    numbers += [published.version] if published and published.version else []
    if not numbers:
        return Version(FIRST, trained_at)
    major, minor, _ = max(map(_numbers, numbers))
    return Version(f"v{major}.{minor + 1}.0", trained_at)


def exists(model: str, number: str) -> bool:
    """Say whether a version has its tag."""
    return any(version.number == number for version, _ in _tags(model))


def tag(model: str, number: str, checkpoint: str, sha256: str, commit: str) -> str:
    """Tag the commit that describes a version; return the tag.

    Raises:
        UserError: Git refuses; `check_identity` has asked before.
    """
    name = f"{_artifact(model)}@{number}"
    git("tag", "--annotate", "--message", f"{checkpoint}\n\nsha256: {sha256}", name, commit)
    return name


def commit_of(model: str, number: str) -> str:
    """Return the commit that a version's tag names.

    Raises:
        UserError: this clone lacks the tag.
    """
    found = [version.commit for version, _ in _tags(model) if version.number == number]
    if not found or found[0] is None:
        raise UserError(
            f"This clone lacks the tag {_artifact(model)}@{number}; `git fetch --tags`."
        )
    return found[0]


def assign(model: str, number: str, stage: str) -> str | None:
    """Tag the commit of a version with a stage, as `gto assign`; None if its last tag does.

    Raises:
        UserError: Git refuses, or the version has no tag here.
    """
    target, artifact = commit_of(model, number), _artifact(model)
    count, last = 0, None
    for name, named in _stage_tags(artifact):
        at = int(name.rpartition("#")[2])
        if at > count and name.startswith((f"{artifact}#{stage}#", f"{artifact}#{stage}!#")):
            last = None if "!" in name else named
        count = max(count, at)
    if last == target:
        return None
    tag = f"{artifact}#{stage}#{count + 1}"  # GTO counts all stages of an artifact together
    said = f"Assigning stage {stage} to artifact {artifact} version {number}"
    git("tag", "--annotate", "--message", said, tag, target)
    return tag


def deregister(model: str, number: str, why: str) -> str | None:
    """Tag a version as one not to use, as `gto deprecate`; None if it has that tag.

    Raises:
        UserError: Git refuses, or the version has no tag here.
    """
    tag = f"{_artifact(model)}@{number}!"
    if git("tag", "--list", tag).strip():
        return None
    git("tag", "--annotate", "--message", why, tag, commit_of(model, number))
    return tag


def _stage_tags(artifact: str) -> Iterator[tuple[str, str]]:
    """Yield the tags of a model's stages, as they were counted, with the commits they name."""
    listed = git(
        "for-each-ref", f"refs/tags/{artifact}#*", "--format=%(refname:strip=2) %(*objectname)"
    )
    found = [line.split(" ") for line in listed.splitlines()]
    numbered = [(name, commit) for name, commit in found if name.rpartition("#")[2].isdecimal()]
    yield from sorted(numbered, key=lambda one: int(one[0].rpartition("#")[2]))


def _trained_at(model: str, version: Version, sha256: str) -> str | None:
    """Return what the tagged commit says of its training; else itself: it once was that commit."""
    path = OFFICIAL_MODELS / model / "config.yaml"
    shown = run_git("show", f"{version.commit}:./{path.as_posix()}")
    try:
        official = parsed(path, parse_yaml(shown.stdout.decode()))
    except (UserError, ValueError):
        return version.commit
    return official.commit if official.sha256 == sha256 else version.commit


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

"""What publishing leaves in Git: a commit that describes the model, and the tag that names it.

The tag names that commit, so that a checkout of MODEL@vX.Y.Z holds the description of vX.Y.Z.
"""

from collections.abc import Iterator
from pathlib import Path

from modelyard.git import git
from modelyard.official.places import OFFICIAL_MODELS

from . import versions
from .committing import alone, commit_only, how_to_push
from .publication import Publication, published
from .template import TEMPLATES


def needs_tag(publication: Publication) -> bool:
    """Say whether the version has no tag yet, as far as this clone knows.

    A description that was committed and pushed has its tag elsewhere, or will have; one that was
    not pushed belongs to a publisher that was interrupted before the tag.
    """
    version, before = publication.official.version, published(publication.name)
    if version is None or not publication.traceable or versions.exists(publication.name, version):
        return False
    if not before or before.version != version:
        return True
    return not _pushed(_last_commit([OFFICIAL_MODELS / publication.name]))


def record(publication: Publication) -> Iterator[str]:
    """Write, commit and tag a model's description; yield a line for each step that was needed.

    Raises:
        UserError: Git refuses; the next run goes on from there.
    """
    with alone():
        written = publication.write_locally()
        names = " and ".join(map(str, written))
        if not publication.traceable or publication.official.version is None:
            if written:
                yield f"Wrote {names}; next: commit that."
            return
        if written:
            yield f"Wrote {names}."
        if made := _commit(publication):
            yield f"Committed {' and '.join(map(str, _paths(publication)))} as {made[:10]}."
        tag = _tag(publication)
        if made or tag:
            yield f"{f'Tagged {tag}; ' if tag else ''}next: {_next(publication, made, tag)}"
        if not tag and not versions.exists(publication.name, publication.official.version):
            name = f"{publication.name}@{publication.official.version}"
            yield f"This clone has no tag {name}; `git fetch --tags` brings it, if it was pushed."


def _paths(publication: Publication) -> list[Path]:
    return [OFFICIAL_MODELS / publication.name, TEMPLATES / f"{publication.name}.yaml"]


def _commit(publication: Publication) -> str | None:
    """Commit what describes the model and nothing else, whatever is staged; None if it is."""
    name, version = publication.name, publication.official.version
    then = f"commits it and tags {name}@{version}"
    return commit_only(_paths(publication), f"Publish {name} {version}", then)


def _tag(publication: Publication) -> str | None:
    """Tag the commit that describes the version; None if it has its tag."""
    official = publication.official
    if not needs_tag(publication) or official.version is None:
        return None
    target = _last_commit(_paths(publication))
    checkpoint, sha256 = official.public_checkpoint, official.sha256
    return versions.tag(publication.name, official.version, checkpoint, sha256, target)


def _next(publication: Publication, made: str | None, tag: str | None) -> str:
    """Return the commands that show all others what is here now."""
    push = how_to_push(made, tag)
    return push if publication.run.source or not push.startswith("git") else f"dvc push && {push}"


def _last_commit(paths: list[Path]) -> str:
    return git("log", "-1", "--format=%H", "--", *map(str, paths)).strip()


def _pushed(sha: str) -> bool:
    return bool(sha and git("for-each-ref", "--contains", sha, "refs/remotes"))

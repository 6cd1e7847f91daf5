"""Earlier versions of a project's official models: what its Git has of them."""

import re
from collections.abc import Iterator
from pathlib import Path

from modelyard.errors import UserError
from modelyard.files import whole_folder
from modelyard.git import git, run_git
from modelyard.strict_yaml import parse_yaml

from .cache import cache_folder, sole
from .naming import VERSION
from .record import OfficialConfig, parsed


def published_versions(path: Path) -> Iterator[tuple[str, OfficialConfig]]:
    """Yield the commit and content of an official config.yaml wherever a commit changed it.

    The newest are first; a commit whose file is gone or is not an official model's is left out.
    """
    listed = run_git("log", "--all", "--topo-order", "--format=%H", "--", str(path))
    for commit in listed.stdout.decode().split():
        content = _content(commit, path)
        if content is None:  # it was removed there
            continue
        try:
            yield commit, parsed(path, parse_yaml(content.decode()))
        except (UserError, ValueError):
            continue


def version_folder(path: Path, version: str) -> Path:
    """Return a folder of the cache with the files that described a version of a model.

    Raises:
        UserError: no commit here published it; which ones there are.
    """
    known = []
    for commit, official in published_versions(path):
        if official.version == version:
            return _extracted(commit, path, official)
        known.append(str(official.version))
    raise UserError(
        f"No commit here published {path.parent.name}@{version}; versions: "
        f"{', '.join(dict.fromkeys(known)) or 'none'}. `git fetch --unshallow --tags` brings those "
        "that this clone lacks."
    )


def tagged_here(model: str) -> list[str]:
    """Return the versions of a model whose tags name the commit that is checked out, newest first.

    Outside Git, or before the first commit, there are none.
    """
    prefix = run_git("rev-parse", "--show-prefix").stdout.decode().strip().rstrip("/")
    artifact = re.escape(f"{prefix}={model}" if prefix else model)
    listed = run_git("tag", "--points-at", "HEAD", "--sort=-version:refname")
    tag = re.compile(f"{artifact}@({VERSION.pattern})")
    return [
        found[1] for line in listed.stdout.decode().splitlines() if (found := tag.fullmatch(line))
    ]


def _extracted(commit: str, path: Path, official: OfficialConfig) -> Path:
    """Write what a commit has beside a config.yaml into the cache, beside the checkpoint there."""
    target = cache_folder() / official.public_checkpoint.removesuffix(".keras")
    with sole(target):
        made = target / path.name
        if not made.is_file() or made.read_bytes() != _content(commit, path):
            with whole_folder(target) as temporary:
                _write(commit, path.parent, temporary)
    return target


def _write(commit: str, folder: Path, target: Path) -> None:
    names = git("ls-tree", "-z", "--name-only", commit, f"{folder.as_posix()}/").split("\0")
    for path in map(Path, filter(None, names)):
        content = _content(commit, path)
        if content is not None:
            (target / path.name).write_bytes(content)


def _content(commit: str, path: Path) -> bytes | None:
    """Return a file as a commit has it; None if it is not a file there."""
    shown = run_git("cat-file", "blob", f"{commit}:./{path.as_posix()}")
    return None if shown.returncode else shown.stdout

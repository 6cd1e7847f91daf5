"""The index of a bucket, by which others find what is published there: `--zoo URL`."""

import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from modelyard.bars import bar, bars
from modelyard.errors import UserError
from modelyard.official.lifecycle import Withdrawal
from modelyard.official.record import DESCRIPTION, parsed
from modelyard.official.tombstones import TOMBSTONE
from modelyard.official.zoo import CARD, INDEX, NAME, Entry, Index, parse_index
from modelyard.stores import cause, file_system
from modelyard.strict_yaml import parse_yaml

from .sending import BucketOutcome
from .target import Target


def index_sent(outcomes: Sequence[BucketOutcome]) -> None:
    """List what was sent in the index of its bucket; without one only `--zoo` does not find it."""
    there = [one for one in outcomes if not one.error]
    for target in dict.fromkeys(one.target for one in there):
        mine = (one.publication.official for one in there if one.target == target)
        try:
            write_index(target, {official.public_checkpoint for official in mine})
        except UserError as error:
            print(f"warning: {error}", file=sys.stderr)


def write_index(target: Target, fresh: Collection[str] | None = None) -> int:
    """Write the index of all that is published in a bucket, unless it is that already.

    Only what the index before does not know is read, and the checkpoints named in `fresh`; None:
    everything is.

    Returns:
        How many versions it lists.

    Raises:
        UserError: the bucket cannot be listed, or its index cannot be written.
    """
    try:
        before = target.read(INDEX)
        known = _known(target.url, before) if fresh is not None else {}
        entries = [
            known[name] if name in known and name not in (fresh or ()) else _entry(target, name)
            for name in _checkpoints(target)
        ]
        _check_unique(target.url, entries)
        text = Index(models=entries).model_dump_json(indent=1).encode()
        if text != before:
            _send(target, text)
    except UserError:
        raise
    except Exception as error:  # whatever a library raises
        said = cause(target.url, error)
        raise UserError(f"{target.url}/{INDEX} could not be written: {said}.") from None
    return len(entries)


def _check_unique(url: str, entries: Sequence[Entry]) -> None:
    """Refuse two models of one name and version, as of two projects that share a bucket."""
    found: dict[str, str] = {}
    for entry in entries:
        name, file = f"{entry.model}@{entry.config.version}", entry.config.public_checkpoint
        if entry.config.version and found.setdefault(name, file) != file:
            raise UserError(
                f"{url} holds {name} twice, as {found[name]} and {file}, so its {INDEX} is not "
                "written; give each project a folder of its own."
            )


def _known(url: str, text: bytes | None) -> dict[str, Entry]:
    """Return the entries of an index by their checkpoints; a damaged one is made anew."""
    try:
        models = parse_index(url, text).models if text else []
    except UserError:
        return {}
    return {entry.config.public_checkpoint: entry for entry in models}


def _checkpoints(target: Target) -> list[str]:
    fs, path = file_system(target.url)
    names = (PurePosixPath(str(one)).name for one in fs.ls(path, detail=False))
    return sorted(name for name in names if NAME.fullmatch(name))


def _entry(target: Target, checkpoint: str) -> Entry:
    """Read what describes a checkpoint."""
    stem = PurePosixPath(checkpoint).stem
    config, description, card, tombstone = (
        target.read(f"{stem}/{name}") for name in ("config.yaml", DESCRIPTION, CARD, TOMBSTONE)
    )
    if config is None or description is None:
        raise UserError(
            f"{target.url}/{stem} lacks config.yaml or {DESCRIPTION}; publish the model again, or "
            f"remove {checkpoint}."
        )
    where = Path(stem, "config.yaml")
    try:
        official = parsed(where, parse_yaml(config.decode()))
        about = dict(parse_yaml(description.decode()))
        gone = Withdrawal.model_validate_json(tombstone) if tombstone else None
    except (ValueError, TypeError):
        raise UserError(
            f"{target.url}/{stem}: config.yaml, {DESCRIPTION} or {TOMBSTONE} is damaged; publish "
            "or withdraw the model again."
        ) from None
    said = (card or b"").decode("utf-8", "replace")
    return Entry(config=official, description=about, card=said, withdrawn=gone)


def _send(target: Target, text: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, bars() as progress:
        file = Path(folder, INDEX)
        file.write_bytes(text)
        target.replace(file, INDEX, bar(progress, f"{target.url}/{INDEX}"))

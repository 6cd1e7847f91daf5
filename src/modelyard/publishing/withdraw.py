"""Withdraw a version of an official model: readers refuse it, and are told why."""

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.git import check_identity
from modelyard.official.lifecycle import Withdrawal, save_lifecycle
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.tombstones import tombstone_name
from modelyard.official.zoo import INDEX

from .official.checks import buckets
from .official.committing import alone, commit_only, how_to_push
from .official.indexing import write_index
from .official.published import Published, find_published, now, who
from .official.sending import why_failed
from .official.target import Target
from .official.versions import commit_of, deregister


def withdraw(text: str, why: str | None, *, delete: bool) -> bool:
    """Record why a version is withdrawn, tag it, and say so beside it in every bucket.

    Raises:
        UserError: before anything is written, what is wrong here; afterwards, a line for each
            bucket that failed: the same command goes on.
    """
    targets = [Target(bucket) for bucket in buckets()]
    with alone():
        published = find_published(text)
        model, version = published.model, published.version
        commit_of(model, version)  # or nothing is written
        check_identity()
        entry = _entry(published, why)
        others = [one for one in published.lifecycle.withdrawn if one.version != version]
        lifecycle = published.lifecycle.model_copy(update={"withdrawn": [*others, entry]})
        record = save_lifecycle(OFFICIAL_MODELS, model, lifecycle)
        made = commit_only([record], f"Withdraw {model} {version}")
        tag = deregister(model, version, entry.why)
    instead = f"; readers are sent to {model}@{entry.instead}" if entry.instead else ""
    print(f"{model}@{version} is withdrawn: {entry.why.rstrip('.')}{instead}.")
    for stage in lifecycle.stages(version):
        print(
            f"{model}@{stage} still names it, which readers refuse now; `modelyard promote "
            f"{model}@{entry.instead or 'VERSION'} {stage}` names another."
        )
    if made or tag:
        print(f"Recorded in {record}; next: {how_to_push(made, tag)}")
    _tell(targets, published, entry, delete=delete)
    return True


def _entry(published: Published, why: str | None) -> Withdrawal:
    """Return what is recorded of a version; said again, it stays as it was."""
    version, before = published.version, published.lifecycle.withdrawal(published.version)
    if why is None and before is None:
        raise UserError(
            f"command line: say with --why TEXT why {published.model}@{version} is withdrawn; "
            "whoever asks for it is told."
        )
    entry = Withdrawal(
        version=version,
        checkpoint=published.official.public_checkpoint,
        why=why or (before.why if before else ""),
        instead=published.lifecycle.newest(one for one in published.known if one != version),
        when=now(),
        who=who(),
    )
    if not entry.why:
        raise UserError("command line: --why is empty; whoever asks for the version is told it.")
    if before and before == entry.model_copy(update={"when": before.when, "who": before.who}):
        return before
    return entry


def _tell(targets: list[Target], published: Published, entry: Withdrawal, *, delete: bool) -> None:
    """Leave a tombstone in every bucket at once; one that fails stops no other.

    Raises:
        UserError: a line for each that failed.
    """
    checkpoint, name = entry.checkpoint, tombstone_name(published.official)
    text = json.dumps(entry.model_dump(exclude={"who"}), indent=2, ensure_ascii=False) + "\n"

    def tell(target: Target) -> str | None:
        try:
            said = _say(target, name, text.encode())
            removed = delete and target.remove(checkpoint)
            if target.read(INDEX) is not None:
                write_index(target, {checkpoint})
        except Exception as error:  # whatever a library raises: the others go on
            return f"{target.url}: {why_failed(target, error)}."
        done = [f"{'wrote' if said else 'has'} {name}", f"removed {checkpoint}" if removed else ""]
        print(f"{target.url}: {', '.join(filter(None, done))}.")
        return None

    with ThreadPoolExecutor(len(targets)) as pool:
        failed = list(filter(None, pool.map(tell, targets)))
    if failed:
        raise UserError("\n".join(failed))


def _say(target: Target, name: str, text: bytes) -> bool:
    """Write a tombstone where there is another one, or none; say whether it was written."""
    if target.read(name) == text:
        return False
    from fsspec.callbacks import NoOpCallback

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tombstone")
        file.write_bytes(text)
        target.replace(file, name, NoOpCallback())
    return True


def main(arguments: list[str] | None = None) -> int:
    """Withdraw; return 1 after a sentence for each mistake and each bucket that failed."""
    parser = argparse.ArgumentParser(prog=program("ci.withdraw"), description=__doc__)
    parser.add_argument("version", metavar="MODEL@VERSION")
    parser.add_argument("--why", metavar="TEXT", help="what readers are told")
    parser.add_argument(
        "--delete-weights", action="store_true", help="remove the checkpoint from every bucket, too"
    )
    options = parser.parse_args(arguments)
    return finish(lambda: withdraw(options.version, options.why, delete=options.delete_weights))


if __name__ == "__main__":
    sys.exit(main())

"""Send all publications to all buckets at once; one that fails stops no other."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.stores import bar, bars, reason

from .publication import Publication
from .target import Target

if TYPE_CHECKING:
    from rich.progress import Progress

AT_ONCE = 4  # each holds up to 50 MiB


@dataclass(frozen=True)
class BucketOutcome:
    """What became of one model in one bucket; without an error it is there, verified."""

    publication: Publication
    target: Target
    what: str
    error: str | None = None


def send(
    publications: Sequence[Publication], buckets: Sequence[str], *, dry_run: bool
) -> list[BucketOutcome]:
    """Send what is not there yet; a dry run only says what would be sent."""
    targets = [Target(bucket) for bucket in buckets]
    pairs = list(product(publications, targets))
    with bars() as progress, ThreadPoolExecutor(min(AT_ONCE, len(pairs))) as pool:
        if not dry_run:
            for target in targets:
                target.tidy()
        waiting = [pool.submit(_send, *pair, progress, dry_run=dry_run) for pair in pairs]
        return [future.result() for future in waiting]


def _send(
    publication: Publication, target: Target, progress: "Progress", *, dry_run: bool
) -> BucketOutcome:
    try:
        what = _sent(publication, target, progress, dry_run=dry_run)
    except Exception as error:  # whatever a library raises: the others go on
        return BucketOutcome(publication, target, "failed", reason(error))
    return BucketOutcome(publication, target, what)


def _sent(publication: Publication, target: Target, progress: "Progress", *, dry_run: bool) -> str:
    """Send the side files, then the checkpoint, which says that all of it is there."""
    official, weights = publication.official, publication.run.weights
    url = f"{target.url}/{official.public_checkpoint}"
    there = target.holds(official)
    if there:
        _say(progress, f"Skipping since {url} exists.")
    elif dry_run:
        _say(progress, f"Would upload {weights} to {url}")
        return "would be uploaded"
    folder = Path(official.public_checkpoint).stem
    names = {f"{folder}/{file.name}": file for file in publication.side_files}
    other = [name for name, file in names.items() if target.read(name) != file.read_bytes()]
    if there and dry_run:
        return "would be described anew" if other else "skipped"
    for name in other:
        target.replace(names[name], name, bar(progress, f"{target.url}/{name}"))
    if there:
        return "described anew" if other else "skipped"
    _say(progress, f"Uploading {weights} to {url}")
    won = target.put(weights, official.public_checkpoint, bar(progress, url))
    target.verify(official)
    return "uploaded" if won else "uploaded meanwhile"


def _say(progress: "Progress", line: str) -> None:
    progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

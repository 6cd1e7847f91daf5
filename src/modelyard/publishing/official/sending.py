"""Send all publications to all buckets at once; one that fails stops no other."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.bars import bar, bars
from modelyard.config.signing_section import Signing
from modelyard.errors import UserError
from modelyard.store_errors import kind_of_error
from modelyard.stores import cause, reason

from .hub_card import CARD, show_card
from .publication import Publication
from .signing import sign
from .target import Target
from .telling import Telling

if TYPE_CHECKING:
    from rich.progress import Progress

AT_ONCE = 4  # each holds up to 50 MiB
UPLOADED = "uploaded"
AGAIN = "the same command tries it again and skips the rest"
ALLOWED = "sign in as somebody who may write there"
REMEDIES = {
    "missing": "create it, or correct publish.buckets",
    "refused": ALLOWED,
    "no credentials": ALLOWED,
}


@dataclass(frozen=True)
class BucketOutcome:
    """What became of one model in one bucket; without an error it is there, verified.

    Attributes:
        error: a sentence without its full stop, which says what to do.
    """

    publication: Publication
    target: Target
    what: str
    error: str | None = None


def send(
    publications: Sequence[Publication],
    buckets: Sequence[str],
    telling: Telling,
    *,
    signing: Signing | None,
    dry_run: bool,
) -> Iterator[list[BucketOutcome]]:
    """Send what is not there yet, and sign it; a dry run only says what would be sent.

    Yields:
        What became of each model in all buckets, in order, as soon as its turn is done.
    """
    targets = [Target(bucket, signing) for bucket in buckets]
    at_once = min(AT_ONCE, len(publications) * len(targets))
    with bars() as progress, ThreadPoolExecutor(at_once) as pool:
        telling.write = partial(
            progress.console.print, markup=False, highlight=False, soft_wrap=True
        )
        if not dry_run:
            for target in targets:
                target.tidy()
        waiting = [
            [
                pool.submit(_send, one, target, progress, telling, dry_run=dry_run)
                for target in targets
            ]
            for one in publications
        ]
        for futures in waiting:
            yield [future.result() for future in futures]


def _send(
    publication: Publication,
    target: Target,
    progress: "Progress",
    telling: Telling,
    *,
    dry_run: bool,
) -> BucketOutcome:
    try:
        what = _sent(publication, target, progress, telling, dry_run=dry_run)
        if target.signing and not dry_run:
            ours = publication.run.weights if what == UPLOADED else None
            if sign(target, publication.official, publication.side_files, ours):
                what = f"{what}, signed"
    except Exception as error:  # whatever a library raises: the others go on
        return BucketOutcome(publication, target, "failed", why_failed(target, error))
    return BucketOutcome(publication, target, what)


def why_failed(target: Target, error: Exception) -> str:
    """Say why a bucket failed and what to do, as a sentence without its full stop."""
    if isinstance(error, UserError):  # it says itself what helps
        return reason(error)
    return f"{cause(target.url, error)}; {REMEDIES.get(kind_of_error(error), AGAIN)}"


def _sent(
    publication: Publication,
    target: Target,
    progress: "Progress",
    telling: Telling,
    *,
    dry_run: bool,
) -> str:
    """Send the side files, then the checkpoint, which says that all of it is there."""
    official, weights = publication.official, publication.run.shown_weights
    url = f"{target.url}/{official.public_checkpoint}"
    there = target.holds(official)
    if there:
        telling.say(publication.name, f"Skipping since {url} exists.")
    elif dry_run:
        telling.say(publication.name, f"Would upload {weights} to {url}")
        return "would be uploaded"
    folder = Path(official.public_checkpoint).stem
    names = {f"{folder}/{file.name}": file for file in publication.side_files}
    other = [name for name, file in names.items() if target.read(name) != file.read_bytes()]
    if there and dry_run:
        return "would be described anew" if other else "skipped"
    for name in other:
        target.replace(names[name], name, bar(progress, f"{target.url}/{name}"))
    show_card(target, publication.name, publication.described / CARD)
    if there:
        return "described anew" if other else "skipped"
    telling.say(publication.name, f"Uploading {weights} to {url}")
    won = target.put(publication.run.weights, official.public_checkpoint, bar(progress, url))
    target.verify(official)
    return UPLOADED if won else "uploaded meanwhile"

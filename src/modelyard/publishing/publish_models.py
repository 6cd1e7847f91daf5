"""Publish trained models: checked, named by their content, sent to every bucket, versioned."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.command import finish, program
from modelyard.config.loading import ROOT_CONFIG, load_project
from modelyard.config.signing_section import Signing
from modelyard.errors import UserError
from modelyard.git import check_identity, commit
from modelyard.publishing.official.checks import Refusal, buckets, refusals, without_commit
from modelyard.publishing.official.publication import Publication, prepare, published
from modelyard.publishing.official.run_directory import (
    RunDirectory,
    publishable,
    read_results,
    read_run_directory,
)
from modelyard.publishing.official.sending import BucketOutcome, send
from modelyard.publishing.official.signing import check_signing
from modelyard.terminal import print_table

from .official import versions
from .official.indexing import index_sent
from .official.published import withdrawn_before
from .official.recording import needs_tag, record
from .official.sources import bring
from .official.telling import Telling
from .runner import warn_of_folders

FROM = "--from"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for.

    Attributes:
        models: none: all that can be published.
        source: where the results of the one model lie, in place of models/<model>.
        verbose: print the time of each line.
    """

    models: Sequence[str] = ()
    source: str | None = None
    dry_run: bool = False
    force: bool = False
    verbose: bool = False


def publish(asked: Asked) -> bool:
    """Publish the models named, or all; nothing is sent before all of them are checked.

    Raises:
        UserError: one line for each mistake, each refusal and each bucket that failed.
    """
    sources, where, signing = _sources(asked), buckets(), load_project().publish.signing
    if signing:
        check_signing(signing)
    models = publishable(list(asked.models), sources)
    warn_of_folders(f"{ROOT_CONFIG}: publish.buckets", where)
    telling = Telling(models, verbose=asked.verbose)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        why = FROM if asked.source else f"{ROOT_CONFIG}: publish.sources"
        runs = _read(models, sources, why, folder, telling)
        refused = refusals(runs)
        _refuse(runs, refused, force=asked.force)
        ready = [_prepared(*pair, folder) for pair in zip(runs, refused, strict=True)]
        if any(map(needs_tag, ready)):
            check_identity()
        for one in ready:
            telling.say(one.name, _described(one))
        problems = list(_sent(ready, where, telling, signing, dry_run=asked.dry_run))
    if problems:
        raise UserError("\n".join(problems))
    return True


def _sources(asked: Asked) -> dict[str, str]:
    """Return where results lie that are not in models/<model>, by model.

    Raises:
        UserError: --from does not belong to exactly one model.
    """
    if asked.source is None:
        return load_project().publish.sources
    if len(asked.models) != 1:
        raise UserError(f"command line: {FROM} needs one MODEL, whose results lie there.")
    return {asked.models[0]: asked.source}


def _read(
    models: Sequence[str], sources: Mapping[str, str], why: str, folder: Path, telling: Telling
) -> list[RunDirectory]:
    """Read every model before the first mistake ends it: all that is wrong is named at once."""
    runs, problems = [], []
    (folder / "results").mkdir()
    for model in models:
        try:
            if source := sources.get(model):
                say = lambda line, model=model: telling.say(model, line)  # noqa: E731
                brought = bring(model, source, why, folder / "results", say)
                runs.append(read_results(brought, source))
            else:
                runs.append(read_run_directory(model))
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return runs


def _refuse(runs: Sequence[RunDirectory], refused: Sequence[Refusal], *, force: bool) -> None:
    if gone := [line for run in runs if (line := withdrawn_before(run.name, run.checkpoint))]:
        raise UserError("\n".join(gone))
    for warning in filter(None, map(without_commit, runs)):
        print(f"warning: {warning}", file=sys.stderr)
    if not force and (lines := dict.fromkeys(f"{line}." for one in refused for line in one.lines)):
        print("Nothing is published; --force does it all the same, and the card says so.")
        raise UserError("\n".join(lines))


def _prepared(run: RunDirectory, refusal: Refusal, folder: Path) -> Publication:
    """Describe a model; new content has a version only if HEAD holds what is published."""
    before = published(run.name)
    version = versions.known(run.name, run.sha256, before)
    if version is None and refusal.traceable:
        trained_at = run.train.get("git_commit") if run.source else commit()
        version = versions.following(run.name, before, trained_at)
    if refusal.mismeasured:
        run = run.without_metrics()
    return prepare(run, version, refusal, folder / run.name)


def _described(publication: Publication) -> str:
    official = publication.official
    version = f", {official.version}" if official.version else ", which gets no version"
    return f"Preparing the official configuration of {official.public_checkpoint}{version}."


def _sent(
    ready: Sequence[Publication],
    where: Sequence[str],
    telling: Telling,
    signing: Signing | None,
    *,
    dry_run: bool,
) -> Iterator[str]:
    """Send and record every model; print a table; yield a sentence for each failure."""
    outcomes: list[BucketOutcome] = []
    problems: list[str] = []
    sending = send(ready, where, telling, signing=signing, dry_run=dry_run)
    for publication, found in zip(ready, sending, strict=True):
        outcomes += found
        problems += [f"{one.target.url}: {one.error}." for one in found if one.error]
        if not all(one.error for one in found):
            problems += _recorded(publication, telling, dry_run=dry_run)
        telling.done(publication.name)
    if not dry_run:
        index_sent(outcomes)
    _print(outcomes)
    yield from problems


def _recorded(publication: Publication, telling: Telling, *, dry_run: bool) -> list[str]:
    """Commit and tag what is in a bucket now; return a sentence if that fails."""
    name = publication.name
    if dry_run:
        if needs_tag(publication):
            telling.say(name, f"Would tag {name}@{publication.official.version}")
        return []
    try:
        for line in record(publication):
            telling.say(name, line)
    except UserError as error:
        return [str(error)]
    return []


def _print(outcomes: Sequence[BucketOutcome]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("checkpoint", "bucket", "what")
    for one in outcomes:
        row = (one.publication.official.public_checkpoint, one.target.url, one.what)
        table.add_row(*map(escape, row))
    print_table(table)


def main(arguments: list[str] | None = None) -> int:
    """Publish; return 1 after a sentence for each mistake."""
    parser = argparse.ArgumentParser(prog=program("ci.publish_models"), description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: all Keras models")
    parser.add_argument(
        FROM, dest="source", metavar="DIR", help="MODEL's results, in a folder or a bucket"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--force", action="store_true", help="also what is dirty or not accepted")
    parser.add_argument("--verbose", action="store_true", help="the time of each line")
    options = Asked(**vars(parser.parse_args(arguments)))
    return finish(lambda: publish(options))


if __name__ == "__main__":
    sys.exit(main())

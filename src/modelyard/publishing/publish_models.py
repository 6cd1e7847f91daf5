"""Publish trained models: checked, named by their content, sent to every bucket, versioned."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.git import check_identity
from modelyard.publishing.official.checks import (
    Refusal,
    buckets,
    refusals,
    without_commit,
)
from modelyard.publishing.official.publication import Publication, prepare, published
from modelyard.publishing.official.run_directory import (
    RunDirectory,
    publishable,
    read_run_directory,
)
from modelyard.publishing.official.sending import BucketOutcome, send

from .official import versions


def publish(named: list[str], *, dry_run: bool, force: bool) -> bool:
    """Publish the models named, or all; nothing is sent before all of them are checked.

    Raises:
        UserError: one line for each mistake, each refusal and each bucket that failed.
    """
    models, where = publishable(named), buckets()
    runs = _read(models)
    refused = refusals(runs)
    for warning in filter(None, map(without_commit, runs)):
        print(f"warning: {warning}", file=sys.stderr)
    if not force and (lines := dict.fromkeys(f"{line}." for one in refused for line in one.lines)):
        print("Nothing is published; --force does it all the same, and the card says so.")
        raise UserError("\n".join(lines))
    with tempfile.TemporaryDirectory() as folder:
        ready = [_prepared(*pair, Path(folder)) for pair in zip(runs, refused, strict=True)]
        if any(map(_needs_tag, ready)):
            check_identity()
        outcomes = send(ready, where, dry_run=dry_run)
        _print(outcomes)
        sent = {one.publication.name for one in outcomes if not one.error}
        for publication in ready:
            if publication.name in sent:
                _record(publication, dry_run=dry_run)
    if failed := [f"{one.target.url}: {one.error}." for one in outcomes if one.error]:
        print("The same command tries again what failed, and skips the rest.")
        raise UserError("\n".join(failed))
    return True


def _read(models: Sequence[str]) -> list[RunDirectory]:
    """Read every model before the first mistake ends it: all that is wrong is named at once."""
    runs, problems = [], []
    for model in models:
        try:
            runs.append(read_run_directory(model))
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return runs


def _prepared(run: RunDirectory, refusal: Refusal, folder: Path) -> Publication:
    """Describe a model; new content has a version only if HEAD holds what is published."""
    before = published(run.name)
    version = versions.known(run.name, run.sha256, before)
    if version is None and not refusal.untraceable:
        version = versions.following(run.name, before)
    return prepare(run, version, refusal.lines, folder / run.name)


def _needs_tag(publication: Publication) -> bool:
    """Say whether the version is new; one that official_models knows may have its tag elsewhere."""
    version, before = publication.official.version, published(publication.name)
    if version is None or (before and before.version == version):
        return False
    return not versions.exists(publication.name, version)


def _print(outcomes: Sequence[BucketOutcome]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for column in ("checkpoint", "bucket", "what"):
        table.add_column(column, overflow="fold")
    for one in outcomes:
        row = (one.publication.official.public_checkpoint, one.target.url, one.what)
        table.add_row(*map(escape, row))
    Console().print(table)


def _record(publication: Publication, *, dry_run: bool) -> None:
    """Tag the commit, then write official_models and templates; what is there already stays."""
    official, name = publication.official, publication.name
    if _needs_tag(publication) and official.version:
        if dry_run:
            print(f"Would tag {name}@{official.version}")
        else:
            tag = versions.tag(name, official.version, official.public_checkpoint, official.sha256)
            print(f"Tagged {tag}; next: dvc push && git push origin {tag}")
    if dry_run:
        return
    if written := publication.write_locally():
        print(f"Wrote {' and '.join(map(str, written))}; next: commit that.")


def main(arguments: list[str] | None = None) -> int:
    """Publish; return 1 after a sentence for each mistake."""
    parser = argparse.ArgumentParser(prog=program("ci.publish_models"), description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: all Keras models")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--force", action="store_true", help="also what is dirty or not accepted")
    options = parser.parse_args(arguments)
    return finish(lambda: publish(options.models, dry_run=options.dry_run, force=options.force))


if __name__ == "__main__":
    sys.exit(main())

"""Where official models come from by the command line: another zoo, another bucket first."""

import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from modelyard.errors import UserError

from .naming import in_zoo

VARIABLE = "MODELYARD_BUCKET"


def add_options(parser: ArgumentParser) -> None:
    """Add `--zoo`, and `--bucket`, which beats the variable."""
    add_zoo(parser)
    parser.add_argument(
        "--bucket",
        metavar="WORD",
        help=f"ask the bucket with this word in its URL first, such as eu (default: {VARIABLE})",
    )


def add_zoo(parser: ArgumentParser) -> None:
    """Add `--zoo`."""
    parser.add_argument(
        "--zoo", metavar="URL", help="of the official models of others, behind this URL"
    )


def chosen(model: str, options: Namespace) -> str:
    """Return the model that is meant; from here on this process prefers the bucket asked for.

    Raises:
        UserError: --zoo is given with a path.
    """
    if options.bucket:
        os.environ[VARIABLE] = options.bucket
    if options.zoo and "/" in model:
        raise UserError(
            f"--zoo {options.zoo} has models by their names, and {model} is a path; write NAME or "
            f"NAME@v1.0.0, as `modelyard models --zoo {options.zoo}` lists them."
        )
    return in_zoo(model, options.zoo)


def preferred(buckets: Sequence[str]) -> list[str]:
    """Return buckets with those first whose URL is, or has as a word, what the variable says."""
    word = os.environ.get(VARIABLE, "").rstrip("/")
    if not word or not buckets:
        return list(buckets)
    whole = re.compile(rf"(?i)(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")
    if not any(whole.search(bucket) for bucket in buckets):
        print(
            f"warning: no bucket has {word!r} in its URL, which --bucket or {VARIABLE} asks for; "
            f"there are {', '.join(buckets)}.",
            file=sys.stderr,
        )
    return sorted(buckets, key=lambda one: (one.rstrip("/") != word, not whole.search(one)))

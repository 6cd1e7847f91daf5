"""Whether a model was withdrawn after it was installed or fetched: its buckets say so."""

import json
import threading
import time
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from modelyard.errors import UserError
from modelyard.store_errors import kind_of_error
from modelyard.stores import read_from

from .finding import Official, withdrawn
from .lifecycle import Withdrawal
from .record import OfficialConfig

TOMBSTONE = "withdrawn.json"
MOST_BYTES = 10_000
DAY = 24 * 3600
PATIENCE = 3  # seconds: what is cached must start without a network, too


def tombstone_name(official: OfficialConfig) -> str:
    """Return where a bucket says that a checkpoint was withdrawn."""
    return f"{Path(official.public_checkpoint).stem}/{TOMBSTONE}"


def check_bucket(official: Official, bucket: str, cached: Path) -> None:
    """Refuse a model that a bucket says was withdrawn; one that cannot be asked says nothing.

    Raises:
        UserError: why it was, and what to use instead.
    """
    try:
        answer = _asked(bucket, official.config)
    except Exception:  # of any library; fetching from there says what is wrong
        return
    _remember(cached, answer)
    _refuse(official, answer)


def check_cached(official: Official, cached: Path) -> None:
    """Refuse a model that was withdrawn since it was fetched; the nearest bucket is asked daily.

    Raises:
        UserError: why it was, and what to use instead.
    """
    buckets = official.place.settings().buckets
    if buckets and not _fresh(_mark(cached)):
        answers: list[bytes] = []
        asking = threading.Thread(
            target=_ask, args=(buckets[0], official.config, answers), daemon=True
        )
        asking.start()
        asking.join(PATIENCE)
        _remember(cached, answers[0] if answers else None)
    mark = _mark(cached)
    _refuse(official, mark.read_bytes() if mark.is_file() else b"")


def _ask(bucket: str, official: OfficialConfig, answers: list[bytes]) -> None:
    with suppress(Exception):  # of any library; without a network the last answer counts
        answers.append(_asked(bucket, official))


def _asked(bucket: str, official: OfficialConfig) -> bytes:
    """Return a bucket's tombstone of a model, nothing if there is none."""
    url = f"{bucket.rstrip('/')}/{tombstone_name(official)}"
    try:
        return read_from(url, lambda fs, path: bytes(fs.cat_file(path, end=MOST_BYTES)))
    except Exception as error:
        if kind_of_error(error) == "missing":
            return b""
        raise


def _mark(cached: Path) -> Path:
    """Return the file beside a cached checkpoint with the last answer, empty if it is in use."""
    return cached.with_name(f".{cached.stem}.asked")


def _fresh(mark: Path) -> bool:
    return mark.is_file() and 0 <= time.time() - mark.stat().st_mtime < DAY


def _remember(cached: Path, answer: bytes | None) -> None:
    """Keep an answer; where there is none, the one before counts for another day."""
    mark = _mark(cached)
    with suppress(OSError):  # a cache that others own
        if answer is None:
            mark.touch()
        else:
            mark.write_bytes(answer)


def _refuse(official: Official, text: bytes) -> None:
    """Refuse what has a tombstone, whatever that says."""
    if not text.strip():
        return
    try:
        found = Withdrawal.model_validate(json.loads(text))
    except (ValidationError, ValueError, RecursionError):
        raise UserError(
            f"{official.name}: {tombstone_name(official.config)} in its bucket says that this "
            "version was withdrawn, but cannot be read; ask who publishes it."
        ) from None
    raise withdrawn(official, found)

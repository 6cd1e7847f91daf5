"""Official models by name: from the cache, or from the first bucket that has them intact."""

import sys
import tempfile
from pathlib import Path

from modelyard.bars import bar, bars
from modelyard.config.signing_section import Signing
from modelyard.disk import sweep
from modelyard.errors import UserError
from modelyard.files import PARTIAL
from modelyard.saved.foreign import has_code
from modelyard.stores import FETCHED, cause, read_from, scheme, unreachable

from .cache import cache_folder, sole
from .choosing import preferred
from .finding import Official, find_official
from .record import OfficialConfig
from .signature import unsigned
from .tombstones import check_bucket, check_cached


def fetch_official(name: str) -> tuple[Path, Path]:
    """Return an official model's checkpoint, verified, in the cache, and its description.

    NAME is the version that is here, NAME@v1.0.0 that one; URL/NAME is of a zoo.

    Raises:
        UserError: no official model has that name, or no bucket has it intact: why, for each.
    """
    official = find_official(name)
    cached = cache_folder() / official.config.public_checkpoint
    if _intact(cached, official.config):
        check_cached(official, cached)
    else:
        with sole(cached):
            if not _intact(cached, official.config):  # or another process has fetched it meanwhile
                _fetch(official, cached)
    if not official.place.trusted and has_code(cached):
        raise UserError(
            f"{name} has code in it (a Lambda layer), which could do anything here; of others only "
            "models without code are taken."
        )
    return cached, official.description


def _intact(path: Path, official: OfficialConfig) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return official.problem(file) is None


def _fetch(official: Official, cached: Path) -> None:
    """Write the checkpoint into the cache from the first bucket that has it intact."""
    place = official.place
    failed: list[str] = []
    settings = place.settings()
    buckets = preferred(settings.buckets)
    if not buckets:
        raise _no_bucket(official)
    sweep(cached.parent)
    with tempfile.TemporaryDirectory(dir=cached.parent, prefix=PARTIAL) as folder:
        for bucket in buckets:
            url, temporary = f"{bucket.rstrip('/')}/{cached.name}", Path(folder, cached.name)
            problem = unreachable(url)
            if problem is None:
                check_bucket(official, bucket, cached)
                problem = _download(url, temporary, official.config, settings.signing)
            if problem is None:
                temporary.replace(cached)
                _warn(failed, url)
                return
            failed.append(f"{url}: {problem}")
    said = [f"{one}." for one in failed]
    raise UserError(
        "\n".join([f"No bucket has the official model {official.name!r} intact.", *said])
    )


def _warn(failed: list[str], url: str) -> None:
    """Say which nearer copies were of no use: somebody should mend them."""
    for one in failed:
        print(f"warning: {one}; {url} is used instead.", file=sys.stderr)


def _no_bucket(official: Official) -> UserError:
    place, file = official.place, official.config.public_checkpoint
    if place.package:
        return UserError(
            f"{place.title[:1].upper()}{place.title[1:]} names no bucket ("
            f"{place.settings_file}: publish.buckets was empty when it was built), so {file} "
            "cannot be fetched; ask whoever published it."
        )
    return UserError(
        f"{place.settings_file}: publish.buckets is empty; write there which bucket holds the "
        f"official model {official.name!r}, as {file}."
    )


def _download(
    url: str, file: Path, official: OfficialConfig, signing: Signing | None
) -> str | None:
    """Write a file from a bucket; say why it could not be had intact, or None."""
    try:
        with bars(stderr=True) as progress:
            options = {"callback": bar(progress, f"Fetching {url}"), **FETCHED.get(scheme(url), {})}
            read_from(url, lambda fs, path: fs.get_file(path, str(file), **options))
        with file.open("rb") as content:
            problem = official.problem(content)
        if problem is None and signing:
            problem = unsigned(url.rpartition("/")[0], file, signing)
        return problem
    except Exception as error:  # whatever a library raises: ask the next bucket
        return cause(url, error)

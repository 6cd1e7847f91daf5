"""Buckets and folders behind one interface (fsspec): gs, s3, az, hf, file, and https to read."""

import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from .errors import UserError
from .store_errors import kind_of_error, reason

__all__ = ["cause", "file_system", "read_from", "reason"]

# By scheme: the package that reaches it, and the extra of dvc that brings that.
PACKAGES = {
    "file": "fsspec",
    "gs": "gcsfs",
    "s3": "s3fs",
    "az": "adlfs",
    "hf": "huggingface_hub",
    "https": "aiohttp",
}
EXTRAS = {"gs": "gs", "s3": "s3", "az": "azure"}
OBJECT_STORES = ("file", *EXTRAS)  # what can be listed and written like a folder
# Libraries pick up what is the user's own even for a bucket that is public.
ACCOUNTS = {
    "gs": "your own account (`gcloud auth`, GOOGLE_APPLICATION_CREDENTIALS) may be picked up",
    "s3": "your own account or region (~/.aws, AWS_PROFILE, AWS_DEFAULT_REGION) may be picked up",
    "az": "your own account (AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_NAME) may be "
    "picked up, or missing",
    "hf": "your own token (HF_TOKEN, `hf auth login`) may be picked up, or missing",
}
ANONYMOUS: dict[str, dict[str, Any]] = {
    "gs": {"token": "anon"},
    "s3": {"anon": True},
    "az": {"anon": True},
    "hf": {"token": False},
}
# Of `get_file`: what is in memory at once; the libraries' own defaults are up to half a gibibyte.
FETCHED: dict[str, dict[str, int]] = {
    "gs": {"concurrency": 1},
    "s3": {"chunksize": 8 * 2**20, "max_concurrency": 2},
    "az": {"max_concurrency": 4},  # of 4 MiB
}
BUCKETS = "config.yaml: publish.buckets names"  # who needs a package, as a rule
PATIENCE = 30  # seconds, in which the slowest look for credentials ends
AZURE = re.compile(r"(?i)(DefaultEndpointsProtocol|AccountName|BlobEndpoint|EndpointSuffix)=")
NOUNS = {"az": "container", "hf": "repository"}
Found = TypeVar("Found")


def check_installed(url: str, why: str = BUCKETS) -> None:
    """Refuse a bucket whose package is missing; `why` says who needs it.

    Raises:
        UserError: naming the package and the line of requirements.txt.
    """
    if scheme(url) not in PACKAGES:
        known = ", ".join(f"{name}://" for name in PACKAGES)
        raise UserError(f"{why} {url}, which begins with none of {known}; write such a URL.")
    if find_spec(package(url)) is None:
        raise UserError(
            f"{why} {url}, but the package {package(url)} is not installed; {_mend(url)}."
        )


def _mend(url: str) -> str:
    """Say how the package of a URL comes here."""
    if not Path("config.yaml").is_file():  # as of an installed project
        return f"`pip install {package(url).replace('_', '-')}` brings it"
    if extra := EXTRAS.get(scheme(url)):
        line = f"write dvc[{extra}], beside other extras dvc[…,{extra}]"
    elif scheme(url) == "hf":
        line = "write hf into the extras of modelyard, as in modelyard[hf,serve,train]"
    else:
        line = f"write {package(url)}"
    return f"in requirements.txt {line}, then `sh setup.sh`"


def file_system(url: str, why: str = BUCKETS, *, anonymous: bool = False) -> tuple[Any, str]:
    """Return the file system of a URL, with nothing remembered of it, and the path in it.

    Raises:
        UserError: the package for it is missing.
    """
    check_installed(url, why)
    from fsspec.core import url_to_fs

    # It is we who say what went wrong; gcsfs would print a traceback of each attempt.
    logging.getLogger(package(url)).setLevel(logging.CRITICAL)
    options = ANONYMOUS.get(scheme(url), {}) if anonymous else {}
    if anonymous and scheme(url) == "az":
        options = {**options, **_without_key()}
    if scheme(url) == "https":  # the proxy that the environment names
        options = {"client_kwargs": {"trust_env": True}}
    fs, path = url_to_fs(url, **options)
    fs.invalidate_cache()
    return fs, path


def _without_key() -> dict[str, str]:
    """Return where the account of Azure is, without the key that adlfs takes from variables."""
    text = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    if not text and (account := os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")):
        text = f"AccountName={account}"
    kept = [part for part in text.split(";") if AZURE.match(part)]
    return {"connection_string": ";".join(kept)} if kept else {}


def read_from(url: str, read: Callable[[Any, str], Found], why: str = BUCKETS) -> Found:
    """Return what `read(file system, path)` does of a URL.

    Where there are no credentials here, or they are refused, it is asked again without any.

    Raises:
        UserError: the package for it is missing.
    """
    try:
        return read(*file_system(url, why))
    except Exception as error:
        kind = kind_of_error(error)
        if kind not in ("no credentials", "refused") or scheme(url) not in ANONYMOUS:
            raise
        try:
            found = read(*file_system(url, why, anonymous=True))
        except Exception as other:
            if kind_of_error(other) in ("no credentials", "refused", "other"):
                raise error from None
            raise
    why_not = "there are none here" if kind == "no credentials" else "those here were refused"
    note(f"{bucket_of(url)} is read without credentials: {why_not}.")
    return found


def unreachable(url: str) -> str | None:
    """Say that nobody answers for a URL, in seconds: gcsfs alone tries for four minutes."""
    found: list[str | None] = []

    def ask() -> None:
        try:
            read_from(url, lambda fs, path: fs.info(path))
        except Exception as error:  # whatever a library raises
            found.append(cause(url, error) if kind_of_error(error) == "unreachable" else None)
        else:
            found.append(None)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return found[0] if found else f"the server does not answer within {PATIENCE} seconds"


@cache
def note(text: str) -> None:
    """Print a note once."""
    print(text, file=sys.stderr)


def cause(url: str, error: BaseException) -> str:
    """Say, as part of a sentence, why a URL could not be read or written."""
    if isinstance(error, UserError):
        return reason(error)
    said, account = reason(error), ACCOUNTS.get(scheme(url))
    hint = f" ({account})" if account else ""
    words = {
        "no credentials": f"credentials are needed, and there are none here{hint}",
        "refused": f"access is refused: {said}{hint}",
        "unreachable": f"the server cannot be reached: {said}",
        "other": f"{said}{hint}",
    }
    found = words.get(kind_of_error(error))
    return found or _missing(bucket_of(url)) or "there is no such file"


def _missing(bucket: str) -> str | None:
    """Say that a bucket does not exist; None: it does, or nobody can tell."""
    if scheme(bucket) not in ANONYMOUS:
        return None
    try:
        fs, path = file_system(bucket)
        fs.info(path)
    except Exception as error:  # whatever a library raises
        # gcsfs lists what it may not ask for, and takes an empty list for a missing bucket.
        refused = error.__context__ and kind_of_error(error.__context__) == "refused"
        if kind_of_error(error) == "missing" and not refused:
            unseen = ", or your token (HF_TOKEN) may not see it" if scheme(bucket) == "hf" else ""
            return f"the {NOUNS.get(scheme(bucket), 'bucket')} {bucket} does not exist{unseen}"
    return None


def bucket_of(url: str) -> str:
    """Return the bucket, the repository of the Hub, or the server of a URL; a folder as it is."""
    name, _, path = url.partition("://")
    if name == "file":
        return url
    return f"{name}://{'/'.join(path.split('/')[: 2 if name == 'hf' else 1])}"


def scheme(url: str) -> str:
    """Return gs, s3, az, hf, https or file."""
    return url.partition("://")[0]


def package(url: str) -> str:
    """Return the name of the package that reaches a URL."""
    return PACKAGES[scheme(url)]

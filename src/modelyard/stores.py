"""Buckets and folders behind one interface (fsspec): gs://, s3://, az://, file://."""

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .errors import UserError
from .redaction import redacted

if TYPE_CHECKING:
    from rich.progress import Progress

# By scheme: the package that reaches it, and the extra of dvc that brings that.
PACKAGES = {"file": "fsspec", "gs": "gcsfs", "s3": "s3fs", "az": "adlfs"}
EXTRAS = {"gs": "gs", "s3": "s3", "az": "azure"}
# Libraries pick up what is the user's own even for a bucket that is public.
ACCOUNTS = {
    "gs": "your own account (`gcloud auth`, GOOGLE_APPLICATION_CREDENTIALS) may be picked up",
    "s3": "your own account or region (~/.aws, AWS_PROFILE, AWS_DEFAULT_REGION) may be picked up; "
    "FSSPEC_S3_ANON=true asks a public bucket without it",
    "az": "your own account (AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_NAME) may be "
    "picked up, or missing",
}
LONGEST = 300
BUCKETS = "config.yaml: publish.buckets names"  # who needs a package, as a rule


def check_installed(url: str, why: str = BUCKETS) -> None:
    """Refuse a bucket whose package is missing; `why` says who needs it.

    Raises:
        UserError: naming the package and the line of requirements.txt.
    """
    if find_spec(package(url)) is None:
        extra = EXTRAS[scheme(url)]
        raise UserError(
            f"{why} {url}, but the package {package(url)} is not installed; in requirements.txt "
            f"write dvc[{extra}], beside other extras dvc[…,{extra}], then `sh setup.sh`."
        )


def file_system(url: str, why: str = BUCKETS) -> tuple[Any, str]:
    """Return the file system of a URL, with nothing remembered of it, and the path in it.

    Raises:
        UserError: the package for it is missing.
    """
    check_installed(url, why)
    from fsspec.core import url_to_fs

    # It is we who say what went wrong; gcsfs would print a traceback of each attempt.
    logging.getLogger(package(url)).setLevel(logging.CRITICAL)
    fs, path = url_to_fs(url)
    fs.invalidate_cache()
    return fs, path


def scheme(url: str) -> str:
    """Return gs, s3, az or file."""
    return url.partition("://")[0]


def package(url: str) -> str:
    """Return the name of the package that reaches a URL."""
    return PACKAGES[scheme(url)]


def reason(error: BaseException) -> str:
    """Return what a library said as part of a sentence; a sentence of ours stays whole."""
    if isinstance(error, UserError):
        return str(error).rstrip(".")
    said = redacted(" ".join(str(error).split()))
    return said[:LONGEST].rstrip(".") or type(error).__name__


def bar(progress: "Progress", description: str) -> Any:
    """Return a callback of fsspec that draws a bar of the bytes of one file until all are sent."""
    from fsspec.callbacks import Callback

    task = progress.add_task(description, total=None)

    def draw(size: int | None, value: int, **_: object) -> None:
        progress.update(task, total=size, completed=value, visible=size is None or value < size)

    return Callback(hooks={"bar": draw})


def bars(*, stderr: bool = False) -> "Progress":
    """Return a display of bars, which shows none where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=stderr)
    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

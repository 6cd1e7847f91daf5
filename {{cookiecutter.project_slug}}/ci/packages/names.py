"""How a package and its version are written, where they are compared and where they are kept."""

import re

from src.utils.utils import UserError

PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# What Semantic Versioning and Python's own rules (PEP 440) write alike: no pre-releases.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


def normalized(package: str) -> str:
    """Return the one spelling of a package's name that indexes compare: `digit-classifier`."""
    return re.sub(r"[-_.]+", "-", package).lower()


def in_files(package: str) -> str:
    """Return the name as files have it: `digit_classifier`."""
    return normalized(package).replace("-", "_")


def wheel_name(package: str, version: str) -> str:
    """Return the file name of the wheel of a package, which is plain Python for any machine."""
    return f"{in_files(package)}-{version}-py3-none-any.whl"


def check_package(package: str, source: str) -> None:
    """Refuse what names no package; `source` says where it was read."""
    if not PACKAGE.fullmatch(package):
        raise UserError(
            f"{source} is {package!r}, which is no name of a package; use letters, digits and "
            ". _ - between them."
        )


def check_version(version: object, source: str) -> None:
    """Refuse what is no MAJOR.MINOR.PATCH; `source` says where it was read."""
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise UserError(
            f"{source} is {version!r}; write MAJOR.MINOR.PATCH, three numbers such as 1.4.0."
        )

"""How a package and its version are written, where they are compared and where they are kept."""

from modelyard.errors import UserError


def normalized(package: str) -> str:
    """Return the one spelling of a package's name that indexes compare: `digit-classifier`."""
    from packaging.utils import canonicalize_name  # not every environment has it

    return canonicalize_name(package)


def in_files(package: str) -> str:
    """Return the name as files have it: `digit_classifier`."""
    return normalized(package).replace("-", "_")


def wheel_name(package: str, version: str) -> str:
    """Return the file name of the wheel of a package, which is plain Python for any machine."""
    return f"{in_files(package)}-{version}-py3-none-any.whl"


def check_package(package: str, source: str) -> None:
    """Refuse what does not name a package; `source` says where it was read."""
    from packaging.utils import InvalidName, canonicalize_name

    try:
        canonicalize_name(package, validate=True)
    except (InvalidName, TypeError):
        raise UserError(
            f"{source} is {package!r}, which is not the name of a package; use letters and digits, "
            "with . _ - between them."
        ) from None


def check_version(version: object, source: str) -> None:
    """Refuse what is not MAJOR.MINOR.PATCH; `source` says where it was read.

    These are the versions that Semantic Versioning and Python's own rules (PEP 440) write alike.
    """
    from packaging.version import InvalidVersion, Version

    try:
        found = Version(version) if isinstance(version, str) else None
    except InvalidVersion:
        found = None
    if found is None or version != ".".join(map(str, found.release)) or len(found.release) != 3:  # noqa: PLR2004
        raise UserError(
            f"{source} is {version!r}; write MAJOR.MINOR.PATCH, three numbers such as 1.4.0."
        )

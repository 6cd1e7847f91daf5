"""How people name an official model: NAME, NAME@v1.0.0, or NAME@production: what a stage names."""

import re
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import UserError

VERSION = re.compile(r"v\d+\.\d+\.\d+")
STAGES = ("staging", "production")


@dataclass(frozen=True)
class Asked:
    """An official model as it was asked for.

    Attributes:
        model: its name.
        version: such as v1.0.0, or a stage; None: the one that is here.
        zoo: the URL of the zoo that has it; None: the project here, or an installed package.
    """

    model: str
    version: str | None = None
    zoo: str | None = None


def is_name(text: str) -> bool:
    """Say whether a text can name an official model, and is not the path of something here."""
    if "://" in text:
        return True
    path, name = Path(text), text.partition("@")[0]
    try:
        return bool(name) and path.name == text and not Path(name).suffix and not path.exists()
    except OSError:  # as of a name that is too long for a file
        return False


def parse_name(text: str) -> Asked:
    """Split NAME@VERSION or NAME@STAGE, and from it the URL of a zoo: URL/NAME@VERSION.

    Raises:
        UserError: what follows the @ is not a version or a stage.
    """
    zoo, _, text = text.rpartition("/") if "://" in text else ("", "", text)
    model, at, version = text.partition("@")
    if at and version not in STAGES and not VERSION.fullmatch(version):
        hint = f" (did you mean {model}@v{version}?)" if VERSION.fullmatch(f"v{version}") else ""
        raise UserError(
            f"{text}: {version!r} is not a version{hint} or a stage ({', '.join(STAGES)}); write "
            f"{model}@v1.0.0, or {model} for the one that is here; `modelyard models` lists all."
        )
    return Asked(model, version or None, zoo or None)


def in_zoo(name: str, zoo: str | None) -> str:
    """Return how a model of a zoo is named, where one is given: URL/NAME."""
    return f"{zoo.rstrip('/')}/{name}" if zoo else name

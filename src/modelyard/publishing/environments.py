"""The environments that the package is published to, by the names of environments.yaml."""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from modelyard.errors import UserError, did_you_mean

from .environment_file import INDEXES, SETTINGS, STORAGE, EnvironmentSection, read_entries


class Environment(EnvironmentSection):
    """Where the package is published to.

    Attributes:
        name: its key in environments.yaml.
        host: protocol and server, bucket or folder.
        path: below the host, where this project may write and delete.
        token: the environment variable that holds the token, as `${NAME}`.
    """

    name: str

    @property
    def protocol(self) -> str:
        """What stands before :// in the host."""
        return self.host.partition("://")[0]

    @property
    def is_index(self) -> bool:
        """Whether it is a package index, rather than a place for files."""
        return self.protocol in INDEXES

    @property
    def url(self) -> str:
        """Host and path, without the marks that are ours: `pypi+` and the user."""
        scheme, _, rest = self.host.removeprefix("pypi+").partition("://")
        path = self.path or ""
        if self.protocol not in STORAGE:
            place, slash, below = rest.partition("/")
            rest, path = f"{place.rpartition('@')[2]}{slash}{below}", quote(path)
        return f"{scheme}://" + "/".join(part for part in (rest.rstrip("/"), path) if part)

    @property
    def user(self) -> str:
        """Who uploads to an index; PyPI and others give tokens this name."""
        return unquote(urlsplit(self.host).username or "__token__")

    def secret(self) -> SecretStr | None:
        """Return the token, None if the environment needs none.

        Raises:
            UserError: the variable is not set, or holds what no token holds.
        """
        if self.token is None:
            return None
        variable = self.token.strip("${}")
        value = os.environ.get(variable, "")
        if not value:
            raise UserError(
                f"{SETTINGS}: {self.name}.token is {self.token}, but the environment variable "
                f"{variable} is not set; set it to the token of {self.url}."
            )
        if not re.fullmatch(r"[!-~]+", value):  # nor would HTTP carry it
            raise UserError(
                f"{SETTINGS}: {self.name}.token is {self.token}, but the environment variable "
                f"{variable} holds spaces, line breaks or accents; set it to the token alone."
            )
        return SecretStr(value)


def load_environments() -> dict[str, Environment]:
    """Read environments.yaml; nothing is asked of any environment.

    Raises:
        UserError: naming the environment, the key and what is allowed, one line per mistake; a
            token that stands in the file is refused, and never shown.
    """
    return {name: Environment(name=name, **dict(entry)) for name, entry in read_entries().items()}


def find(environments: Mapping[str, Environment], names: Iterable[str]) -> list[Environment]:
    """Return the environments named, each once; without names all of them.

    Raises:
        UserError: one of them is not known.
    """
    wanted = list(dict.fromkeys(names)) or list(environments)
    for name in wanted:
        if name not in environments:
            raise UserError(
                f"{SETTINGS} has no environment {name!r}{did_you_mean(name, environments)}; known "
                f"environments: {', '.join(environments)}."
            )
    return [environments[name] for name in wanted]

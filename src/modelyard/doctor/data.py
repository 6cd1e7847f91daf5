"""DVC's remote: is one named, has this environment its protocol, can it be written to?"""

import configparser
import os
from collections.abc import Iterator
from pathlib import Path

from modelyard.redaction import redacted

from .environment import REQUIREMENTS, Environment
from .finding import Finding, error, left, not_asked, ok, warning
from .programs import PATIENCE, SilentError, ask
from .situation import Situation

FOLDER = Path(".dvc")
FILES = (FOLDER / "config", FOLDER / "config.local")
OBJECTS = FOLDER / "cache/files/md5"  # where DVC keeps what it has made or fetched
EXTRAS = {"gs": "gs", "s3": "s3", "azure": "azure", "ssh": "ssh", "hdfs": "hdfs",
          "webdav": "webdav", "webdavs": "webdav", "gdrive": "gdrive", "oss": "oss"}  # fmt: skip


def remote(situation: Situation) -> Iterator[Finding]:
    """Look at the remote by its settings, and in the network only if that was asked for."""
    try:
        name, url = _named()
    except (OSError, ValueError, configparser.Error) as problem:
        said = " ".join(str(problem).split())
        yield error("remote", f"{FILES[0]} cannot be read: {redacted(said)}", _restore())
        return
    if not FILES[0].is_file():
        yield error("remote", f"{FILES[0]} does not exist", _restore())
    elif not name:
        mend = "dvc remote add --default storage gs://BUCKET/dvc"
        yield warning("remote", "DVC has no default remote: data and models stay here", mend)
    elif not url:
        mend = f"dvc remote add --force --default {name} gs://BUCKET/dvc"
        yield error("remote", f"{FILES[0]} has no url for {name}, the default remote", mend)
    elif "://" in url:
        yield from _server(situation, name, url)
    else:
        yield _folder(name, (FOLDER / Path(url).expanduser()).resolve())


def remote_url() -> str:
    """Return the address of the default remote, without a password; empty if none can be read."""
    try:
        return _named()[1]
    except (OSError, ValueError, configparser.Error):
        return ""


def _named() -> tuple[str, str]:
    """Return the default remote and its address, without a password."""
    settings = configparser.ConfigParser(strict=False, interpolation=None)
    settings.read(map(str, FILES), encoding="utf-8")
    name = settings.get("core", "remote", fallback="").strip("'\"")
    section = next((one for one in settings.sections() if one == f"'remote \"{name}\"'"), "")
    url = settings.get(section, "url", fallback="") if section else ""
    return redacted(name), redacted(url.strip("'\""))


def _server(situation: Situation, name: str, url: str) -> Iterator[Finding]:
    there, protocol = situation.environment, url.partition("://")[0]
    extra = EXTRAS.get(protocol)
    if there and extra and f"dvc-{extra}" not in there.versions:
        mend = f"echo 'dvc[{extra}]>=3.67,<4' >>{REQUIREMENTS} && sh setup.sh"
        yield error("remote", f"{url} needs dvc[{extra}], which is not installed", mend)
        return
    yield ok("remote", f"{name}, {url}")
    if not situation.network:
        yield not_asked("access")
    elif there is None or "dvc" not in there.versions:
        yield left("access", "not looked at, as there is no DVC in .venv")
    else:
        yield _access(there, url, _sign_in(protocol))


def _access(there: Environment, url: str, mend: str) -> Finding:
    """Ask DVC whether it may write."""
    try:
        answer = ask(str(there.python), "-m", "modelyard.doctor.access")
    except SilentError:
        return warning("access", f"{url} did not answer within {PATIENCE:g} s", mend)
    if answer.code:
        return error("access", answer.last.removeprefix("error: ").rstrip("."), mend)
    return ok("access", "can be written to from here")


def _folder(name: str, path: Path) -> Finding:
    """Return how a folder is; DVC makes it with the first push."""
    change = f"dvc remote modify {name} url gs://BUCKET/dvc"
    if path.is_dir():
        if os.access(path, os.W_OK):
            return ok("remote", f"{name}, the folder {path}")
        return error("remote", f"the folder {path} cannot be written to", f"chmod u+w {path}")
    if OBJECTS.is_dir() and any(OBJECTS.iterdir()):
        found = f"nothing has been pushed to {path} yet; this disk alone has data and models"
        return warning("remote", found, "dvc push")
    if Path("dvc.lock").is_file():
        found = (
            f"DVC's remote is the folder {path} of another machine, which this one does not have"
        )
        return warning("remote", found, change)
    return ok("remote", f"{name}, the folder {path}, which the first `dvc push` makes")


def _restore() -> str:
    return f"git checkout -- {FILES[0]}"


def _sign_in(protocol: str) -> str:
    """Return how one signs in, as DVC's documentation says.

    https://dvc.org/doc/user-guide/data-management/remote-storage
    """
    return {
        "gs": "gcloud auth application-default login",
        "s3": "aws configure",
        "azure": "az login",
    }.get(protocol, "dvc remote list")


CHECKS = (remote,)

"""Official models by name: from the cache, or from the first bucket that has them intact."""

import tempfile
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import Field, ValidationError

from modelyard.config.loading import ROOT_CONFIG, load_project
from modelyard.config.mistakes import explain
from modelyard.config.section import Section
from modelyard.disk import sweep
from modelyard.errors import UserError, did_you_mean
from modelyard.files import PARTIAL, read_yaml
from modelyard.git import git, run_git
from modelyard.saved.content import content_hash
from modelyard.stores import ACCOUNTS, bar, bars, file_system, reason, scheme
from modelyard.strict_yaml import parse_yaml

OFFICIAL_MODELS = Path("official_models")
CACHE = Path(".cache/official_models")
DESCRIPTION = "predict_configuration.yaml"


class OfficialConfig(Section):
    """official_models/<model>/config.yaml; the first three keys are its published configuration.

    Attributes:
        public_checkpoint: the name of the `.keras` file in every bucket.
        sha256: of its content together with the published configuration.
        version: of its Git tag; None if no commit holds what was published.
        commit: which that tag names.
        card: what people wrote for the model card.
    """

    schema_version: Literal[1]
    train_config: dict[str, Any]
    predict_config: dict[str, Any]
    public_checkpoint: str = Field(pattern=r"^[\w.-]+_[0-9a-f]{10}\.keras$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: Annotated[str, Field(pattern=r"^v\d+\.\d+\.\d+$")] | None = None
    commit: str | None = None
    card: dict[str, str] | None = None

    def configuration(self) -> dict[str, Any]:
        """Return the published configuration as plain values."""
        return self.model_dump(include={"schema_version", "train_config", "predict_config"})

    def problem(self, checkpoint: IO[bytes]) -> str | None:
        """Say why a file is not this checkpoint, or None."""
        try:
            found = content_hash(self.configuration(), checkpoint)
        except ValueError as error:
            return str(error)
        return None if found == self.sha256 else f"its content has the SHA-256 {found}"


def load_official(path: Path) -> OfficialConfig:
    """Read an official config.yaml.

    Raises:
        UserError: naming the file, the key and what is allowed.
    """
    return _parsed(path, read_yaml(path))


def _parsed(path: Path, document: Any) -> OfficialConfig:
    if not isinstance(document, dict):
        raise UserError(
            f"{path} is empty or not a mapping; restore it, or publish the model again."
        )
    try:
        return OfficialConfig.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, OfficialConfig, set())) from None


def official_names() -> list[str]:
    """Return the names of the official models."""
    return sorted(path.parent.name for path in OFFICIAL_MODELS.glob("*/config.yaml"))


def fetch_official(name: str, version: str | None = None) -> tuple[Path, Path]:
    """Return an official model's checkpoint, verified, in the cache, and its description.

    Without a version it is the one that this checkout holds.

    Raises:
        UserError: no official model has that name, or no bucket has it intact: why, for each.
    """
    path = OFFICIAL_MODELS / name / "config.yaml"
    if not path.is_file():
        known = official_names()
        raise UserError(
            f"There is no file or folder {name}, and no official model of that name"
            f"{did_you_mean(name, known)}; official models: {', '.join(known) or 'none'}."
        )
    official, description = load_official(path), path.with_name(DESCRIPTION)
    _check_description(description, official)
    if version not in (None, official.version):
        official = _earlier(path, str(version))
    cached = CACHE / official.public_checkpoint
    if not _intact(cached, official):
        _fetch(name, official, cached)
    return cached, description


def _earlier(path: Path, version: str) -> OfficialConfig:
    """Return what an earlier commit published as a version.

    Raises:
        UserError: no commit here did; which ones there are.
    """
    known = []
    for commit in git("log", "--all", "--format=%H", "--", str(path)).split():
        shown = run_git("show", f"{commit}:./{path.as_posix()}")
        if shown.returncode:  # it was removed there
            continue
        official = _parsed(path, parse_yaml(shown.stdout.decode()))
        if official.version == version:
            return official
        known.append(str(official.version))
    raise UserError(
        f"No commit here published {path.parent.name}@{version}; versions: "
        f"{', '.join(dict.fromkeys(known)) or 'none'}. `git fetch --unshallow --tags` brings those "
        "that this clone lacks."
    )


def _check_description(path: Path, official: OfficialConfig) -> None:
    """Refuse a description that is not the published one: it names the classes."""
    found = read_yaml(path)
    if not isinstance(found, dict) or predict_config(found) != official.predict_config:
        raise UserError(
            f"{path} is not what was published with {official.public_checkpoint}; restore it, "
            f"such as by `git checkout -- {path}`."
        )


def predict_config(description: dict[str, Any]) -> dict[str, Any]:
    """Return what is published of a predict_configuration.yaml."""
    kept = {key: description.get(key) for key in ("task", "input", "output")}
    return {"model_name": description.get("model"), **kept}


def _intact(path: Path, official: OfficialConfig) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return official.problem(file) is None


def _fetch(name: str, official: OfficialConfig, cached: Path) -> None:
    """Write the checkpoint into the cache from the first bucket that has it intact."""
    buckets, failed = load_project().publish.buckets, []
    if not buckets:
        raise UserError(
            f"{ROOT_CONFIG}: publish.buckets is empty; write there which bucket holds the official "
            f"model {name!r}, as {cached.name}."
        )
    cached.parent.mkdir(parents=True, exist_ok=True)
    sweep(cached.parent)
    with tempfile.TemporaryDirectory(dir=cached.parent, prefix=PARTIAL) as folder:
        for bucket in buckets:
            url, temporary = f"{bucket.rstrip('/')}/{cached.name}", Path(folder, cached.name)
            problem = _download(url, temporary, official)
            if problem is None:
                temporary.replace(cached)
                return
            failed.append(f"{url}: {problem}.")
    raise UserError("\n".join([f"No bucket has the official model {name!r} intact.", *failed]))


def _download(url: str, file: Path, official: OfficialConfig) -> str | None:
    """Write a file from a bucket; say why it could not be had intact, or None."""
    try:
        fs, path = file_system(url)
        with bars(stderr=True) as progress:
            fs.get_file(path, str(file), callback=bar(progress, f"Fetching {url}"))
        with file.open("rb") as content:
            return official.problem(content)
    except FileNotFoundError:
        return "there is no such file"
    except UserError as error:  # its package is missing, which no account mends
        return reason(error)
    except Exception as error:  # whatever a library raises: ask the next bucket
        account = ACCOUNTS.get(scheme(url))
        return f"{reason(error)} ({account})" if account else reason(error)

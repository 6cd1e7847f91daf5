"""The versions of a model that were published, as this clone knows them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from modelyard.errors import UserError, did_you_mean
from modelyard.git import git
from modelyard.official.history import published_versions
from modelyard.official.lifecycle import Lifecycle, load_lifecycle, numbers
from modelyard.official.naming import STAGES, parse_name
from modelyard.official.places import OFFICIAL_MODELS, official_names
from modelyard.official.record import OfficialConfig, load_official


@dataclass(frozen=True)
class Published:
    """One version of a model, and what became of all of them.

    Attributes:
        known: every version that this clone knows, with what was published.
    """

    model: str
    version: str
    lifecycle: Lifecycle
    known: dict[str, OfficialConfig]

    @property
    def official(self) -> OfficialConfig:
        """What was published as this version."""
        return self.known[self.version]


def find_published(text: str) -> Published:
    """Return the version that MODEL@VERSION or MODEL@STAGE names.

    Raises:
        UserError: it names no version, or one that this clone does not know.
    """
    asked = parse_name(text)
    if asked.zoo:
        raise UserError(
            f"{text} is a model of a zoo; name one of this project, such as MODEL@v1.0.0."
        )
    path = OFFICIAL_MODELS / asked.model / "config.yaml"
    if not path.is_file():
        names = official_names()
        raise UserError(
            f"There is no official model {asked.model}{did_you_mean(asked.model, names)}; there "
            f"are: {', '.join(names) or 'none'}."
        )
    found = [load_official(path), *(official for _, official in published_versions(path))]
    known = {one.version: one for one in reversed(found) if one.version}
    lifecycle = load_lifecycle(OFFICIAL_MODELS, asked.model)
    version = lifecycle.named_by(asked.version) if asked.version in STAGES else asked.version
    listed = ", ".join(sorted(known, key=numbers)) or "none"
    if version is None:
        what = f"{text} names no version" if asked.version else f"Say which version of {text}"
        raise UserError(f"{what}, such as {asked.model}@v1.0.0; there are: {listed}.")
    if version not in known:
        raise UserError(
            f"No commit here published {asked.model}@{version}; there are: {listed}. "
            "`git fetch --unshallow --tags` brings those that this clone lacks."
        )
    return Published(asked.model, version, lifecycle, known)


def withdrawn_before(model: str, checkpoint: str) -> str | None:
    """Say that what would be published was withdrawn, whatever it would be called now."""
    for one in load_lifecycle(OFFICIAL_MODELS, model).withdrawn:
        if one.checkpoint == checkpoint:
            return (
                f"{model}@{one.version} was withdrawn ({one.why.rstrip('.')}), and this training "
                "gives the same model; train another."
            )
    return None


def now() -> str:
    """Return the time as records have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def who() -> str:
    """Return the name of whoever does this, without the address: wheels carry the record."""
    return git("var", "GIT_COMMITTER_IDENT").partition(" <")[0]

"""What became of a model's versions: promoted to a stage, or withdrawn."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from modelyard.config.mistakes import explain
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml

from .naming import STAGES, VERSION

COMMENT = "Written by `modelyard promote` and `python -m ci.withdraw`; the newest entries are last."
LONGEST = 300  # characters of a reason

Version = Annotated[str, Field(pattern=rf"^{VERSION.pattern}$")]


def plain(text: str) -> str:
    """Return a text as one line of characters that can be seen, not too long for a message."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


class Promotion(Section):
    """One move of a stage.

    Attributes:
        before: the version that the stage named until then.
    """

    stage: str = Field(pattern="|".join(f"^{stage}$" for stage in STAGES))
    version: Version
    before: Version | None = None
    when: str
    who: str


class Withdrawal(Section):
    """A version that nobody is to use any more; beside its checkpoint it is a tombstone.

    Attributes:
        checkpoint: the name of its `.keras` file in every bucket.
        instead: the newest version that was not withdrawn, at that time.
    """

    version: Version
    checkpoint: str
    why: Annotated[str, AfterValidator(plain)]
    instead: Version | None = None
    when: str
    who: str = ""


class Lifecycle(Section):
    """official_models/<model>.lifecycle.yaml, which publishing another version leaves alone."""

    promoted: list[Promotion] = Field(default=[])
    withdrawn: list[Withdrawal] = Field(default=[])

    def named_by(self, stage: str) -> str | None:
        """Return the version that a stage names, None if none ever was promoted to it."""
        moves = [one.version for one in self.promoted if one.stage == stage]
        return moves[-1] if moves else None

    def stages(self, version: str | None) -> list[str]:
        """Return the stages that name a version."""
        return [stage for stage in STAGES if version and self.named_by(stage) == version]

    def withdrawal(self, version: str | None) -> Withdrawal | None:
        """Return why a version was withdrawn, None if it was not."""
        return next((one for one in self.withdrawn if one.version == version), None)

    def newest(self, versions: Iterable[str | None]) -> str | None:
        """Return the newest of some versions that was not withdrawn."""
        left = [one for one in versions if one and not self.withdrawal(one)]
        return max(left, key=numbers, default=None)


def numbers(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by."""
    return tuple(map(int, version.removeprefix("v").split(".")))


def lifecycle_file(folder: Path, model: str) -> Path:
    """Return where the folder of all official models says what became of one's versions."""
    return folder / f"{model}.lifecycle.yaml"


def load_lifecycle(folder: Path, model: str) -> Lifecycle:
    """Return what became of a model's versions; `folder` has all official models.

    Raises:
        UserError: its record is broken, naming the key and what is allowed.
    """
    path = lifecycle_file(folder, model)
    if not path.is_file():
        return Lifecycle()
    document = read_yaml(path) or {}
    if not isinstance(document, dict):
        raise UserError(f"{path} is not a mapping; restore it with `git checkout -- {path}`.")
    try:
        return Lifecycle.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, Lifecycle, set())) from None


def save_lifecycle(folder: Path, model: str, lifecycle: Lifecycle) -> Path:
    """Write the record; return its path."""
    path, document = lifecycle_file(folder, model), lifecycle.model_dump(exclude_none=True)
    write_yaml(path, {key: value for key, value in document.items() if value}, COMMENT)
    return path

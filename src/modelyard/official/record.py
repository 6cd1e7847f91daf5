"""What is published of one model: official_models/<model>/config.yaml."""

from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import Field, ValidationError

from modelyard.config.mistakes import explain
from modelyard.config.section import Section
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.saved.content import content_hash
from modelyard.saved.description import DESCRIPTION

__all__ = ["DESCRIPTION", "OfficialConfig", "load_official", "parsed", "predict_config"]


class OfficialConfig(Section):
    """official_models/<model>/config.yaml; the first three keys are its published configuration.

    Attributes:
        public_checkpoint: the name of the `.keras` file in every bucket.
        sha256: of its content together with the published configuration.
        version: of its Git tag; None if no commit holds what was published.
        commit: which it was trained at; that tag names the commit of this description, a later one.
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
    return parsed(path, read_yaml(path))


def parsed(path: Path, document: Any) -> OfficialConfig:
    """Return an official config.yaml's content.

    Raises:
        UserError: naming the file, the key and what is allowed.
    """
    if not isinstance(document, dict):
        raise UserError(
            f"{path} is empty or not a mapping; restore it, or publish the model again."
        )
    try:
        return OfficialConfig.model_validate(document)
    except ValidationError as error:
        raise UserError(explain(error, path, document, OfficialConfig, set())) from None


def predict_config(description: dict[str, Any]) -> dict[str, Any]:
    """Return what is published of a predict_configuration.yaml."""
    kept = {key: description.get(key) for key in ("task", "input", "output")}
    return {"model_name": description.get("model"), **kept}

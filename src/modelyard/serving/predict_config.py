"""What a filled-in template says of predicting: `modelyard predict --config my.yaml`."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from modelyard.config.mistakes import explain
from modelyard.config.section import Section
from modelyard.config.templates import is_template
from modelyard.errors import UserError
from modelyard.files import read_csv
from modelyard.zoo.from_template import load_template

COLUMN = "filepath"


class PredictTemplate(Section):
    """`predict_config` of a template; what else is in it describes the official model.

    Attributes:
        data_dir: a folder of what is to be predicted, or where `filepaths` start from.
        filepaths: single files, or a CSV file with a column `filepath`.
        checkpoint: a `.keras` file, in place of the official one.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    data_dir: str | None = None
    filepaths: Annotated[str, Field(min_length=1)] | list[str] | None = None
    checkpoint: str | None = None


def predicted_by(path: Path) -> tuple[str, list[Path]]:
    """Return the model and the inputs that a template names.

    Raises:
        UserError: it is not a template, or names nothing to look at.
    """
    if not is_template(path):
        raise UserError(
            f"{path} is not a filled-in template with a train_config and a predict_config; copy "
            "one of templates/."
        )
    template = load_template(path)
    found = _read(path, template.predict_config)
    inputs = _inputs(path, found)
    if not inputs:
        raise UserError(
            f"{path}: predict_config names nothing to look at; write a folder into data_dir, or "
            "files into filepaths."
        )
    return found.checkpoint or template.official, inputs


def _read(path: Path, section: Any) -> PredictTemplate:
    if not isinstance(section, dict):
        raise UserError(f"{path}: predict_config is not a section; copy one of templates/.")
    try:
        return PredictTemplate.model_validate(section)
    except ValidationError as error:
        said = explain(error, path, section, PredictTemplate, set())
        raise UserError(said.replace(f"{path}: ", f"{path}: predict_config.")) from None


def _inputs(path: Path, found: PredictTemplate) -> list[Path]:
    """Return the files that are named, else the folder."""
    folder = Path(found.data_dir) if found.data_dir else None
    if found.filepaths is None:
        return [folder] if folder else []
    names = found.filepaths
    if isinstance(names, str):
        if Path(names).suffix != ".csv":
            raise UserError(
                f"{path}: predict_config.filepaths is {names!r}; write a list of files, or a CSV "
                f"file with a column {COLUMN}."
            )
        names = [row[COLUMN] for row in read_csv(Path(names), (COLUMN,))]
    return [(folder or Path()) / name for name in names]

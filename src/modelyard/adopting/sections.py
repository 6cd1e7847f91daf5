"""The section `data` that an adoption writes: what it keeps, and that it is one."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from modelyard.config.data_section import SharedData
from modelyard.config.loading import ROOT_CONFIG, override
from modelyard.config.mistakes import explain
from modelyard.errors import UserError

from .kinds import Source

KEPT = ("max_duplicate_share", "splits", "seed")  # of the example's section
COLUMNS = "columns."

SectionType = TypeVar("SectionType", bound=SharedData)


def begun(current: SharedData, source: Source) -> dict[str, Any]:
    """Return what a section keeps, and where the data lies."""
    written = current.model_dump(exclude_unset=True)
    data: dict[str, Any] = {"task": current.task}  # which a file may leave out
    data |= {key: written[key] for key in KEPT if key in written}
    data |= {"max_bad_share": 0} if "max_bad_share" in written else {}
    return data | {
        "root": source.root.as_posix(),
        "processed": f"data/processed/{source.root.name}",
    }


def nested(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted keys as sections; the name of a column may itself have dots."""
    document: dict[str, Any] = {}
    for key, value in asked.items():
        name = key.removeprefix("data.")
        if name.startswith(COLUMNS):
            document.setdefault("columns", {})[name.removeprefix(COLUMNS)] = value
        else:
            override(document, name, value)
    return document


def without_defaults(section: type[SharedData], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys whose values are not what they are anyway."""
    fields = section.model_fields
    return {
        key: value
        for key, value in keys.items()
        if fields[key].is_required() or fields[key].get_default() != value
    }


def checked(
    section: type[SectionType], data: Mapping[str, Any], asked: Mapping[str, Any]
) -> SectionType:
    """Return a section that config.yaml could have.

    Raises:
        UserError: naming the key, and that it stood on the command line if it did.
    """
    try:
        return section.model_validate(dict(data))
    except ValidationError as error:
        raise UserError(explain(error, ROOT_CONFIG, dict(data), section, set(asked))) from None

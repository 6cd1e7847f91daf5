"""What a saved model of a table tells of its columns: how to read them, and what a form shows."""

from collections.abc import Mapping
from typing import Any

from modelyard.config.table_section import TableData

from .fitting import Fitted
from .values import written_days

CHOICES = 1000  # categories that a description lists, the most frequent


def described(config: TableData, found: Mapping[str, Any], fitted: Fitted) -> dict[str, Any]:
    """Return the settings of the manifest, and `input` of predict_configuration.yaml.

    Of each column: name, type, format of dates; `required`, as none was missing in a training row;
    `choices`, the most frequent categories; `example`, a usual value.
    """
    values = iter(fitted.categories)
    return {
        "delimiter": config.delimiter,
        "encoding": config.encoding,
        "missing": [*found["missing"]],
        "target": config.target,
        "columns": [
            _column(one, next(values) if one["type"] == "category" else {})
            for one in found["columns"]
        ],
    }


def _column(entry: Mapping[str, Any], values: Mapping[str, int]) -> dict[str, Any]:
    column = {key: entry[key] for key in ("name", "type", "format") if key in entry}
    column["required"] = not entry["missing"]
    if entry["type"] == "category":
        column["choices"] = entry["values"][:CHOICES]
        column["example"] = next((one for one in values if one), "")
        column["known"] = len(entry["values"])
    elif entry["type"] == "boolean":
        column["example"] = entry["mean"] >= 1 / 2
    elif entry["low"] is not None:
        column["example"] = _example(entry)
    return column


def _example(entry: Mapping[str, Any]) -> Any:
    """Return the mean of a column, as a cell of it would say it."""
    if entry["type"] == "date":
        return written_days(float(round(entry["mean"])), entry["format"])
    low, high, mean = entry["low"], entry["high"], entry["mean"]
    if float(low).is_integer() and float(high).is_integer():
        return round(mean)
    return float(f"{mean:.3g}")

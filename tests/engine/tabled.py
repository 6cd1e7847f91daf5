"""A tiny project of a table: numbers, categories, booleans, dates, and missing values."""

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from modelyard.config.table_section import TableData
from modelyard.data.table.preparing import prepare_data
from modelyard.files import read_json, write_yaml

from .tiny import MODEL, TINY

RAW, FILE, PROCESSED = Path("raw"), Path("raw/people.csv"), Path("data/people")
SECTION: dict[str, Any] = {
    "task": "tabular",
    "root": str(RAW),
    "file": "people.csv",
    "target": "buys",
    "processed": str(PROCESSED),
    "splits": {"train": 0.6, "validation": 0.2, "test": 0.2},
    "seed": 1,
}
HEADER = ("age", "city", "member", "since", "buys", "spent")
VALUES: dict[str, dict[str, Any]] = {
    "linear": {"l2": 0.0},
    "boosting": {"trees": 60, "leaves": 7},
    "mlp": {"hidden_units": 16, "hidden_layers": 1, "dropout_rate": 0.0},
}
CITIES = {"Rome": 20.0, "Oslo": 0.0, "Paris": -20.0}


def people(count: int = 120, seed: int = 0) -> list[list[str]]:
    """Return rows in which age, city and membership say what is spent, and whether one buys."""
    draw = random.Random(seed)  # noqa: S311
    rows = []
    for number in range(count):
        age, city = draw.uniform(18, 80), draw.choice([*CITIES])
        member = draw.random() < 1 / 2
        spent = 150 + age + CITIES[city] + 30 * member + draw.gauss(0, 2)
        buys = "yes" if spent > 210 else "no"
        rows.append(
            [
                "" if number % 10 == 0 else f"{age:.1f}",
                "" if number % 15 == 0 else city,
                "yes" if member else "no",
                f"20{number % 20:02}-0{1 + number % 9}-1{number % 10}",
                buys,
                f"{spent:.1f}",
            ]
        )
    return rows


def write_table(
    rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, file: Path = FILE
) -> None:
    """Write a CSV below the working directory."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])


def prepared(**keys: Any) -> dict[str, Any]:
    """Prepare the table that was written; return columns.json by the name of the column."""
    prepare_data(TableData.model_validate(SECTION | keys))
    return {one["name"]: one for one in read_json(PROCESSED / "columns.json")["columns"]}


def write_project(architecture: str = "linear", params: Any = (), **data: Any) -> None:
    """Write the configuration of a project of the table below the working directory."""
    root = {
        "model": "tiny",
        "data": SECTION | data,
        "summary": {"metric": "test.loss", "direction": "min"},
    }
    write_yaml(Path("config.yaml"), root)
    values = {"learning_rate": 0.05} | VALUES.get(architecture, {})
    hyperparams = {name: {"default_value": value} for name, value in values.items()}
    model = TINY | {
        "task": "tabular",
        "architecture": architecture,
        "params": TINY["params"] | dict(params),
        "tuning": TINY["tuning"] | {"hyperparams": hyperparams},
        "input_paths": {"data": str(PROCESSED)},
    }
    write_yaml(MODEL / "config.yaml", model)

"""Example data: scikit-learn's tables as CSV.

Run as `python -m modelyard.data.tables data/raw/breast_cancer`, or `… data/raw/diabetes`. Your own
data takes their place.
Breast Cancer Wisconsin (Diagnostic): 30 measurements of cell nuclei in each of 569 images, and
whether the tumour is malignant (W. Wolberg, W. Street, O. Mangasarian, 1995, CC BY 4.0).
Diabetes: age, sex, body mass index, blood pressure and six blood serum measurements of 442
patients, and how far the disease was a year later (B. Efron, T. Hastie, I. Johnstone,
R. Tibshirani, 2004).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.files import whole_folder, write_csv

TABLES = ("breast_cancer", "diabetes")
SEX = {1.0: "1", 2.0: "2"}  # the source does not say which is which


def table_rows(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table, the target last."""
    from sklearn import datasets

    if name == "breast_cancer":
        found = datasets.load_breast_cancer()
        columns = [one.replace(" ", "_") for one in found.feature_names]
        for values, label in zip(found.data, found.target, strict=True):
            yield _row(columns, values) | {"diagnosis": str(found.target_names[label])}
        return
    found = datasets.load_diabetes(scaled=False)
    for values, progression in zip(found.data, found.target, strict=True):
        row = _row(found.feature_names, values)
        yield row | {"sex": SEX[float(row["sex"])], "progression": f"{progression:g}"}


def _row(columns: list[str], values: Any) -> dict[str, Any]:
    return {name: f"{value:.10g}" for name, value in zip(columns, values, strict=True)}


def write_table(folder: Path, name: str) -> None:
    """Write FOLDER/NAME.csv."""
    with whole_folder(folder) as temporary:
        write_csv(temporary / f"{name}.csv", table_rows(name))


def main() -> None:
    """Write one of the tables to a folder."""
    parser = argparse.ArgumentParser(prog="python -m modelyard.data.tables", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("table", choices=TABLES, nargs="?", help="default: the folder's name")
    options = parser.parse_args()
    name = options.table or options.folder.name
    if name not in TABLES:
        parser.error(f"there is no table {name!r}; write {' or '.join(TABLES)}")
    write_table(options.folder, name)


if __name__ == "__main__":
    main()

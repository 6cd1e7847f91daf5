import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from modelyard.files import read_csv, write_csv

from .conftest import ROOT
from .tiny import METRICS

NOTEBOOK = ROOT / "src/notebooks/explore.ipynb"


def execute(folder: Path) -> list[nbformat.NotebookNode]:
    """Run the notebook in a project, and return what its cells put out."""
    shutil.copytree(ROOT / "src", folder / "src")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_the_notebook_shows_data_curves_and_every_mistake(trained: Path) -> None:
    predictions = read_csv(METRICS / "predictions.csv")
    predictions[0]["predicted"] = "rows" if predictions[0]["actual"] != "rows" else "empty"
    write_csv(METRICS / "predictions.csv", predictions)
    outputs = execute(trained)
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    text = " ".join(output.get("text", "") for output in outputs)
    wrong = sum(row["actual"] != row["predicted"] for row in predictions)
    assert wrong >= 1
    assert len(figures) >= 3
    assert re.search(rf"\b{wrong} of {len(predictions)} test images are misclassified", text)


def test_the_notebook_says_what_to_do_before_the_first_training(workspace: Path) -> None:
    with pytest.raises(CellExecutionError, match=r"sh run\.sh"):
        execute(workspace)


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)

"""The folder that a test works in: a project of its own, so that the checkout stays untouched."""

import shutil
from pathlib import Path
from typing import Any

from src.utils.config import ROOT_CONFIG
from src.utils.utils import UserError, read_json, read_yaml, write_json, write_yaml

from .code import Code
from .configuration import differences, snapshot
from .data import link
from .definition import Case
from .driver import CODE

RECORD = "train_configuration.yaml"  # what every training leaves, also one by an adapter.py
RESULT = "result.json"


def make_workspace(case: Case) -> None:
    """Make the test's folder anew: configuration with its values, and the data, linked."""
    shutil.rmtree(case.folder, ignore_errors=True)
    config, path = case.config, case.folder / case.config.file
    write_yaml(case.folder / ROOT_CONFIG, read_yaml(ROOT_CONFIG) | {"model": config.name})
    write_yaml(path, snapshot(config), f"{config.file} with the values of the test {case.test}.")
    if brings_adapter(case):
        shutil.copyfile(config.file.with_name("adapter.py"), path.with_name("adapter.py"))
    for folder in dict.fromkeys((config.input_paths.data, config.data.root)):
        link(folder, case.folder / folder)


def brings_adapter(case: Case) -> bool:
    """Say whether the model is one of another framework, which adapter.py trains."""
    return case.config.file.with_name("adapter.py").is_file()


def find_trained(case: Case) -> Path:
    """Return the root of a project that has the test's model: an earlier run's, or the checkout.

    Raises:
        UserError: there is none, or it was trained in another way than the test asks for.
    """
    folder = case.config.output_paths.model.root
    for root in (case.folder, Path()):
        if (root / folder / RECORD).is_file():
            _check_same(case, root / folder)
            return root
    raise UserError(
        f"there is no trained model: {case.folder / folder} and {folder} have no "
        f"{RECORD}; run it without --no-train, or `dvc pull` the model."
    )


def predictions_folder(case: Case) -> Path:
    """Make the folder that takes a saved model's predictions anew."""
    folder = case.folder / "predictions"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def check_code(case: Case, code: Code) -> None:
    """Prove whose code was trained with.

    Raises:
        UserError: it came from elsewhere.
    """
    folder = Path(read_json(case.folder / CODE)["folder"])
    if not folder.is_relative_to(code.folder):
        raise UserError(f"the code came from {folder}, not from {code.folder}")


def write_result(case: Case, result: dict[str, Any]) -> None:
    """Store what came out, with the complete configuration that it was asked with."""
    write_json(case.folder / RESULT, result | {"config": case.config.record()})


def _check_same(case: Case, folder: Path) -> None:
    found = differences(case.config, read_yaml(folder / RECORD))
    if found:
        raise UserError(
            f"{folder} was trained otherwise: {'; '.join(found[:5])}; run the test "
            "without --no-train."
        )

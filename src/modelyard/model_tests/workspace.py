"""The folder that a test works in: a project of its own, so that the checkout stays untouched."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard.adapter.listed import imported
from modelyard.config.loading import ROOT_CONFIG
from modelyard.config.models import ADAPTER
from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError
from modelyard.files import read_json, read_yaml, write_json, write_yaml
from modelyard.git import git
from modelyard.official.finding import find_official
from modelyard.official.naming import is_name
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.pipeline.identity import code_hash
from modelyard.publishing.environment_file import HERE

from .code import Code
from .configuration import differences, snapshot
from .data import link
from .definition import Case
from .driver import CODE

RECORD = "train_configuration.yaml"  # what every training leaves, also one by an adapter.py
RESULT = "result.json"
WRITTEN = ("config.yaml", "hyperparameters.yaml")  # with the test's values; by `tune`


def make_workspace(case: Case) -> None:
    """Make the test's folder anew: configuration with its values, and the data, linked."""
    shutil.rmtree(case.folder, ignore_errors=True)
    config, path = case.config, case.folder / case.config.file
    write_yaml(case.folder / ROOT_CONFIG, read_yaml(ROOT_CONFIG) | {"model": config.name})
    write_yaml(path, snapshot(config), f"{config.file} with the values of the test {case.test}.")
    if brings_adapter(case):
        _copy_sources(config.file.parent, case.folder)
    for folder in inputs(case):
        link(folder, case.folder / folder)
    _link_initial_weights(case)


def _link_initial_weights(case: Case) -> None:
    """Share what the training begins with: a file, or what describes an official model.

    The version that is asked for becomes the one that is there: the folder has no history.
    """
    source = case.config.params.initial_weights or ""
    if Path(source).is_file() and not Path(source).is_absolute():
        link(Path(source), case.folder / source)
    elif is_name(source):
        with suppress(UserError):  # imagenet, or nothing: the training says so
            official = find_official(source)
            for name in (official.name, source.partition("@v")[0]):  # or the name of a stage
                link(official.folder, case.folder / OFFICIAL_MODELS / name)


def inputs(case: Case) -> list[Path]:
    """Return the data, and inputs of the team's own, that a test shares with the checkout."""
    paths, root = case.config.input_paths, case.config.data.root
    return list(dict.fromkeys((paths.data, root, *paths.own.values())))


def brings_adapter(case: Case) -> bool:
    """Say whether the model is one of another framework, which adapter.py trains."""
    return case.config.adapter is not None


def _copy_sources(folder: Path, target: Path) -> None:
    """Copy what an adapter may need beside it: what Git has of the folder, or would take."""
    try:
        listed = git(
            "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", str(folder)
        )
        files = [Path(name) for name in listed.split("\0") if name]
    except UserError:  # no repository
        files = [folder / ADAPTER, *imported(folder / ADAPTER)]
    for file in files:
        if file.is_file() and file.name not in WRITTEN:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / file)


def find_trained(case: Case) -> tuple[Path, str]:
    """Return the root of a project that has the test's model, and a sentence on that model.

    It is that of the test's last run or, for tests of this checkout, the checkout's own: the one
    that was trained last.

    Raises:
        UserError: there is none, or it was trained in another way than the test asks for.
    """
    folder = case.config.output_paths.model.root
    roots = [case.folder, *([Path()] if case.env == HERE else [])]
    records = {
        root: read_yaml(root / folder / RECORD)
        for root in roots
        if (root / folder / RECORD).is_file()
    }
    if not records:
        raise UserError(
            f"there is no trained model: no {RECORD} in "
            f"{' or '.join(str(root / folder) for root in roots)}; run it without --no-train"
            + (", or `dvc pull` the model." if case.env == HERE else ".")
        )
    different = {root: _different(case, record) for root, record in records.items()}
    same = [root for root in records if not different[root]]
    if not same:
        raise UserError("\n".join(
            f"{root / folder} was trained otherwise: {'; '.join(found[:5])}; run the test without "
            "--no-train."
            for root, found in different.items()
        ))  # fmt: skip
    root = max(same, key=lambda root: str(records[root].get("training_start_time")))
    return root, f"judging {root / folder}, {_origin(root, records[root])}"


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


def _different(case: Case, record: dict[str, Any]) -> list[str]:
    found = differences(case.config, record)
    data = read_manifest(case.config.input_paths.data).data_hash
    if record.get("data_hash") != data:
        found.append(f"the data was {record.get('data_hash')}, now it is {data}")
    return found


def _origin(root: Path, record: dict[str, Any]) -> str:
    commit = str(record.get("git_commit") or "no commit")[:10]
    said = f"trained {record.get('training_start_time')} at {commit}"
    code = root / CODE  # of the checkout's own model nobody has noted it
    if code.is_file() and read_json(code)["hash"] != code_hash():
        said += ", by other code than there is now"
    return said

"""What a test learns from: prepared by DVC once, then linked into each test's folder."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelyard.config.measured import why_unmeasured
from modelyard.config.requirement import Requirement
from modelyard.data.manifest import Manifest, read_manifest
from modelyard.errors import UserError, did_you_mean
from modelyard.files import read_csv, read_json
from modelyard.pipeline.inputs import out_of_reach
from modelyard.pipeline.metrics import measured_before

from .definition import TESTS, WORK, Case
from .logs import LOG
from .perturbations import not_possible, part_of, why_not_scored
from .processes import LAST_WORDS, run_guarded

STAGE = "prepare"
WAYS = (("repro", "--pull", STAGE), ("repro", STAGE))  # the first that succeeds is enough


def prepare_data() -> None:
    """Bring the prepared data up to date: from DVC's remote if it is there, else by the pipeline.

    Where it is up to date nothing is written, and nobody is asked.

    Raises:
        UserError: it can neither be fetched nor made, or what it is made of was changed.
    """
    changed = _changed()
    if changed == {}:
        return
    _refuse_altered(changed or {})
    for way in WAYS:
        status, said = _dvc(*way)
        if status == 0:
            for line in said:
                if line.startswith(("Pulling data", "Running stage")):
                    LOG.info("%s", line)
            return
    if reason := out_of_reach():
        raise UserError(f"The data cannot be fetched, so nothing was tested: {reason}")
    last = "\n".join(said[-LAST_WORDS:])
    raise UserError(
        "The prepared data is missing or outdated, and `dvc repro prepare` failed, so nothing was "
        f"tested; its last words:\n{last}"
    )


def _changed() -> dict[str, Any] | None:
    """Return what DVC says has changed of what is prepared; None if it cannot say."""
    status, said = _dvc("status", "--json", "--with-deps", STAGE)
    documents = [line for line in said if line.startswith("{")]
    return dict(json.loads(documents[-1])) if status == 0 and documents else None


def _refuse_altered(changed: Mapping[str, Any]) -> None:
    """Refuse what DVC would write over: raw data that is not what it has recorded."""
    for target, reasons in changed.items():
        outputs = [one["changed outs"] for one in reasons if "changed outs" in one]
        altered = [path for one in outputs for path, how in one.items() if how == "modified"]
        if altered and target != STAGE:
            raise UserError(
                f"{altered[0]} is not what DVC has recorded of it, and preparing the data would "
                f"write over it; keep it with `dvc commit {target}`, or drop the changes with "
                f"`dvc checkout {target}`."
            )


def _dvc(*arguments: str) -> tuple[int | None, list[str]]:
    programs = str(Path(sys.executable).parent)  # of .venv, also where it is not activated
    variables = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    return run_guarded(("dvc", *arguments), variables, WORK / "data.txt")


def check_limits(cases: Sequence[Case]) -> None:
    """Refuse limits for metrics or classes that the data does not have, before any training."""
    problems = [
        f"{TESTS}: {case.test}.metrics: {one.name}: {why}."
        for case in cases
        for one in case.asked.metrics
        if (why := _why_not(one, case, read_manifest(case.config.input_paths.data)))
    ]
    problems += [
        f"{TESTS}: {case.test}: {why}."
        for case in cases
        for why in not_possible(
            case.asked.perturbations, read_manifest(case.config.input_paths.data)
        )
    ]
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))


def _why_not(wanted: Requirement, case: Case, manifest: Manifest) -> str | None:
    """Say why nothing will be measured that a limit names, or None."""
    label, classes = wanted.of_class, manifest.classes
    if label is not None and label not in classes and classes:
        hint = did_you_mean(label, classes)
        return f"the data has no such class{hint}; its classes: {', '.join(classes)}"
    if part_of(wanted):
        return why_not_scored(wanted, manifest)
    return why_unmeasured(wanted, case.config, [manifest.head], measured_before(case.config))


def link(source: Path, target: Path) -> None:
    """Give a file, or a folder's files, a second name, without copying them."""
    if source.is_file():
        _link_files(source.parent, [source.name], target.parent)
    for folder, _, names in os.walk(source):
        _link_files(Path(folder), names, target / Path(folder).relative_to(source))


def _link_files(folder: Path, names: Iterable[str], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (into / name).exists():
            continue  # a file of the team's own, in a folder that is shared as a whole
        file = Path(folder, name).resolve()  # DVC may have linked it from its cache
        try:
            os.link(file, into / name)
        except OSError:  # another file system, as where DVC's cache is on one
            (into / name).symlink_to(file)


def stamps(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return when each file was last written, and its size; one that is gone has no entry."""
    found = {}
    for folder in folders:
        for inner, _, names in os.walk(folder):
            for file in (Path(inner, name) for name in names):
                with suppress(FileNotFoundError):
                    status = file.stat()
                    found[file] = (status.st_mtime_ns, status.st_size)
    return found


def records(folder: Path) -> list[str]:
    """Return what the test split's examples are called, in the order of what is predicted."""
    table = folder / "test.csv"
    if table.is_file():
        return [row["path"] for row in read_csv(table)]
    document: Mapping[str, Any] = read_json(folder / "test.json")
    return [str(image["file_name"]) for image in document["images"]]

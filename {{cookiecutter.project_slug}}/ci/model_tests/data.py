"""What a test learns from: prepared by DVC once, then linked into each test's folder."""

import math
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from src.utils.manifest import read_manifest
from src.utils.utils import UserError, read_csv, read_json

from .definition import FILE, FOLDER, Case
from .processes import Job, Processes

LAST_WORDS = 15
LOOK_SECONDS = 30
WAYS = (  # the first that succeeds is enough; only the second asks the remote
    ("status", "--quiet", "--with-deps", "prepare"),
    ("repro", "--pull", "prepare"),
    ("repro", "prepare"),
)


def prepare_data() -> None:
    """Bring the prepared data up to date: from DVC's remote if it is there, else by the pipeline.

    Where it is up to date nothing is written, and nobody is asked.

    Raises:
        UserError: it can neither be fetched nor made.
    """
    programs = str(Path(sys.executable).parent)  # of .venv, also where it is not activated
    variables = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    for way in WAYS:
        log = FOLDER / "data.txt"
        log.unlink(missing_ok=True)
        job = Job(("dvc", *way), Path(), variables, log, math.inf, LOOK_SECONDS)
        status = Processes().run(job, lambda: print("waiting for dvc …", flush=True))
        said = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        if status == 0:
            for line in said:
                if line.startswith(("Pulling data", "Running stage")):
                    print(line, flush=True)
            return
    last = "\n".join(said[-LAST_WORDS:])
    raise UserError(
        "The prepared data is missing or outdated, and `dvc repro prepare` failed, so nothing was "
        f"tested; its last words:\n{last}"
    )


def check_classes(cases: Iterable[Case]) -> None:
    """Refuse limits for classes that the data does not have, before anything is trained."""
    problems = []
    for case in cases:
        classes = read_manifest(case.config.input_paths.data).classes
        problems += [
            f"{FILE}: {case.test}.metrics: {one.name}: the data has no such class; its classes: "
            f"{', '.join(classes)}."
            for one in case.asked.metrics
            if one.of_class is not None and one.of_class not in classes
        ]
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))


def link(source: Path, target: Path) -> None:
    """Give a folder's files a second name, without copying them."""
    for folder, _, names in os.walk(source):
        into = target / Path(folder).relative_to(source)
        into.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(folder, name).resolve()  # DVC may have linked it from its cache
            try:
                os.link(file, into / name)
            except OSError:  # another file system, as where DVC's cache is on one
                (into / name).symlink_to(file)


def records(folder: Path) -> list[str]:
    """Return the paths of the test split's images, in the order of what is predicted."""
    table = folder / "test.csv"
    if table.is_file():
        return [row["path"] for row in read_csv(table)]
    document: Mapping[str, Any] = read_json(folder / "test.json")
    return [str(image["file_name"]) for image in document["images"]]

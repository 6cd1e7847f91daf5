"""A bake passes its own style checks; its types and tests are checked in tests/pipeline."""

import sys
from pathlib import Path

import pytest
from answers import LONGEST, TASK_SETS, Answers
from support import Bake, run

RUFF = str(Path(sys.executable).parent / "ruff")
SETS: dict[str, Answers] = {"defaults": {}, "longest names": LONGEST, **TASK_SETS}


@pytest.mark.parametrize("answers", SETS.values(), ids=list(SETS))
def test_a_bake_passes_ruff(bake: Bake, answers: Answers) -> None:
    project = bake(**answers)
    run(project, RUFF, "check", "--no-cache", ".")
    run(project, RUFF, "format", "--no-cache", "--check", ".")

"""No project may have the name of a package that it installs; the hook holds all of them."""

from pathlib import Path

import locked_names
from support import bake


def test_the_hook_knows_every_package_that_a_bake_locks(tmp_path: Path) -> None:
    project = bake(tmp_path, **locked_names.ANSWERS)
    missing = locked_names.locked(project) - locked_names.held()
    assert missing == set(), "run scripts/locked_names.py"

"""The template repository keeps its own promises."""

import re

from support import ROOT


def test_the_lock_names_no_registry_but_pypi() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\"]+)", lock))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_ci_runs_what_the_makefile_offers() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert re.findall(r"make ([a-z-]+)", script) == ["test"]
    assert {"demo", "test", "test-fast", "lint", "clean"} <= set(targets)
    assert len(targets) <= 8


def test_every_makefile_target_explains_itself() -> None:
    rules = re.findall(
        r"^[a-z-]+:.*", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [rule for rule in rules if "  ## " not in rule] == []

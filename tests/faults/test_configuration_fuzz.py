"""Whatever stands in a configuration file: no traceback, no hang, and the file and the key named.

`cd tests && python -m faults.all_mistakes` tries all of them, some 14,000, in a few minutes.
"""

import random
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import bake

from modelyard.config.skeleton import check_skeleton
from modelyard.errors import UserError

from .configuration import Outcome, cases, complete, outcome, targets

SEED, COUNT = 17, 450
MEMORY = 1 << 30  # bytes that reading may take beyond what the process has

TABLES = {
    'tool = "modelyard"': "tool.modelyard",
    'tool.modelyard = "1"': "tool.modelyard",
    "tool.modelyard = []": "tool.modelyard",
    "[tool.modelyard]\nskeleton = true": "skeleton",
    "[tool.modelyard]\nskeleton = nan": "skeleton",
    "[tool.modelyard]\nskeleton = []": "skeleton",
    "[tool.modelyard]\nskelton = 1": "skelton",
    "[tool.modelyard]\nresults = 1.5": "results",
    "[tool.modelyard]\nresults = -1": "results",
    "[tool.modelyard]\nresults = 1979-05-27": "results",
    f"[tool.modelyard]\nresults = {'9' * 400}": "results",
    "[tool.modelyard]\nresults = 1\nresults = 2": "not valid TOML",
    "[tool.modelyard\n": "not valid TOML",
    "[tool.modelyard]\nresults =": "not valid TOML",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = bake(tmp_path_factory.mktemp("fuzz"))
    complete(project)
    return project


@pytest.fixture
def project(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def _little_memory() -> Iterator[None]:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.usefixtures("project")
def test_the_files_themselves_are_accepted() -> None:
    for target in targets():
        target.read()


@pytest.mark.usefixtures("project", "_little_memory")
def test_every_mistake_is_refused_by_file_and_key_or_does_no_harm() -> None:
    every = list(cases())
    assert len(every) > 10_000
    tried = random.Random(SEED).sample(every, COUNT)  # noqa: S311
    found = [outcome(target, mistake) for target, mistake in tried]
    assert [str(one) for one in found if one.verdict not in ("refused", "accepted")] == []
    assert refused(found) > COUNT // 2


@pytest.mark.usefixtures("project", "_little_memory")
@pytest.mark.parametrize("text", TABLES, ids=lambda text: text.replace("\n", " ")[:40])
def test_a_mistake_in_pyproject_is_refused_by_key(text: str) -> None:
    pyproject = Path("pyproject.toml")
    before = pyproject.read_bytes()
    pyproject.write_text(text)
    try:
        with pytest.raises(UserError) as caught:
            check_skeleton()
    finally:
        pyproject.write_bytes(before)
    assert str(caught.value).startswith("pyproject.toml")
    assert TABLES[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def refused(found: list[Outcome]) -> int:
    return sum(one.verdict == "refused" for one in found)

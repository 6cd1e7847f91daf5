"""An adapter.py trains with the installed package, whose name is not `src`, as it does here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

ADAPTER = """
import src.utils.utils
from modelyard.adapter import AdapterModel, ModelSpecs
from src.utils import utils as again

class Own(AdapterModel):
    def train(self): pass
    def get_metrics(self): return {}
"""
FOUND = """
import sys
from pathlib import Path
from types import SimpleNamespace
import installed.run  # hands the project over
from installed.utils import utils
from modelyard import adapter
from modelyard.adapter.loading import adapter_class
config = SimpleNamespace(adapter=Path("model/adapter.py"))
found = adapter_class(config)
def finders():
    places = (type(one).__module__ for one in sys.meta_path)
    return [place for place in places if place.startswith("modelyard.adapter.")]
"""
CHECK = f"""{FOUND}
own = sys.modules[found.__module__]
assert issubclass(found, adapter.AdapterModel) and own.ModelSpecs is adapter.ModelSpecs
assert own.src.utils.utils is utils is own.again
assert utils.__spec__.name == utils.__name__ == "installed.utils.utils"
assert sorted(finders()) == ["modelyard.adapter.beside", "modelyard.adapter.source_name"]
adapter_class(config)
assert sorted(finders()) == ["modelyard.adapter.beside", "modelyard.adapter.source_name"]
try:
    import src.nothing
except ModuleNotFoundError as error:
    assert "nothing" in str(error), error
else:
    raise AssertionError("src.nothing was imported")
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    shutil.copytree(ROOT / "src", "packages/installed")
    Path("model").mkdir()
    Path("model/adapter.py").write_text(ADAPTER)
    Path("model/config.yaml").touch()


def check(code: str) -> str:
    """Run code in a process of its own, where it must not fail; return its standard error."""
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(
        command, check=True, env=os.environ, stderr=subprocess.PIPE, text=True
    ).stderr


@pytest.mark.usefixtures("_installed")
def test_what_an_adapter_imports_from_src_is_the_installed_package_itself() -> None:
    assert check(CHECK) == ""


@pytest.mark.usefixtures("_installed")
def test_an_adapter_of_version_0_1_imports_from_src_adapter_with_a_warning() -> None:
    Path("model/adapter.py").write_text(ADAPTER.replace("modelyard.adapter", "src.adapter"))
    assert "is now modelyard.adapter; write that in your imports" in check(CHECK)


@pytest.mark.usefixtures("_installed")
def test_modules_beside_an_adapter_are_found_and_may_import_from_src_too() -> None:
    for style in ("from losses import utils as own", "from .losses import utils as own"):
        Path("model/adapter.py").write_text(f"{style}\n{ADAPTER}")
        Path("model/losses.py").write_text("from src.utils import utils\n")
        assert check(f"{FOUND}\nassert sys.modules[found.__module__].own is utils\n") == ""
        Path("model/losses.py").unlink()
        code = FOUND.replace(
            "found = adapter_class(config)", "from modelyard.command import finish"
        )
        said = check(f"{code}\nassert finish(lambda: adapter_class(config) is None) == 1\n")
        assert "there is no module losses" in said


@pytest.mark.usefixtures("_installed")
def test_a_package_that_is_called_src_is_left_alone() -> None:
    Path("packages/src").mkdir()
    Path("packages/src/__init__.py").touch()
    Path("packages/src/theirs.py").write_text("value = 1")
    Path("model/adapter.py").write_text("from src.theirs import value\n" + ADAPTER)
    with pytest.raises(subprocess.CalledProcessError):
        check(CHECK)
    Path("model/adapter.py").write_text(
        "from src.theirs import value\nfrom modelyard.adapter import AdapterModel\n"
        + ADAPTER.split("again\n")[1]
    )
    check(FOUND + "assert found.__name__ == 'Own'")

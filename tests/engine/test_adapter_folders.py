"""An adapter.py with modules beside it, imported in every way that Python and ZazuML write."""

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from modelyard.adapter.loading import adapter_class
from modelyard.command import finish

if TYPE_CHECKING:
    from modelyard.config import Config

ADAPTER = """
{imports}
from modelyard.adapter import AdapterModel

class Own(AdapterModel):
    def train(self): pass
    def get_metrics(self): return {{"margin": margin()}}
"""
LOSSES = "import sys\n\ndef margin():\n    return {value}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if "_adapter" in name:
            del sys.modules[name]


def write(model: str, **files: str) -> Path:
    """Write files of a model's folder, `__` for `/`; return its adapter.py."""
    folder = Path("models", model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").touch()
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"  # `init` stands for __init__
        file = file.with_stem("__init__") if file.stem == "init" else file
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder / "adapter.py"


def load(path: Path) -> Any:
    """Return the adapter's class."""
    return adapter_class(cast("Config", SimpleNamespace(adapter=path)))


def margin(path: Path) -> Any:
    """Return what the adapter's metric says, with everything imported."""
    return load(path)(None, None).get_metrics()["margin"]


WAYS = {
    "relative": "from .losses import margin",
    "plain": "from losses import margin",
    "a plain module": "import losses\nmargin = losses.margin",
    "a module of the package": "from . import losses\nmargin = losses.margin",
    "under another name": "import losses as own\nmargin = own.margin",
    "everything": "from losses import *",
    "inside a function": "def margin():\n    from losses import margin\n    return margin()",
    "by chance after the other": "import losses\nfrom .losses import margin\n"
    "assert losses.margin is margin",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_module_beside_the_adapter_is_imported(way: str) -> None:
    path = write("one", adapter=ADAPTER.format(imports=WAYS[way]), losses=LOSSES.format(value=3))
    assert margin(path) == 3
    assert "losses" not in sys.modules


@pytest.mark.parametrize(
    "imports",
    [
        "from nets.margins import margin",
        "from .nets.margins import margin",
        "import nets.margins\nmargin = nets.margins.margin",
        "import nets.margins as own\nmargin = own.margin",
        "from nets import margins\nmargin = margins.margin",
    ],
)
@pytest.mark.parametrize("package", [{"nets__init": ""}, {}], ids=["package", "folder"])
@pytest.mark.parametrize("inner", ["from ..values import value", "from values import value"])
def test_packages_lie_beside_it_too_and_import_each_other_in_both_styles(
    imports: str, inner: str, package: dict[str, str]
) -> None:
    files = {
        "nets__margins": f"{inner}\ndef margin():\n    return value",
        "values": "from nets.numbers import three as value",
        "nets__numbers": "three = 3",
    } | package
    assert margin(write("one", adapter=ADAPTER.format(imports=imports), **files)) == 3


def test_two_models_may_have_modules_of_one_name() -> None:
    text = ADAPTER.format(imports="import losses\ndef margin():\n    import losses as later\n"
                          "    assert later is losses\n    return losses.margin()")  # fmt: skip
    found = [
        load(write(f"model_{value}", adapter=text, losses=LOSSES.format(value=value)))
        for value in range(3)
    ]
    assert [one(None, None).get_metrics()["margin"] for one in found] == [0, 1, 2]


def test_what_lies_beside_wins_there_and_nowhere_else() -> None:
    files = {"json": LOSSES.format(value=3), "numpy": LOSSES.format(value=4)}
    imports = "from json import margin\nimport numpy\nassert numpy.margin() == 4\nimport sys, os"
    assert margin(write("one", adapter=ADAPTER.format(imports=imports), **files)) == 3
    import json

    import numpy as np

    assert json.loads("[1]") == [1]
    assert np.ones(1).sum() == 1
    other = ADAPTER.format(imports="import json, numpy\ndef margin():\n    return json.loads('7')")
    assert margin(write("two", adapter=other)) == 7


def test_a_folder_of_files_takes_no_package_away() -> None:
    path = write("one", adapter=ADAPTER.format(imports="import numpy\nmargin = numpy.ndim"))
    (path.parent / "numpy").mkdir()
    assert load(path).get_metrics.__globals__["margin"](3) == 0


def test_what_changed_is_read_anew() -> None:
    adapter = ADAPTER.format(imports="from losses import margin")
    assert margin(write("one", adapter=adapter, losses=LOSSES.format(value=3))) == 3
    assert margin(write("one", adapter=adapter, losses=LOSSES.format(value=4000))) == 4000


def test_it_is_found_from_another_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    late = ADAPTER.format(imports=WAYS["inside a function"])
    found = load(write("one", adapter=late, losses=LOSSES.format(value=3)))
    monkeypatch.chdir("/")
    assert found(None, None).get_metrics() == {"margin": 3}


def test_pickles_of_classes_beside_the_adapter_and_in_it_are_loaded_again() -> None:
    adapter = ADAPTER.format(imports="from losses import Margin\nmargin = Margin")
    path = write("one", adapter=adapter, losses="class Margin:\n    value = 3\n")
    found = load(path)
    assert found.__module__ == "src.one_adapter"  # the name in pickles of version 0.1
    model = found.get_metrics.__globals__["Margin"]()
    saved = pickle.dumps((found, model))
    for name in [name for name in sys.modules if name.startswith("src.one_adapter")]:
        del sys.modules[name]
    again, beside = load(path), pickle.loads(saved)  # noqa: S301  (ours)
    assert beside[0] is again
    assert beside[1].value == 3


MISTAKES = {
    "a missing module": (
        {"adapter": "\n\nfrom .losses import margin\n"},
        "models/one/adapter.py, line 3: there is no module losses; write models/one/losses.py, or "
        "correct the name.",
    ),
    "a missing module in a plain import": (
        {"adapter": "\n\nfrom losses import margin\n"},
        "models/one/adapter.py, line 3: there is no module losses; write models/one/losses.py, or "
        "correct the name; a package belongs into requirements.txt.",
    ),
    "a misspelt module": (
        {"adapter": "from .loses import margin\n", "losses": ""},
        "models/one/adapter.py, line 1: there is no module loses (did you mean 'losses'?); write "
        "models/one/loses.py, or correct the name.",
    ),
    "a misspelt module in a plain import": (
        {"adapter": "import os, loses\n", "losses": ""},
        "models/one/adapter.py, line 1: there is no module loses (did you mean 'losses'?); write "
        "models/one/loses.py, or correct the name; a package belongs into requirements.txt.",
    ),
    "a misspelt package": (
        {"adapter": "import sklern\n"},
        "models/one/adapter.py, line 1: there is no module sklern (did you mean 'sklearn'?); write "
        "models/one/sklern.py, or correct the name; a package belongs into requirements.txt.",
    ),
    "a required package": (
        {"adapter": "import not_here\n"},
        "models/one/adapter.py, line 1: the package 'not_here' is not installed in this "
        "environment ({prefix}); run `sh setup.sh`, then use .venv.",
    ),
    "a missing module of a package": (
        {"adapter": "from nets.deep import x\n", "nets__init": "", "nets__dense": ""},
        "models/one/adapter.py, line 1: there is no module nets.deep (did you mean 'nets.dense'?); "
        "write models/one/nets/deep.py, or correct the name.",
    ),
    "a module of what is no package": (
        {"adapter": "from .losses.deep import x\n", "losses": ""},
        "models/one/adapter.py, line 1: losses has no module losses.deep; correct the name.",
    ),
    "a missing name": (
        {"adapter": "from losses import margn\n", "losses": "margin = 3\n"},
        "models/one/adapter.py, line 1: there is no 'margn' in losses (did you mean 'margin'?); "
        "correct the name, or define it in models/one/losses.py.",
    ),
    "a missing module of the own package": (
        {"adapter": "from . import loses\n", "losses": ""},
        "models/one/adapter.py, line 1: there is no module loses (did you mean 'losses'?); write "
        "models/one/loses.py, or correct the name.",
    ),
    "modules that import each other": (
        {"adapter": "import losses\nvalue = 3\n", "losses": "\nfrom adapter import value\n"},
        "models/one/losses.py, line 2: adapter has no 'value' yet, because modules import each "
        "other; import it inside the function that uses it.",
    ),
    "modules beside it that import each other": (
        {"adapter": "import a\n", "a": "from .b import x\ny = 1", "b": "from a import y\nx = 1"},
        "models/one/b.py, line 1: a has no 'y' yet, because modules import each other; import it "
        "inside the function that uses it.",
    ),
    "a syntax error beside it": (
        {"adapter": "from losses import margin\n", "losses": "\ndef margin(:\n    pass\n"},
        "models/one/losses.py, line 2: invalid syntax; correct it.",
    ),
    "a missing module in a module beside it": (
        {"adapter": "import losses\n", "losses": "import os\nfrom .metrics import f\n"},
        "models/one/losses.py, line 2: there is no module metrics; write models/one/metrics.py, or "
        "correct the name.",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence_with_file_and_line(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files, sentence = MISTAKES[case]
    Path("requirements.txt").write_text("not-here\n")
    path = write("one", **files)
    assert finish(lambda: load(path) is None) == 1
    assert capsys.readouterr().err == f"error: {sentence.format(prefix=sys.prefix)}\n"

"""The first model, and those that `modelyard zoo add` makes, come from the same files."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from refused import NAMES
from support import ROOT, Bake, run

# What the default answers make the first model from, by task.
DEFAULTS = {
    "image_classification": "convolutional",
    "object_detection": "centers",
    "instance_segmentation": "center_masks",
    "text_classification": "embedding",
    "tabular": "mlp",
}
ZOO = (sys.executable, "-m", "modelyard", "zoo")
JUDGE = """
import json, sys
from modelyard.zoo.naming import name_problem
print(json.dumps([name_problem(name) for name in json.loads(sys.argv[1])]))
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def renamed(files: dict[str, bytes], old: bytes, new: bytes) -> dict[str, bytes]:
    return {name: text.replace(old, new) for name, text in files.items()}


@pytest.mark.parametrize(("task", "entry"), DEFAULTS.items(), ids=list(DEFAULTS))
def test_the_default_entry_is_added_byte_for_byte_as_the_template_rendered_it(
    bake: Bake, task: str, entry: str
) -> None:
    answers = {"project_name": "Ada's Grüße: #1 🔢", "project_slug": "digits"}
    project = bake(task=task, model_name="reader", **answers)
    run(project, *ZOO, "add", entry, "--name", "second")
    run(project, *ZOO, "add", "--like", "reader", "--name", "third")
    first = contents(project / "models/reader")
    assert len(first) == 4
    assert any(b"reader" in text for text in first.values())
    assert contents(project / "models/second") == renamed(first, b"reader", b"second")
    assert contents(project / "models/third") == renamed(first, b"reader", b"third")


@pytest.mark.parametrize("task", DEFAULTS)
def test_an_entry_of_another_task_is_refused(bake: Bake, task: str) -> None:
    project = bake(task=task)
    for other in {*DEFAULTS} - {task}:
        said = run(project, *ZOO, "add", DEFAULTS[other], "--name", "second", check=False)
        assert f"is for {other}, but data.task in config.yaml is '{task}'" in said
    assert not (project / "models/second").exists()


def test_what_an_architecture_imports_from_its_folder_is_among_the_dependencies(bake: Bake) -> None:
    project = bake(task="object_detection")
    run(project, *ZOO, "add", "centers_mobilenet")
    pipeline = (project / "models/centers_mobilenet/dvc.yaml").read_text(encoding="utf-8")
    for module in ("backbones", "centers"):
        assert pipeline.count(f"      - src/models/{module}.py\n") == 3  # tune, train, evaluate


def test_a_search_s_limits_are_those_of_the_root_configuration(bake: Bake) -> None:
    project = bake()
    config = project / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("max_trials: 20", "max_trials: 7"), encoding="utf-8")
    origin = project.parent / "origin.git"
    run(project, "git", "init", "--quiet", "--bare", str(origin))
    run(project, "git", "init", "--quiet", "--initial-branch=main")
    run(project, "git", "config", "user.name", "Ada")
    run(project, "git", "config", "user.email", "ada@example.org")
    run(project, "git", "remote", "add", "origin", str(origin))
    run(project, "git", "add", ".")
    run(project, "git", "commit", "--quiet", "--message", "First")
    run(project, "git", "push", "--quiet", "--set-upstream", "origin", "main")
    said = run(project, *ZOO, "search", "--priority", "3", "10", "9", "--remote")
    assert "Pushed '[cml] dense: search'" in said
    added = (project / "models/dense/config.yaml").read_text(encoding="utf-8")
    assert "\n  tune: true  #" in added
    assert "\n  max_trials: 7  #" in added


def test_the_zoo_refuses_the_names_that_the_hook_refuses_in_the_same_words(bake: Bake) -> None:
    spec = importlib.util.spec_from_file_location("hook", ROOT / "hooks/pre_gen_project.py")
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    # The zoo asks the environment which packages there are.
    names = [*NAMES, "numbers_reader", "digits2"]
    expected = [hook.name_problem("--name", name) for name in names]
    found = json.loads(run(bake(), sys.executable, "-c", JUDGE, json.dumps(names)))
    assert found == expected
    assert expected[-2:] == [None, None]

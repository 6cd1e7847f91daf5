"""ZazuML's configs.json: each of its keys has its meaning, or is refused by its name."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelyard.config import load_config
from modelyard.config.loading import load_project
from modelyard.files import read_yaml, write_yaml
from modelyard.zoo import searching
from modelyard.zoo.command import main

from .conftest import Run
from .tiny import write_project
from .zazu import CONFIGS_JSON, MODELS_JSON


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(Path())
    write_yaml(Path("dvc.yaml"), {"stages": {}})


@pytest.fixture(name="called")
def _called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what DVC is called with; it does nothing."""
    called: list[list[str]] = []

    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        called.append(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return called


def configs(**changes: Any) -> list[str]:
    """Write the seed's configs.json with other values, None for none; return the option."""
    document = json.loads(CONFIGS_JSON) | {"task": "classification"} | changes
    document["data"] = {"annotation_type": "csv"} | changes.get("data", {})
    document = {key: value for key, value in document.items() if value is not None}
    Path("configs.json").write_text(json.dumps(document, indent="\t"))
    return ["--config", "configs.json"]


def test_every_key_of_the_seed_s_configs_json_has_its_meaning(
    called: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(load_project().data.root)
    options = configs(model_priority_space=[3, 10, 9], data={"coco_path": root})
    assert main(["search", *options]) == 0
    tuning = load_config(Path("models/dense/config.yaml")).tuning
    assert (tuning.tune, tuning.max_trials, tuning.max_instances_at_once) == (True, 5, 2)
    assert called == [["repro", "models/dense/dvc.yaml"], ["repro", "--single-item", "summary"]]
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == [
        "configs.json: image_classification; wished for: accuracy 3, speed 10, memory 9; 5 trials, "
        f"2 at once; data: {root}, as config.yaml says.",
        "Nearest: dense (distance 0.000)",
    ]


def test_the_command_line_beats_the_file_and_the_file_beats_config_yaml(
    called: list[list[str]],
) -> None:
    options = configs(max_trials=None, model_priority_space=[10, 0, 0])
    write_yaml(Path("config.yaml"), read_yaml(Path("config.yaml")) | {"zoo": {"max_trials": 7}})
    assert main(["search", *options, "--priority", "3", "10", "9"]) == 0
    tuning = load_config(Path("models/dense/config.yaml")).tuning
    assert (tuning.max_trials, tuning.max_instances_at_once) == (7, 2)
    assert called


def test_a_copy_that_adopt_made_is_the_folder_that_the_file_names(called: list[list[str]]) -> None:
    document = read_yaml(Path("config.yaml"))
    document["data"]["root"] = "data/raw/coco"
    write_yaml(Path("config.yaml"), document)
    options = configs(model_priority_space=[3, 10, 9], data={"coco_path": "/home/noam/data/coco"})
    assert main(["search", *options]) == 0
    assert called


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"coco_path": "/home/noam/data/coco"}}, (
            "configs.json: data.coco_path is '/home/noam/data/coco', but all models of this "
            "project learn from data/raw/stripes, data.root in config.yaml; run `modelyard adopt "
            "/home/noam/data/coco`, which brings that folder into the project, or remove the key."
        )),
        ({"data": {"annotation_type": "coco"}}, (
            "configs.json: data.annotation_type is 'coco', but data.annotation_type in config.yaml "
            "is 'csv'; data/raw/stripes is annotated in one way, write it in both "
            "files."
        )),
        ({"task": "detection"}, "is for object_detection, but data.task in config.yaml is"),
        ({"task": "poetry"}, "configs.json: task is 'poetry'"),
        ({"task": []}, "configs.json: task is []"),
        ({"max_trial": 5}, "configs.json: max_trial is not a known key (did you mean 'max_trials'"),
        ({"max_trials": 0}, "configs.json: max_trials is 0: "),
        ({"model_priority_space": [10, 0]}, "configs.json: model_priority_space is [10, 0]"),
        ({"model_priority_space": [11, 0, 0]}, "configs.json: model_priority_space[0] is 11"),
        ({"data": {"path": "x"}}, "configs.json: data.path is not a known key"),
    ],
)  # fmt: skip
def test_what_cannot_apply_is_refused_in_one_sentence_before_anything_is_made(
    changes: dict[str, Any],
    message: str,
    called: list[list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["search", *configs(**changes)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.splitlines()[-1].startswith("error: ")
    assert [path.name for path in Path("models").iterdir()] == ["tiny"]
    assert not called


def test_the_old_module_reads_it_too(python: Run) -> None:
    done = python("-m", "src.zoo", "search", *configs(data={"coco_path": "/nowhere"}))
    assert done.returncode == 1
    assert "data.coco_path is '/nowhere'" in done.stderr


@pytest.mark.parametrize(
    ("word", "task"),
    [
        ("classification", "image_classification"),
        ("detection", "object_detection"),
        ("instance segmentation", "instance_segmentation"),
        ("image_classification", "image_classification"),
    ],
)
def test_zazuml_s_words_for_tasks_are_understood_in_every_file(word: str, task: str) -> None:
    document = read_yaml(Path("config.yaml"))
    document["data"]["task"] = word
    document["zoo"] = {"task": word}
    write_yaml(Path("config.yaml"), document)
    model = Path("models/tiny/config.yaml")
    document = read_yaml(model) | {"task": word}
    if task != "image_classification":
        document["architecture"] = document["params"]["loss"] = "centers"
        document["params"]["metrics"] = []
    write_yaml(model, document)
    assert (load_project().data.task, load_project().zoo.task) == (task, task)
    assert load_config(model).task == task


@pytest.mark.parametrize(
    ("remote", "hands_over"),
    [(["--remote"], 1), (["--remote", "1"], 1), (["--remote", "0"], 0), ([], 0)],
)
def test_remote_may_be_a_number_as_zazuml_has_it(
    remote: list[str], hands_over: int, called: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[object] = []
    monkeypatch.setattr(searching, "check_committed", lambda *_: None)
    monkeypatch.setattr(searching, "hand_over", found.append)
    assert main(["search", "--priority", "3", "10", "9", *remote]) == 0
    assert len(found) == hands_over
    assert bool(called) == (not hands_over)


def test_a_model_that_is_there_already_says_what_it_has_instead(
    called: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    wish = {"model_priority_space": [3, 10, 9]}
    assert main(["search", *configs(**wish)]) == 0
    capsys.readouterr()
    assert main(["search", *configs(**wish, max_trials=9)]) == 0
    assert (
        "models/dense is there already and stays as it is: tuning.max_trials is 5, not 9; change "
        "that in models/dense/config.yaml, or give --name, the name of a new model."
    ) in capsys.readouterr().out
    assert len(called) == 4


@pytest.mark.usefixtures("called")
def test_a_search_warns_when_another_entry_is_at_least_as_good_on_every_axis(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = {
        name: {
            "task": "classification",
            "model_space": dict.fromkeys(
                ("accuracy_rating", "speed_rating", "memory_rating"), rating
            ),
            "adapter": "neighbours.py",
            "objective": {"metric": "a", "direction": "max"},
            "training_configs": {"depth": 1},
        }
        for name, rating in (("small", 2), ("perfect", 10))
    }
    Path("models.json").write_text(json.dumps(document))
    assert main(["search", "--zoo", "models.json", "--priority", "1", "1", "1"]) == 0
    captured = capsys.readouterr()
    assert (
        "Made models/small; nothing of it can be searched, so it is only trained." in captured.out
    )
    assert captured.err == (
        "warning: perfect is rated at least as high as small on every axis, only farther from what "
        "you asked.\n"
    )


def next_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["select", *arguments]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def test_the_next_command_names_the_zoo_that_was_read_and_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = json.loads(MODELS_JSON)
    for entry in document.values():
        entry["task"] = "classification"
    document["retinanet"]["training_configs"]["architecture"] = "dense"
    zoo = Path("the zoo/models.json")
    zoo.parent.mkdir()
    zoo.write_text(json.dumps(document))
    options = ["--zoo", str(zoo), "--priority", "10", "0", "0"]
    said = next_line(capsys, *options)
    assert said == "Next: modelyard zoo add retinanet --zoo 'the zoo/models.json'"
    assert main(["add", "retinanet", "--zoo", str(zoo)]) == 0
    said = next_line(capsys, *options)
    assert said.startswith("Next: modelyard zoo add retinanet --name retinanet_2 --zoo ")
    options[-3:] = ["0", "10", "9"]
    assert next_line(capsys, *options).startswith(
        "Next: write src/models/toy.py with a build_model, or name another architecture or an "
        "adapter in the entry, then modelyard zoo add toy --zoo "
    )


def test_an_entry_of_another_task_needs_its_data_first(capsys: pytest.CaptureFixture[str]) -> None:
    Path("models.json").write_text(MODELS_JSON)
    said = next_line(capsys, "--zoo", "models.json", "--task", "detection")
    assert said.startswith(
        "Next: bring data for object_detection (`modelyard adopt FOLDER`; data.task in config.yaml "
        "is image_classification), then modelyard zoo add "
    )


def test_a_name_that_a_model_cannot_have_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"ResNet-50 v2": json.loads(MODELS_JSON)["toy"] | {"task": "classification"}}
    document["ResNet-50 v2"]["training_configs"] = {"architecture": "dense"}
    Path("models.json").write_text(json.dumps(document))
    assert next_line(capsys, "--zoo", "models.json") == (
        "Next: modelyard zoo add 'ResNet-50 v2' --name resnet_50_v2 --zoo models.json"
    )

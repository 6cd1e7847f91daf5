"""The search as a stage: in parallel, killed, on another machine. Trials are real or a stub's."""

import csv
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from support import ROOT

from pipeline.processes import gone, processes, start
from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"
STUB = ROOT / "tests/engine/stub_adapter.py"
SLOW = {  # every training of the stub takes half a second
    "x": {
        "default_value": 7,
        "tuning": {"tune": True, "param_type": "int", "min": 0, "max": 20},
    },
    "fate": {"default_value": "slow"},
}
KILLS_ITSELF = {
    "x": {"default_value": 7},
    "fate": {
        "default_value": "fine",
        "tuning": {"tune": True, "param_type": "choice", "values": ["fine", "killed", "exits"]},
    },
}


def tuning(project: Project, **changes: Any) -> None:
    """Change the tuning section and switch the search on."""
    yaml, path = YAML(), project.path / CONFIG
    document = yaml.load(path.read_text())
    document["tuning"] |= {"tune": True, **changes}
    with path.open("w") as file:
        yaml.dump(document, file)


def stub(project: Project, space: dict[str, Any], file: Path = STUB, **changes: Any) -> None:
    """Search with a stub of the engine's tests."""
    adapter = project.path / f"models/{MODEL}/adapter.py"
    shutil.copy(file, adapter)
    tuning(project, hyperparams=space, **changes)


def tune(project: Project) -> str:
    return project.run("dvc", "repro", "--single-item", f"models/{MODEL}/dvc.yaml:tune")


def trials(project: Project) -> list[dict[str, str]]:
    with (project.path / f"training_metrics/{MODEL}/trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def trainings(project: Project) -> int:
    """Return how often the stub has trained."""
    log = project.path / "trained.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def proposed(project: Project) -> list[tuple[str, ...]]:
    measured = {"score", "epochs", "seconds"}
    return [tuple(v for k, v in row.items() if k not in measured) for row in trials(project)]


def commands(project: Project, word: bytes) -> list[int]:
    """Return the processes of a project that have a word in their command line."""
    command_line = "/proc/{}/cmdline".format
    return [
        number
        for number in processes(project)
        if word in Path(command_line(number)).read_bytes().split(b"\0")
    ]


def wait_for(project: Project, count: int) -> None:
    """Wait until so many trainings have begun."""
    while trainings(project) < count:
        time.sleep(0.02)


def test_one_process_and_two_propose_the_same_and_choose_what_train_then_uses(
    quick: Project,
) -> None:
    tuning(quick, max_trials=3)
    assert quick.repro() == {"tune", "train", "evaluate", "summary"}
    alone, scores = proposed(quick), [float(row["score"]) for row in trials(quick)]
    used = quick.yaml(f"models/{MODEL}/hparams.yaml")
    assert used == quick.yaml(f"models/{MODEL}/hyperparameters.yaml")
    assert min(row["val_loss"] for row in quick.history()) == min(scores)
    assert quick.repro() == set()
    quick.run("rm", "-rf", ".checkpoints")
    tuning(quick, max_trials=3, max_instances_at_once=2)
    log = tune(quick)
    assert "[3/3] trial" in log
    assert proposed(quick) == alone
    assert gone(quick)


def test_a_change_of_any_key_of_params_or_tuning_runs_the_search(quick: Project) -> None:
    stub(quick, SLOW, max_trials=1)
    tune(quick)
    assert "tune" not in quick.repro("--dry")
    quick.replace(CONFIG, "optimizer: adam", "optimizer: sgd")
    assert "new: params.optimizer adam -> sgd." in tune(quick)
    assert trainings(quick) == 2
    quick.replace(CONFIG, "cache_mb: 1024", "cache_mb: 512")
    assert "continues after 1." in tune(quick)
    assert trainings(quick) == 2
    quick.replace(CONFIG, "cache_mb: 512", "cache_mb: 1024")
    quick.replace(CONFIG, "optimizer: sgd", "optimizer: adam")
    tune(quick)
    quick.run("git", "add", ".")
    quick.run("git", "commit", "--quiet", "--message", "Search")
    log = experiment(quick, "tuning.hyperparams.x.default_value=3")
    assert "tuning.hyperparams.x.default_value 7 -> 3." in log
    assert [row["x"] for row in trials(quick)] == ["3"]
    assert "continues after 1." in experiment(quick, "tuning.max_trials=2")
    assert len(trials(quick)) == 2


def experiment(project: Project, setting: str) -> str:
    target = f"models/{MODEL}/dvc.yaml:tune"
    return project.run("dvc", "exp", "run", target, "--set-param", f"{CONFIG}:{setting}")


def test_a_killed_search_keeps_every_finished_trial(quick: Project) -> None:
    stub(quick, SLOW, max_trials=8, max_instances_at_once=2)
    process, _ = start(quick, "dvc", "repro", until="[3/8]")
    for number in processes(quick):
        os.kill(number, signal.SIGKILL)
    process.wait()
    results = list(quick.path.glob(".checkpoints/tune/*/*/trial_*/result.json"))
    before = trainings(quick)
    log = tune(quick)
    assert f"continues after {len(results)}." in log
    assert trainings(quick) - before == 8 - len(results)
    assert len({row["x"] for row in trials(quick)}) == 8
    assert gone(quick)


def test_a_dead_workers_trial_runs_in_another_and_a_dead_chief_leaves_no_worker(
    quick: Project,
) -> None:
    stub(quick, SLOW, max_trials=8, max_instances_at_once=2)
    process, log = start(quick, "dvc", "repro", until="[1/8]")
    wait_for(quick, 3)
    os.kill(commands(quick, b"--remote")[0], signal.SIGKILL)
    while "[5/8]" not in log.read_text():
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    assert "died (signal 9); its trial starts again." in log.read_text()
    (chief,) = set(commands(quick, b"src.run")) - set(commands(quick, b"--remote"))
    os.kill(chief, signal.SIGKILL)
    process.wait()
    assert gone(quick)
    tune(quick)
    assert [row["status"] for row in trials(quick)] == ["completed"] * 8
    assert trainings(quick) <= 8 + 1 + 2  # one of the dead worker, two of the dead chief
    assert gone(quick)


def test_a_trial_that_ends_every_worker_has_failed_and_the_others_go_on(quick: Project) -> None:
    stub(quick, KILLS_ITSELF, max_instances_at_once=2, max_failed_share=0.7, oracle="grid")
    log = tune(quick)
    assert log.count("died (signal 9)") == 3
    assert log.count("died (exit status 0)") == 3
    assert [row["status"] for row in trials(quick)] == ["completed", "failed", "failed"]
    assert {row["reason"].split(";")[0] for row in trials(quick)[1:]} == {
        "It ended its process 3 times"
    }


def test_workers_prune_and_say_where_a_trial_failed(quick: Project) -> None:
    values = [5, 4, 8, 99, 9]  # the first two are the best: whatever the order, neither is pruned
    space = {
        "x": {
            "default_value": 5,
            "tuning": {"tune": True, "param_type": "choice", "values": values},
        }
    }
    rule = {"after_trials": 1, "after_epochs": 1}
    file = STUB.with_name("epochs_adapter.py")
    stub(quick, space, file, oracle="grid", pruning=rule, max_instances_at_once=2)
    log = tune(quick)
    ended = [(row["x"], row["status"], row["epochs"]) for row in trials(quick)]
    assert ended == [
        ("5", "completed", "2"),
        ("4", "completed", "2"),
        ("8", "pruned", "1"),
        ("99", "failed", "0"),
        ("9", "pruned", "1"),
    ]
    lines = file.read_text().splitlines()
    place = f"models/{MODEL}/adapter.py:{next(n for n, t in enumerate(lines, 1) if 'raise' in t)}"
    assert trials(quick)[3]["reason"] == f"ValueError: cannot train ({place})"
    assert f"trial 3: failed: ValueError: cannot train ({place})" in log
    assert "Traceback" not in log
    for worker in quick.path.glob(".checkpoints/tune/*/*/workers/*.log"):
        assert "Traceback" not in worker.read_text()


def test_a_search_folder_brought_to_a_fresh_machine_is_a_finished_search(quick: Project) -> None:
    stub(quick, SLOW, max_trials=3)
    tune(quick)
    (quick.path / "trained.log").unlink()
    quick.run("git", "add", ".")
    quick.run("git", "commit", "--quiet", "--message", "Search")
    chosen = (quick.path / f"models/{MODEL}/hyperparameters.yaml").read_bytes()
    quick.run("dvc", "push", "--quiet")
    fresh = quick.clone()
    fresh.run("dvc", "pull", "--quiet")
    (fresh.path / f"models/{MODEL}/hyperparameters.yaml").unlink()
    shutil.copytree(quick.path / ".checkpoints/tune", fresh.path / ".checkpoints/tune")
    fresh.run("dvc", "repro", "--force", "--single-item", f"models/{MODEL}/dvc.yaml:tune")
    assert trainings(fresh) == 0
    assert (fresh.path / f"models/{MODEL}/hyperparameters.yaml").read_bytes() == chosen

"""The pods of a search, as processes: their very commands and environments, a clone each."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.processes import gone
from pipeline.stages import MODEL, Project
from pipeline.test_search import SLOW, stub, trainings, trials, tune

CHIEF_IP = "127.0.0.2"  # an address of its own on loopback; workers have none, they only connect
ASKED = ("--image", "registry.example/digits:1", "--bucket", "searches")
TRIALS = 8


def pods(project: Project) -> dict[str, dict[str, Any]]:
    """Render the search; return the specification of each kind of pod by the container's name."""
    config = f"models/{MODEL}/config.yaml"
    printed = project.run("modelyard", "k8s", "--config", config, *ASKED)
    jobs = [d for d in YAML(typ="safe").load_all(printed) if d["kind"] == "Job"]
    specifications = [job["spec"]["template"]["spec"] for job in jobs]
    return {pod["containers"][0]["name"]: pod for pod in specifications}


def variables(container: dict[str, Any], index: int) -> dict[str, str]:
    """Do what Kubernetes does: addresses, the index, and references to earlier variables."""
    found: dict[str, str] = {}
    for variable in container["env"]:
        value = variable.get("value")
        if value is None:
            path = variable["valueFrom"]["fieldRef"]["fieldPath"]
            value = CHIEF_IP if path == "status.podIP" else str(index)
        if value == f"{container['service']}":
            value = CHIEF_IP
        for name, earlier in found.items():
            value = value.replace(f"$({name})", earlier)
        found[variable["name"]] = value
    return found


class Pod:
    """One pod: a clone of the commit, the data fetched, the bucket's folder in its place."""

    def __init__(self, project: Project, pod: dict[str, Any], shared: Path, index: int = 0) -> None:
        """Prepare the checkout as the init container does."""
        self.container = pod["containers"][0] | {"service": f"tune-{MODEL.replace('_', '-')}-chief"}
        self.variables = variables(self.container, index)
        name = self.variables["KERASTUNER_TUNER_ID"]
        path = project.path.parent / name
        project.run("git", "clone", "--quiet", str(project.path), str(path))
        self.project = Project(path, project.environment)
        self.project.run(*pod["initContainers"][0]["command"])
        (path / ".checkpoints").mkdir()
        (path / ".checkpoints/tune").symlink_to(shared)
        self.log = path.with_suffix(".log")
        self.start()

    def start(self) -> None:
        """Start the container's command."""
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                self.container["command"],
                cwd=self.project.path,
                env=os.environ | self.project.environment.variables | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """Kill the process as a lost machine would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_for(self, text: str) -> None:
        """Wait until the pod has printed a text."""
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)


def test_the_pods_of_a_search_end_it_whatever_of_them_is_killed(quick: Project) -> None:
    stub(quick, SLOW, max_trials=TRIALS, max_instances_at_once=2)
    quick.run("git", "add", ".")
    quick.run("git", "commit", "--quiet", "--message", "Search")
    quick.run("dvc", "push", "--quiet")
    shared = quick.path.parent / "bucket"
    shared.mkdir()
    kinds = pods(quick)
    workers = [Pod(quick, kinds["worker"], shared, index) for index in range(2)]
    chief = Pod(quick, kinds["chief"], shared)
    chief.wait_for(f"[2/{TRIALS}]")
    workers[0].kill()
    workers[0].start()
    chief.wait_for(f"[3/{TRIALS}]")
    chief.kill()
    chief.start()
    for pod in (chief, *workers):
        assert pod.process.wait(120) == 0, pod.log.read_text()
        assert gone(pod.project)
    assert [row["status"] for row in trials(chief.project)] == ["completed"] * TRIALS
    assert sum(trainings(pod.project) for pod in workers) <= TRIALS + 1 + 2
    assert trials(workers[0].project) == []  # only the chief writes results
    brought_home(quick, shared, chief)


def brought_home(project: Project, shared: Path, chief: Pod) -> None:
    """The folder of the bucket is a finished search: at home only its results are written."""
    shutil.copytree(shared, project.path / ".checkpoints/tune")
    tune(project)
    assert trainings(project) == 0
    chosen = f"models/{MODEL}/hyperparameters.yaml"
    assert (project.path / chosen).read_bytes() == (chief.project.path / chosen).read_bytes()

"""The [cml] workflow, executed: every step of the rendered file, in clones of a real origin."""

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from support import ProjectEnvironment, bake

from pipeline.cloud import APP, CLOUD, Cloud
from pipeline.processes import Process, processes, start
from pipeline.stages import MODEL, Project, equipped

HOSTILE = '[cml] $(touch pwned) "; touch pwned; #'
BRANCH = "slow;touch${IFS}pwned;$(touch${IFS}pwned)"
CONFIG = f"models/{MODEL}/config.yaml"
TRAINED = f"Train {MODEL}"


def outcomes(results: object) -> dict[str, str]:
    assert isinstance(results, dict)
    return {name: job.result for name, job in results.items()}


def use_vm(cloud: Cloud) -> None:
    """Give the repository a cloud, and machines without a GPU: there is none here."""
    cloud.variables.update(CLOUD)
    cloud.project.replace(".github/workflows/cml.yaml", "VM_GPU: nvidia-l4", "VM_GPU: nogpu")


def test_a_cml_commit_trains_and_brings_everything_back(cloud: Cloud) -> None:
    cloud.project.replace(CONFIG, "epochs: 1", "epochs: 2")
    results = cloud.push("[cml] Two epochs")
    assert outcomes(results) == dict.fromkeys(("deploy_runner", "train", "cleanup"), "success"), (
        results["train"].log
    )
    assert results["train"].runs_on == ["ubuntu-24.04"]
    assert "No cloud is configured" in results["deploy_runner"].log
    assert "Running stage 'models/digits_classifier/dvc.yaml:train'" in results["train"].log
    assert cloud.subjects()[:2] == [TRAINED, "[cml] Two epochs"]
    brought = cloud.git("diff", "--name-only", "main~1", "main").splitlines()
    assert {
        f"models/{MODEL}/dvc.lock",
        f"reports/{MODEL}/curves.png",
        f"reports/{MODEL}/report.md",
        f"training_metrics/{MODEL}/metrics.json",
    } <= set(brought)
    assert len(cloud.show(f"training_metrics/{MODEL}/history.csv").splitlines()) == 3
    started = [["workflow", "run", name, "--ref=main"] for name in ("ci.yaml", "docs.yaml")]
    assert cloud.programs.calls("gh") == started
    assert cloud.git("branch", "--format=%(refname:short)") == "main"
    assert cloud.github.switched == []
    assert (cloud.root / f"artifacts-{cloud.runs}/model/model.keras").is_file()
    the_report_is_a_comment_with_pictures_of_its_commit(cloud, results["train"].summary)
    a_second_run_with_nothing_changed_trains_and_pushes_nothing(cloud)
    somebody_else_gets_the_very_model_that_these_metrics_are_of(cloud)


def the_report_is_a_comment_with_pictures_of_its_commit(cloud: Cloud, summary: str) -> None:
    ((where, text),) = cloud.github.comments
    assert where == f"/repos/org/digits/commits/{cloud.git('rev-parse', 'main~1')}/comments"
    assert text == summary
    assert "✅ **Accepted**, compared with origin/main" in text
    assert "| params.epochs | 2 | 1 |" in text
    pictures = re.findall(r"!\[[^]]+\]\((\S+)\)", text)
    prefix = f"https://github.com/org/digits/raw/{cloud.git('rev-parse', 'main')}/"
    assert pictures
    for link in pictures:
        assert cloud.git("cat-file", "-t", f"main:{link.removeprefix(prefix)}") == "blob"


def a_second_run_with_nothing_changed_trains_and_pushes_nothing(cloud: Cloud) -> None:
    cloud.project.run("git", "pull", "--quiet", "origin", "main")
    results = cloud.push("[cml] Again")
    assert set(outcomes(results).values()) == {"success"}, results["train"].log
    assert "Running stage" not in results["train"].log
    assert cloud.subjects()[0] == "[cml] Again"
    assert len(cloud.github.comments) == 2
    assert len(cloud.programs.calls("gh")) == 2


def somebody_else_gets_the_very_model_that_these_metrics_are_of(cloud: Cloud) -> None:
    cloud.project.run("dvc", "pull", "--quiet", variables=cloud.environment)
    assert "up to date" in cloud.project.run("dvc", "status")


def test_a_fresh_project_s_first_commit_trains_without_any_account(
    project_environment: ProjectEnvironment,
    on_github: Callable[[Project], Cloud],
    tmp_path: Path,
) -> None:
    project = Project(bake(tmp_path / "user"), project_environment)
    project.run("git", "init", "--quiet")
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Begin")
    cloud = on_github(project)
    cloud.cold = True
    results = cloud.push("[cml] First model")
    assert set(outcomes(results).values()) == {"success"}, results["train"].log
    assert "is a folder of another machine" in results["train"].log
    assert json.loads(cloud.show("training_metrics.json"))[MODEL]["test_accuracy"] >= 0.97
    assert "no baseline: these results are the first" in cloud.github.comments[0][1]
    assert (tmp_path / f"artifacts-{cloud.runs}/model/exports/model.tflite").is_file()


def test_a_commit_without_it_does_nothing(cloud: Cloud) -> None:
    cloud.project.replace(CONFIG, "epochs: 1", "epochs: 2")
    before = len(cloud.subjects())
    results = cloud.push("Ordinary [cml]")
    assert set(outcomes(results).values()) == {"skipped"}
    assert len(cloud.subjects()) == before + 1
    assert cloud.github.comments == []


def test_a_failing_training_is_a_red_job_a_comment_and_a_cleanup(cloud: Cloud) -> None:
    use_vm(cloud)
    cloud.programs.answer("gcloud", "instances list", [vm(cloud.runs + 1)])
    with (cloud.project.path / "src/trainer.py").open("a") as file:
        file.write('raise RuntimeError("broken on purpose")\n')
    before = len(cloud.subjects())
    results = cloud.push("[cml] Broken")
    assert outcomes(results) == {
        "deploy_runner": "success",
        "train": "failure",
        "cleanup": "success",
    }
    assert "broken on purpose" in results["train"].step("Train Model").log
    ((_, text),) = cloud.github.comments
    assert f"Training `{MODEL}` did not finish" in text
    assert f"actions/runs/{cloud.runs}" in text
    assert text.endswith('"CML watermark")')  # on a VM it is CML that comments
    assert len(cloud.subjects()) == before + 1
    assert cloud.programs.calls("gcloud", f"instances delete cml-{cloud.runs}-1")
    assert cloud.programs.calls("gh") == []


def vm(number: int) -> dict[str, object]:
    return {
        "name": f"cml-{number}-1",
        "zone": "zones/us-central1-a",
        "status": "RUNNING",
        "creationTimestamp": "2026-11-20T10:00:00.000-08:00",
    }


def test_a_worse_model_fails_the_gate_and_its_results_are_there_to_look_at(cloud: Cloud) -> None:
    cloud.project.replace(CONFIG, "allowed_regression: 0.02", "allowed_regression: 0.0")
    cloud.project.replace(CONFIG, "default_value: 0.002", "default_value: 0.0001")
    history = cloud.project.path / f"training_metrics/{MODEL}/metrics.json"
    metrics = json.loads(history.read_text())
    metrics["test"]["accuracy"] = 1.01  # what no training reaches
    history.write_text(json.dumps(metrics))
    cloud.commit("An excellent model")
    cloud.project.run("git", "switch", "--quiet", "--create", BRANCH)
    results = cloud.push("[cml] Slow", ref=f"refs/heads/{BRANCH}")
    assert outcomes(results)["train"] == "failure"
    assert results["train"].step("Judge").outcome == "failure"
    assert "worse than the baseline 1.01" in results["train"].step("Judge").log
    assert "❌ **Not accepted**" in cloud.github.comments[0][1]
    assert cloud.subjects(BRANCH)[0] == TRAINED
    assert list(cloud.root.rglob("pwned")) == []


def test_a_hostile_message_on_a_vm_does_nothing_but_train(cloud: Cloud) -> None:
    use_vm(cloud)
    cloud.variables.update(APP)
    cloud.project.replace(CONFIG, "epochs: 1", "epochs: 2")
    cloud.environment["CML_EXHAUSTED"] = json.dumps({"us-central1-a": "STOCKOUT"})
    somebody_pushes_before_the_results_do(cloud)
    cloud.cold = True
    results = cloud.push(HOSTILE)
    assert set(outcomes(results).values()) == {"success"}, results["train"].log
    assert list(cloud.root.rglob("pwned")) == []
    assert cloud.subjects()[:3] == [TRAINED, "Meanwhile", HOSTILE]
    zones = [
        flag for flags in cloud.programs.launched() for flag in flags if "cloud-region" in flag
    ]
    assert zones == ["cloud-region=us-central1-a", "cloud-region=us-central1-b"]
    assert results["train"].runs_on == ["self-hosted", f"cml-{cloud.runs}-1"]
    assert cloud.programs.calls("gcloud", f"labels.cml-run={cloud.runs}")
    signed_in = [inputs for name, inputs in cloud.used if name == "google-github-actions/auth"]
    assert [inputs["service_account"] for inputs in signed_in] == [
        CLOUD["GCP_LAUNCHER_SERVICE_ACCOUNT"]
    ] * 2
    assert cloud.github.switched == ["reaper.yaml/enable"]
    the_app_pushes_the_results_from_a_machine_of_github_s(cloud)


def the_app_pushes_the_results_from_a_machine_of_github_s(cloud: Cloud) -> None:
    """Its push starts ci.yaml and docs.yaml, which need not be dispatched then."""
    assert cloud.programs.calls("gh") == []
    assert cloud.git("branch", "--format=%(refname:short)") == "main"
    made = [inputs for name, inputs in cloud.used if name == "actions/create-github-app-token"]
    wanted = [{key for key in inputs if key.startswith("permission-")} for inputs in made]
    assert wanted == [{"permission-administration"}, {"permission-contents"}]
    train = (cloud.project.path / ".github/workflows/cml.yaml").read_text()
    train = train[train.index("\n  train:\n") : train.index("\n  cleanup:\n")]
    assert "secrets." not in train
    assert "steps.app" not in train


def somebody_pushes_before_the_results_do(cloud: Cloud) -> None:
    """Let the machine do it, where a user adds commands of their own."""
    there = f"git -C {cloud.project.path}"
    cloud.project.replace(
        ".github/workflows/cml.yaml",
        "          # Push all updated files, skipping CI\n",
        f"          {there} commit -q --allow-empty -m Meanwhile && {there} push -q origin HEAD\n",
    )


def test_a_model_that_does_not_exist_is_refused_before_a_machine_is(cloud: Cloud) -> None:
    use_vm(cloud)
    results = cloud.push("[cml] digits_classifer: typo")
    assert outcomes(results) == {
        "deploy_runner": "failure",
        "train": "skipped",
        "cleanup": "success",
    }
    assert "did you mean 'digits_classifier'" in results["deploy_runner"].log
    assert cloud.programs.launched() == []


def test_a_missing_variable_is_named_before_a_machine_is_started(cloud: Cloud) -> None:
    use_vm(cloud)
    cloud.variables["GCP_RUNNER_SERVICE_ACCOUNT"] = ""
    results = cloud.push("[cml] On a VM")
    assert outcomes(results)["deploy_runner"] == "failure"
    assert "not the repository variables GCP_RUNNER_SERVICE_ACCOUNT" in results["deploy_runner"].log
    assert cloud.programs.launched() == []


def test_a_gpu_machine_without_a_gpu_fails_before_it_trains(cloud: Cloud) -> None:
    cloud.variables.update(CLOUD)
    cloud.project.replace(".github/workflows/cml.yaml", "_LAUNCHER: cml", "_LAUNCHER: gcloud")
    cloud.programs.answer("gcloud", "instances describe", {"metadata": {}})
    (cloud.project.path / "setup.sh").write_text("exit 0\n")  # not gigabytes of CUDA
    results = cloud.push("[cml] On a GPU")
    train = results["train"]
    assert len(cloud.programs.calls("gcloud", "instances create")) == 1, train.log
    assert train.runs_on == ["self-hosted", f"cml-{cloud.runs}-1"]
    assert cloud.programs.launched() == []  # without CML, and without Terraform
    assert "hashicorp/setup-terraform" not in {name for name, _ in cloud.used}
    assert train.result == "failure"
    assert train.step("Check the Machine").outcome == "failure"
    assert "VM_GPU is nvidia-l4, but nvidia-smi finds no GPU" in train.log
    assert train.step("Train Model").outcome == "skipped"


def test_a_bucket_that_does_not_exist_fails_before_it_trains(cloud: Cloud) -> None:
    cloud.project.run("dvc", "remote", "modify", "storage", "url", "gs://no-such-bucket/dvc")
    results = cloud.push("[cml] Nowhere")
    train = results["train"]
    assert train.step("Check the Machine").outcome == "failure"
    assert "gs://no-such-bucket/dvc cannot be written to from here" in train.log
    assert train.step("Get Input Artifacts").outcome == "skipped"


def test_an_input_artifact_that_nobody_pushed_is_named_before_it_trains(cloud: Cloud) -> None:
    cloud.project.run("dvc", "remote", "modify", "storage", "url", "gs://bucket/another")
    train = cloud.push("[cml] Elsewhere")["train"]
    assert train.step("Get Input Artifacts").outcome == "failure"
    assert "data/raw/circles.dvc: `dvc pull` failed, see above" in train.log
    assert train.step("Train Model").outcome == "skipped"


def test_a_preempted_vm_is_replaced_and_the_next_one_continues(cloud: Cloud) -> None:
    use_vm(cloud)
    cloud.lost = frozenset({"train"})
    cloud.programs.answer("gcloud", "operations list", [{"name": "preempted"}])
    results = cloud.push("[cml] Preempted")
    assert outcomes(results) == {
        "deploy_runner": "success",
        "train": "failure",
        "cleanup": "success",
    }
    (again,) = cloud.programs.calls("gh")
    assert again[:4] == ["workflow", "run", "cml.yaml", "--ref=main"]
    inputs = dict(field.removeprefix("--field=").split("=", 1) for field in again[4:])
    assert inputs == {"model": MODEL, "attempt": "2", "spot": "as configured"}
    cloud.lost = frozenset()
    results = cloud.start(name="workflow_dispatch", inputs=inputs)
    assert set(outcomes(results).values()) == {"success"}, results["train"].log
    assert "attempt 2" in cloud.github.comments[-1][1]


def test_the_next_machine_continues_after_the_last_epoch_in_the_bucket(cloud: Cloud) -> None:
    cloud.project.replace(CONFIG, "epochs: 1", "epochs: 3000")
    cloud.project.replace(CONFIG, "patience: 8", "patience: 3000")
    cloud.commit("[cml] Long")
    first, second = (machine(cloud, name) for name in ("first", "second"))
    process, log = start(first, *TRAIN, until="Epoch 30/", variables=cloud.environment)
    while "warning: the backup" not in log.read_text() and not backups(cloud):
        time.sleep(0.1)
        assert process.poll() is None, log.read_text()
    end(first, process)
    process, log = start(second, *TRAIN, until="Resuming", variables=cloud.environment)
    end(second, process)
    resumed = int(re.findall(r"Resuming \w+ after epoch (\d+)", log.read_text())[0])
    assert resumed >= 1
    assert "Restored" in log.read_text()


TRAIN = ("modelyard", "cloud", "train", MODEL, "--every", "0.5")


def machine(cloud: Cloud, name: str) -> Project:
    path = cloud.root / name
    cloud.project.run("git", "clone", "--quiet", str(cloud.origin), str(path))
    return equipped(path, cloud.project.environment)


def backups(cloud: Cloud) -> bool:
    address = f"{cloud.environment['STORAGE_EMULATOR_HOST']}/storage/v1/b/bucket/o"
    with urllib.request.urlopen(f"{address}?prefix=dvc/checkpoints/") as answer:  # noqa: S310
        return any("state.json" in found["name"] for found in json.load(answer).get("items", []))


def end(project: Project, process: Process) -> None:
    for number in processes(project):
        os.kill(number, signal.SIGKILL)
    process.wait()

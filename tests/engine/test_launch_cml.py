"""How a VM is asked for through CML: `cml` and `gcloud` are stand-ins that record."""

import base64
import json
from pathlib import Path

import pytest

from modelyard.cloud.launching import command
from modelyard.cloud.launching.places import attempts

from .launching import output, set_up
from .stubs import Stubs, install


@pytest.fixture(autouse=True)
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Set the workflow's environment; every program succeeds and says nothing."""
    set_up(tmp_path, monkeypatch)
    return install(tmp_path / "stubs", monkeypatch, "cml", "gcloud")


def options(call: list[str]) -> dict[str, str]:
    """Return a call's options by name; metadata is a list of pairs, kept in its order."""
    pairs = [argument.removeprefix("--").partition("=") for argument in call[2:]]
    metadata = [value for name, _, value in pairs if name == "cloud-metadata"]
    return {name: value for name, _, value in pairs} | {"cloud-metadata": " ".join(metadata)}


def test_a_vm_is_asked_for_with_everything_that_has_a_broken_default(
    stubs: Stubs, tmp_path: Path
) -> None:
    assert command.main([]) == 0
    (call,) = stubs.calls("cml")
    assert call[:2] == ["runner", "launch"]
    found = options(call)
    startup = base64.b64decode(found.pop("cloud-startup-script")).decode()
    assert found == {
        "single": "",
        "cloud-spot": "",
        "driver": "github",
        "repo": "https://github.com/Org/digits",
        "cloud": "gcp",
        "cloud-region": "us-central1-a",
        "cloud-type": "g2-standard-4",
        "cloud-gpu": "nvidia-l4",
        "cloud-hdd-size": "100",
        "cloud-image": "ubuntu-os-cloud/ubuntu-2204-lts",
        "cloud-permission-set": "runner@a-project.iam.gserviceaccount.com,scopes=cloud-platform",
        "cml-version": "0.20.6",
        "labels": "cml-77-2",
        "name": "cml-77-2",
        "idle-timeout": "900",
        "cloud-metadata": found["cloud-metadata"],
    }
    labels = dict(label.split("=") for label in found["cloud-metadata"].split())
    assert labels["cml-run"] == "77"
    assert labels["cml-max-hours"] == "23"
    assert labels["cml-repository"].startswith("org-digits-")
    assert "--on-active=23h shutdown" in startup
    assert "unset GOOGLE_APPLICATION_CREDENTIALS_DATA CML_GCP_ACCESS_TOKEN" in startup
    assert "EOF" not in startup  # it would end the script that CML pastes it into
    assert output(tmp_path) == {"runs_on": ["self-hosted", "cml-77-2"], "on_vm": True}


def test_no_secret_is_an_argument(stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPO_TOKEN", "s3cret-token")
    command.main([])
    assert "s3cret-token" not in json.dumps(stubs.calls("cml"))


@pytest.mark.parametrize(
    "said",
    [
        "Error: ZONE_RESOURCE_POOL_EXHAUSTED",
        "the zone does not have enough resources available",
        "Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0 in region us-central1.",
        "googleapi: Error 404: acceleratorTypes/nvidia-l4 was not found, notFound",
    ],
)
def test_an_exhausted_zone_is_left_for_the_next(stubs: Stubs, said: str) -> None:
    stubs.answer("cml", "us-central1-a", stderr=said, code=1)
    assert command.main([]) == 0
    zones = [options(call)["cloud-region"] for call in stubs.calls("cml")]
    assert zones == ["us-central1-a", "us-east1-c"]
    assert stubs.calls("gcloud", "instances", "list", "cml-run=77")  # for what was left behind


def test_spot_comes_before_on_demand_in_every_zone(
    stubs: Stubs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("cml", stderr="STOCKOUT", code=1)
    assert command.main([]) == 1
    asked = [(options(call)["cloud-region"], "--cloud-spot" in call) for call in stubs.calls("cml")]
    assert asked == [
        ("us-central1-a", True),
        ("us-east1-c", True),
        ("us-central1-a", False),
        ("us-east1-c", False),
    ]
    said = capsys.readouterr().err
    assert (
        "No zone of VM_ZONES (us-central1-a us-east1-c) has a g2-standard-4 with nvidia-l4 now"
        in said
    )
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("asked", "spots"),
    [("true", [True, False]), ("false", [False]), ("as configured", [True, False])],
)
def test_a_manual_run_may_choose_spot_or_not(
    asked: str, spots: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VM_ZONES", "us-central1-a")
    monkeypatch.setenv("SPOT_INPUT", asked)
    assert [attempt.spot for attempt in attempts()] == spots


def test_the_quota_of_the_whole_project_ends_the_search_for_a_zone(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("cml", stderr="Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally.", code=1)
    assert command.main([]) == 1
    assert len(stubs.calls("cml")) == 1
    assert "quota GPUS_ALL_REGIONS allows no further GPU; ask for more" in capsys.readouterr().err


def test_any_other_failure_is_shown_and_ends_the_job(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("cml", stderr="Error 403: Required 'compute.disks.create'\n", code=1)
    assert command.main([]) == 1
    assert len(stubs.calls("cml")) == 1
    said = capsys.readouterr().err
    assert "Error 403: Required 'compute.disks.create'" in said
    assert "for another reason than a lack of machines" in said


def test_a_label_of_ones_own_keeps_the_vm_and_never_takes_a_busy_one(
    stubs: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VM_LABEL", "our-gpu")
    assert command.main([]) == 0
    (call,) = stubs.calls("cml")
    assert "--reuse-idle" in call
    assert "--single" not in call
    assert options(call)["labels"] == "our-gpu"
    assert "name" not in options(call)
    assert "cml-run=" not in options(call)["cloud-metadata"]  # cleanup must not delete it
    assert output(tmp_path)["runs_on"] == ["self-hosted", "our-gpu"]


def test_without_a_cloud_a_github_hosted_machine_trains(
    stubs: Stubs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GCP_PROJECT", "")
    monkeypatch.setenv("REPO_TOKEN", "")
    assert command.main([]) == 0
    assert output(tmp_path) == {"runs_on": ["ubuntu-24.04"], "on_vm": False}
    assert "No cloud is configured (repository variable GCP_PROJECT)" in capsys.readouterr().out
    assert stubs.calls("cml") == []


def test_without_cml_the_other_launcher_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert command.main([]) == 1
    assert "`cml` is not installed here, and cml.yaml says VM_LAUNCHER: cml" in (
        capsys.readouterr().err
    )

"""How a VM is asked for through gcloud, and what is left of the runner's secret afterwards."""

import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github.runners import JIT, Runners
from pytest_httpserver import HTTPServer

from modelyard.cloud.launching import command, through_gcloud

from .launching import Gcloud, options, output, serve_runners, set_up, stand_in

VM = "cml-77-2"
STOCKOUT = """\
ERROR: (gcloud.compute.instances.create) Could not fetch resource:
---
code: ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS
message: The zone 'projects/a-project/zones/us-central1-a' does
  not have enough resources available to fulfill the request.
"""


@pytest.fixture(name="github", autouse=True)
def _github(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runners:
    set_up(tmp_path, monkeypatch)
    monkeypatch.setenv("VM_LAUNCHER", "gcloud")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(through_gcloud, "MINUTES", 2)
    monkeypatch.setattr(through_gcloud, "MINUTES_OF_KEPT", 1)
    return serve_runners(httpserver, monkeypatch)


@pytest.fixture(name="gcloud", autouse=True)
def _gcloud(monkeypatch: pytest.MonkeyPatch) -> Gcloud:
    return stand_in(monkeypatch)


def test_a_vm_comes_up_and_no_secret_stays_in_its_metadata(
    gcloud: Gcloud, github: Runners, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    assert output(tmp_path) == {"runs_on": ["self-hosted", VM], "on_vm": True}
    assert "POST /generate-jitconfig" in github.asked
    [runner] = github.registered.values()
    assert [one["name"] for one in runner["labels"]] == ["self-hosted", VM, "linux", "x64"]
    vm = gcloud.vms[VM]
    assert set(vm["metadata"]) == {"startup-script", "runner-name", "block-project-ssh-keys"}
    everything = f"{gcloud.calls}{gcloud.vms}" + "".join(
        capfd.readouterr()
    )  # arguments, and what was printed
    assert JIT not in everything
    assert "a-token-that-nobody-sees" not in everything
    assert not list(tmp_path.rglob("runner-config"))


def test_everything_that_was_set_is_asked_for(gcloud: Gcloud) -> None:
    assert command.main([]) == 0
    [call] = gcloud.called("create")
    found = options(call)
    labels = dict(one.split("=") for one in found.pop("labels").split(","))
    assert labels.pop("cml-repository").startswith("org-digits-")
    assert labels == {"cml-run": "77", "cml-max-hours": "23", "cml-launcher": "gcloud"}
    assert call[3] == VM
    del found["metadata"], found["metadata-from-file"]
    assert found == {
        "zone": "us-central1-a",
        "machine-type": "g2-standard-4",
        "accelerator": "type=nvidia-l4,count=1",
        "maintenance-policy": "TERMINATE",
        "provisioning-model": "SPOT",
        "instance-termination-action": "DELETE",
        "max-run-duration": "23h",
        "boot-disk-size": "100GB",
        "boot-disk-type": "pd-balanced",
        "image-project": "ubuntu-os-cloud",
        "image-family": "ubuntu-2204-lts",
        "service-account": "runner@a-project.iam.gserviceaccount.com",
        "scopes": "cloud-platform",
        "network": "iterative",
        "project": "a-project",
    }


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"VM_GPU": "nogpu", "VM_MACHINE_TYPE": "e2-standard-8"}, {"accelerator": None}),
        ({"VM_MACHINE_TYPE": "g2-standard-24+nvidia-l4*2"},
         {"accelerator": "type=nvidia-l4,count=2", "machine-type": "g2-standard-24"}),
        ({"VM_SPOT": "false"}, {"provisioning-model": "STANDARD"}),
        ({"VM_MACHINE_TYPE": "n4-standard-8", "VM_GPU": "nogpu"},
         {"boot-disk-type": "hyperdisk-balanced"}),
        ({"VM_IMAGE": "deeplearning-platform-release/common-cu129-ubuntu-2204"},
         {"metadata": f"runner-name={VM},block-project-ssh-keys=true,install-nvidia-driver=True"}),
    ],
)  # fmt: skip
def test_what_was_set_otherwise_is_asked_for_otherwise(
    changes: dict[str, str],
    wanted: dict[str, str | None],
    gcloud: Gcloud,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    assert command.main([]) == 0
    found = options(gcloud.called("create")[0])
    assert {name: found.get(name) for name in wanted} == wanted


def test_an_exhausted_zone_is_left_for_the_next_and_nothing_stays_of_it(
    gcloud: Gcloud, github: Runners, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gcloud.refused = {"--zone=us-central1-a --machine-type": STOCKOUT}
    assert command.main([]) == 0
    assert [options(call)["zone"] for call in gcloud.called("create")] == [
        "us-central1-a", "us-east1-c",
    ]  # fmt: skip
    assert len(github.registered) == 1
    assert output(tmp_path)["on_vm"] is True
    assert "  | code: ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS" in capsys.readouterr().err


REFUSALS = [
    (STOCKOUT, 4, "No zone of VM_ZONES (us-central1-a us-east1-c) has a g2-standard-4"),
    ("ERROR: Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 0.0", 4, "No zone of VM_ZONES"),
    ("ERROR: Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.", 1, "allows no further"),
    ("ERROR: The resource 'projects/p/zones/z/acceleratorTypes/nvidia-l4' was not found", 4,
     "No zone of VM_ZONES"),
    ("ERROR: - Required 'compute.instances.create' permission", 1, "for another reason"),
    ("ERROR: The resource 'projects/p/global/images/family/x' was not found", 1,
     "for another reason than a lack of machines; what gcloud said is above"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_ends_the_search_or_goes_on_with_it(
    case: tuple[str, int, str],
    gcloud: Gcloud,
    github: Runners,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said, times, sentence = case
    gcloud.refused = {"instances create": said}
    assert command.main([]) == 1
    assert len(gcloud.called("create")) == times
    printed = capsys.readouterr().err
    assert sentence in printed
    assert said.splitlines()[0] in printed
    assert github.registered == {}
    assert len(gcloud.called("delete")) == times  # of what a failed request may have left


def test_a_vm_that_never_comes_up_is_deleted_after_what_it_said(
    gcloud: Gcloud, github: Runners, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.online = [False, True]
    gcloud.serial = f"boot\x1b[0m\r\n::add-mask::x\nsecret {JIT}\nkernel panic"
    assert command.main([]) == 0
    said = capsys.readouterr().err
    assert "  | kernel panic" in said
    assert JIT not in said
    assert "\n::add-mask" not in said
    assert options(gcloud.called("delete")[0])["zone"] == "us-central1-a"
    assert [one["status"] for one in github.registered.values()] == ["online"]
    assert gcloud.vms[VM]["zone"] == "us-east1-c"
    assert output(tmp_path)["on_vm"] is True


def test_two_vms_that_never_come_up_are_enough(
    gcloud: Gcloud, github: Runners, capsys: pytest.CaptureFixture[str]
) -> None:
    github.online = [False]
    gcloud.serial = "modelyard: this machine cannot train: packages could not be installed"
    assert command.main([]) == 1
    assert len(gcloud.called("create")) == 2
    assert len(gcloud.called("get-serial-port-output")) == 4  # it is seen after a minute, not two
    assert "its runner did not come up in 2 minutes; it is deleted" in capsys.readouterr().err
    assert (gcloud.vms, github.registered) == ({}, {})


def test_a_registration_that_stays_in_the_metadata_costs_the_vm(
    gcloud: Gcloud, github: Runners, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gcloud.sticky = True
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert f"The metadata of {VM} still holds the runner's registration (runner-config)" in said
    assert JIT not in said
    assert (gcloud.vms, github.registered) == ({}, {})
    assert not (tmp_path / "output").exists()


def test_a_launch_that_is_cancelled_leaves_nothing(
    gcloud: Gcloud, github: Runners, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(_: float) -> None:
        raise KeyboardInterrupt

    github.online = [False]
    monkeypatch.setattr(time, "sleep", cancel)
    with pytest.raises(KeyboardInterrupt):
        command.main([])
    assert (gcloud.vms, github.registered) == ({}, {})


def test_a_github_that_fails_for_a_moment_costs_no_vm(gcloud: Gcloud, github: Runners) -> None:
    github.failing = 4  # more often than one question is asked again
    assert command.main([]) == 0
    assert len(gcloud.called("create")) == 1


def test_a_vm_that_cannot_be_deleted_is_named(
    gcloud: Gcloud, github: Runners, capsys: pytest.CaptureFixture[str]
) -> None:
    github.online = [False]
    gcloud.refused = {"instances delete": "ERROR: permission denied"}
    assert command.main([]) == 1
    assert f"{VM} in us-central1-a may still run and cost money: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "the token has ended"), (403, "Administration: read and write"),
     (404, "does not see this repository"), (422, "answered HTTP 422")],
)  # fmt: skip
def test_a_refused_registration_costs_no_vm(
    status: int,
    sentence: str,
    gcloud: Gcloud,
    github: Runners,
    capsys: pytest.CaptureFixture[str],
) -> None:
    github.refuse = status
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: No runner could be registered: ")
    assert sentence in said
    assert "words of the server" not in said
    assert gcloud.called("create") == []


def test_a_runner_without_a_checksum_is_not_installed(
    gcloud: Gcloud, github: Runners, capsys: pytest.CaptureFixture[str]
) -> None:
    github.checksum = "$(touch pwned)"
    assert command.main([]) == 1
    assert "no runner for Linux on x64 with its SHA-256" in capsys.readouterr().err
    assert (gcloud.called("create"), github.registered) == ([], {})


KEPT = {"zone": "us-west1-a", "metadata": {"runner-name": "cml-70-1"}}


def keep(gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let a VM of an earlier run be there, as that run asked for it."""
    monkeypatch.setenv("VM_LABEL", "our-gpu")
    assert command.main([]) == 0
    labels = gcloud.vms.pop(VM)["labels"]
    gcloud.vms["cml-70-1"] = deepcopy(KEPT) | {"labels": labels} | changes
    gcloud.calls.clear()


def test_a_kept_vm_that_is_idle_gets_the_next_job(
    gcloud: Gcloud, github: Runners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(gcloud, monkeypatch)
    github.registered.clear()
    (tmp_path / "output").unlink()
    assert command.main([]) == 0
    assert gcloud.called("create") == []
    [vm] = gcloud.vms.values()
    assert vm["metadata"] == {"runner-name": VM}
    assert "cml-run=" not in vm["labels"]  # the job `cleanup` must leave it
    assert output(tmp_path)["runs_on"] == ["self-hosted", VM]  # no other run takes this runner
    assert [one["status"] for one in github.registered.values()] == ["online"]


def test_a_kept_vm_in_which_a_registration_stays_goes(
    gcloud: Gcloud,
    github: Runners,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(gcloud, monkeypatch)
    github.registered.clear()
    gcloud.sticky = True
    assert command.main([]) == 1
    assert "The metadata of cml-70-1 still holds" in capsys.readouterr().err
    assert (gcloud.vms, github.registered, gcloud.called("create")) == ({}, {}, [])


@pytest.mark.parametrize(
    "why", ["busy", "boots for another run", "silent", "gone", "stopped", "old"]
)
def test_a_kept_vm_that_cannot_take_it_is_left_alone_for_a_new_one(
    why: str, gcloud: Gcloud, github: Runners, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = (datetime.now(UTC) - timedelta(hours=12)).isoformat()
    changes: dict[str, dict[str, Any]] = {
        "boots for another run": {"metadata": {"runner-config": "another's"}},
        "stopped": {"status": "TERMINATED"},
        "old": {"created": created},
    }
    keep(gcloud, monkeypatch, **changes.get(why, {}))
    before = dict(gcloud.vms["cml-70-1"]["metadata"])
    github.registered.clear()
    if why == "busy":
        github.registered[150] = {"id": 150, "name": "cml-70-1", "status": "online"}
    github.online = [why != "silent", True]
    if why == "gone":
        gcloud.refused = {"add-metadata": "ERROR: - The resource 'x' was not found"}
    assert command.main([]) == 0
    assert [call[3] for call in gcloud.called("create")] == [VM]
    assert len(github.registered) == 1 + (why == "busy")
    if why != "gone":
        assert gcloud.called("delete") == []
        left = gcloud.vms["cml-70-1"]["metadata"]
        assert left.get("runner-config") == before.get("runner-config")

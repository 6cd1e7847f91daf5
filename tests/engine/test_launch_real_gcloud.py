"""The real gcloud takes every command of a launch, and does with the metadata what we count on."""

import re
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from github.runners import JIT
from pytest_httpserver import HTTPServer

from modelyard.cloud import cleanup, vm
from modelyard.cloud.launching import command, through_gcloud

from .launching import output, serve_runners, set_up
from .real_gcloud import MISSING, real_gcloud, serve_compute


@pytest.mark.skipif(MISSING, reason="needs the Google Cloud CLI")
def test_a_vm_is_made_kept_given_another_job_and_deleted(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(tmp_path, monkeypatch)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(through_gcloud, "MINUTES", 1)
    for name, value in {"VM_LAUNCHER": "gcloud", "VM_LABEL": "our-gpu"}.items():
        monkeypatch.setenv(name, value)
    github, compute = serve_runners(httpserver, monkeypatch), serve_compute(httpserver)
    github.online = [False, True]  # the first VM is deleted after a look at its serial port
    with real_gcloud(tmp_path, httpserver) as run:
        monkeypatch.setattr(vm, "subprocess", SimpleNamespace(run=run))
        assert command.main([]) == 0
        [made] = compute.vms.values()
        assert made["scheduling"]["maxRunDuration"] == {"seconds": "82800"}
        assert made["scheduling"]["instanceTerminationAction"] == "DELETE"
        assert made["scheduling"]["provisioningModel"] == "SPOT"
        assert made["guestAccelerators"][0]["acceleratorCount"] == 1
        keys = [one["key"] for one in made["metadata"]["items"]]
        assert keys == ["block-project-ssh-keys", "runner-name", "startup-script"]
        assert JIT not in str(made)

        github.registered.clear()
        monkeypatch.setattr(vm.Instance, "age", lambda _: timedelta(hours=1))
        assert command.main([]) == 0  # the same VM again
        assert JIT not in str(compute.vms)
        assert output(tmp_path)["runs_on"] == ["self-hosted", "cml-77-2"]
        assert len([one for one in compute.asked if re.fullmatch("POST .*/instances", one)]) == 2

        monkeypatch.setenv("ON_VM", "true")
        assert not cleanup.preempted()
        compute.preempted = ["cml-77-2"]  # what stays of a VM that GCP deleted
        assert cleanup.preempted()
        [found] = vm.instances(vm.repository_label())
        compute.vms.clear()
        found.delete()  # it deleted itself meanwhile

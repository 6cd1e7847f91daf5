"""Settings with which a launch succeeds, and a GitHub and a gcloud that keep what they are told."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest
from github.runners import Runners
from pytest_httpserver import HTTPServer

from modelyard.cloud import vm

SETTINGS = {
    "CML_SHA256": "0123456789abcdef" * 4,
    "GCP_PROJECT": "a-project",
    "GCP_WORKLOAD_IDENTITY_PROVIDER": (
        "projects/1/locations/global/workloadIdentityPools/github/providers/r-org-digits"
    ),
    "GCP_LAUNCHER_SERVICE_ACCOUNT": "launcher@a-project.iam.gserviceaccount.com",
    "GCP_RUNNER_SERVICE_ACCOUNT": "runner@a-project.iam.gserviceaccount.com",
    "GITHUB_REPOSITORY": "Org/digits",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_RUN_ID": "77",
    "GITHUB_SERVER_URL": "https://github.com",
    "MODEL_TESTS": "none",
    "REPO_TOKEN": "ghs_a-token-that-nobody-sees",
    "VM_DISK_GB": "100",
    "VM_GPU": "nvidia-l4",
    "VM_IDLE_MINUTES": "15",
    "VM_IMAGE": "ubuntu-os-cloud/ubuntu-2204-lts",
    "VM_LABEL": "",
    "VM_LAUNCHER": "cml",
    "VM_MACHINE_TYPE": "g2-standard-4",
    "VM_MAX_ATTEMPTS": "5",
    "VM_MAX_HOURS": "23",
    "VM_ON_DEMAND": "true",
    "VM_SPOT": "true",
    "VM_ZONES": "us-central1-a us-east1-c",
}


def set_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the workflow's environment; the job's outputs go into a folder."""
    for name in ("SPOT_INPUT", "ATTEMPT", "CML_APP", "KEY_IS_PEM", "PAT_IS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))


def output(folder: Path) -> dict[str, Any]:
    """Return what was handed on to the next job."""
    lines = (folder / "output").read_text().splitlines()
    return {name: json.loads(value) for name, _, value in (line.partition("=") for line in lines)}


def serve_runners(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Runners:
    """Let a server be GitHub's API."""
    runners = Runners()
    addresses = re.compile("/repos/Org/digits/actions/runners.*")
    server.expect_request(addresses).respond_with_handler(runners.answer)
    monkeypatch.setenv("GITHUB_API_URL", server.url_for("").rstrip("/"))
    return runners


@dataclass
class Gcloud:
    """A `gcloud` that keeps VMs with their metadata.

    Attributes:
        vms: zone, labels, metadata, status and date of each by its name.
        calls: the arguments of every call.
        refused: what it says of calls whose arguments contain a text.
        sticky: metadata cannot be removed.
        serial: what every VM has said.
    """

    vms: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    sticky: bool = False
    serial: str = ""

    def run(self, command: list[str], **_: Any) -> "CompletedProcess[str]":
        """Do what the program would."""
        self.calls.append(command[1:])
        refusals = (said for part, said in self.refused.items() if part in " ".join(command))
        said, printed = next(refusals, ""), ""
        if not said:
            said, printed = self._do(command[3], command[4], options(command))
        return CompletedProcess(command, bool(said), printed, said)

    def _do(self, verb: str, name: str, found: dict[str, str]) -> tuple[str, str]:
        """Return what it complains of, and what it prints."""
        if verb == "list":
            return "", json.dumps(self._list(found["filter"]))
        if verb == "create":
            self.vms[name] = {"zone": found["zone"], "labels": found["labels"], "metadata": {}}
        elif name not in self.vms:
            return f"ERROR: Could not fetch resource:\n - The resource '{name}' was not\n found", ""
        metadata = self.vms[name]["metadata"]
        metadata |= _metadata(found)
        if verb == "delete":
            del self.vms[name]
        if verb == "remove-metadata" and not self.sticky:
            for key in found["keys"].split(","):
                metadata.pop(key, None)
        items = {"items": [{"key": key, "value": value} for key, value in metadata.items()]}
        shown = {"describe": json.dumps({"metadata": items}), "get-serial-port-output": self.serial}
        return "", shown.get(verb, "")

    def _list(self, wanted: str) -> list[dict[str, Any]]:
        labels = {one.removeprefix("labels.") for one in wanted.split(" AND ")}
        return [
            {
                "name": name,
                "zone": vm["zone"],
                "status": vm.get("status", "RUNNING"),
                "creationTimestamp": vm.get("created", datetime.now(UTC).isoformat()),
                "labels": dict(one.split("=") for one in vm["labels"].split(",")),
                "metadata": {"items": [{"key": k, "value": v} for k, v in vm["metadata"].items()]},
            }
            for name, vm in self.vms.items()
            if labels <= set(vm["labels"].split(","))
        ]

    def called(self, verb: str) -> list[list[str]]:
        """Return the arguments of its calls of one verb."""
        return [call for call in self.calls if call[2] == verb]


def options(call: list[str]) -> dict[str, str]:
    """Return a call's options by name."""
    return dict(one[2:].partition("=")[::2] for one in call if one.startswith("--"))


def _metadata(found: dict[str, str]) -> dict[str, str]:
    """Return the metadata that a call gives, by options or by files that no one else can read."""
    given = [one.split("=", 1) for one in found.get("metadata", "").split(",") if one]
    metadata = dict(given)
    for one in found.get("metadata-from-file", "").split(","):
        key, _, path = one.partition("=")
        if key:
            assert Path(path).parent.stat().st_mode & 0o077 == 0
            metadata[key] = Path(path).read_text()
    return metadata


def stand_in(monkeypatch: pytest.MonkeyPatch) -> Gcloud:
    """Let a stand-in answer instead of `gcloud`, in this process: it is asked often."""
    gcloud = Gcloud()
    monkeypatch.setattr(vm, "subprocess", SimpleNamespace(run=gcloud.run))
    return gcloud

"""Virtual machines on GCP, through `gcloud`; only the standard library, so that it runs anywhere.

Every VM that `modelyard cloud launch` makes carries labels, by which the others find it:
`cml-repository`, `cml-run` (the workflow run) and `cml-max-hours`; without CML also `cml-launcher`,
and `cml-label` where it stays for the next run.
"""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from modelyard.errors import UserError
from modelyard.redaction import redacted


class VMError(UserError):
    """A mistake or a refusal that a person must look at; the message is one sentence.

    Attributes:
        said: everything that a program said about it.
    """

    def __init__(self, message: str, said: str = "") -> None:
        """Keep what was said beside the message."""
        super().__init__(message)
        self.said = said

    @property
    def not_found(self) -> bool:
        """Whether what was asked for is not there, or no longer."""
        return "was not found" in words(self.said)


@dataclass(frozen=True)
class Instance:
    """One VM as `gcloud compute instances list` describes it."""

    name: str
    zone: str
    status: str
    created: datetime
    labels: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)

    def age(self, now: datetime | None = None) -> timedelta:
        """Return how long ago it was made."""
        return (now or datetime.now(UTC)) - self.created

    def delete(self) -> None:
        """Delete the VM with its disk, and the firewall rules that CML made for it.

        What is gone already, because it deleted itself or GCP took it away, is no mistake.
        """
        rules = [f"{self.name}-ingress", f"{self.name}-egress"]
        delete_if_there("instances", self.name, f"--zone={self.zone}")
        for rule in [] if "cml-launcher" in self.labels else rules:
            delete_if_there("firewall-rules", rule)


def delete_if_there(kind: str, name: str, *where: str) -> None:
    """Delete something of Compute Engine; that it is not there, or no longer, is success.

    Raises:
        VMError: it may still be there.
    """
    try:
        gcloud("compute", kind, "delete", name, *where, "--quiet")
    except VMError as error:
        if not error.not_found:
            raise


def words(said: str) -> str:
    """Return what a program said in one line: gcloud breaks lines anywhere."""
    return " ".join(said.split())


def setting(name: str, default: str | None = None) -> str:
    """Return an environment variable.

    Raises:
        VMError: it is unset or empty, and there is no default.
    """
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise VMError(f"{name} is not set; the documentation, Training on a VM, says where.")
    return value


def label(text: str) -> str:
    """Return a text as GCP allows it in a label; a hash keeps apart what would look the same."""
    short = re.sub(r"[^a-z0-9_-]+", "-", text.lower())
    if short == text and len(short) <= 63:  # noqa: PLR2004 (GCP's limit)
        return short
    return f"{short[:50].rstrip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def repository_label() -> str:
    """Return the label of every VM of this repository."""
    return f"cml-repository={label(setting('GITHUB_REPOSITORY'))}"


def run_label() -> str:
    """Return the label of every VM of this workflow run."""
    return f"cml-run={setting('GITHUB_RUN_ID')}"


def instances(*labels: str) -> list[Instance]:
    """List the VMs that carry all of the given labels, in every zone."""
    wanted = " AND ".join(f"labels.{name}={value}" for name, _, value in map(_parts, labels))
    found = gcloud("compute", "instances", "list", f"--filter={wanted}", "--format=json")
    return [_instance(entry) for entry in json.loads(found or "[]")]


def gcloud(*arguments: str) -> str:
    """Run `gcloud` in the project; return what it prints.

    Raises:
        VMError: with the last line of what it said.
    """
    project = f"--project={setting('GCP_PROJECT')}"
    command = ["gcloud", *arguments, project]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise VMError(
            "gcloud is not installed: https://cloud.google.com/sdk/docs/install"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise VMError(
            f"`{' '.join(command[:4])}` failed: {redacted(said[-1].strip())}", done.stderr
        )
    return done.stdout


def _parts(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def _instance(entry: Mapping[str, Any]) -> Instance:
    return Instance(
        name=entry["name"],
        zone=entry["zone"].rpartition("/")[2],
        status=entry.get("status", "UNKNOWN"),
        created=datetime.fromisoformat(entry["creationTimestamp"]),
        labels=entry.get("labels", {}),
        metadata={
            one["key"]: one.get("value", "") for one in entry.get("metadata", {}).get("items", [])
        },
    )

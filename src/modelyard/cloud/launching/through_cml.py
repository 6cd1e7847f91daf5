"""A VM by `cml runner launch`: CML asks Terraform for it and registers the runner from the VM."""

import base64
import os
import subprocess

from ..vm import VMError, instances, repository_label, run_label, setting
from .output import show
from .places import Attempt, kept, refusal, run_name

CML_VERSION = "0.20.6"

# CML pastes it into a shell script on the VM, before its own runner starts.
STARTUP = """\
# The launcher's token ends after an hour: delete this VM through its own service account.
unset GOOGLE_APPLICATION_CREDENTIALS_DATA CML_GCP_ACCESS_TOKEN
# Whatever else fails, this VM goes off.
systemd-run --unit=dead-man-switch --on-active={hours}h shutdown -P now || true
"""


def ask(attempt: Attempt) -> list[str]:
    """Ask for a runner in one place; return the labels that it has once it is up.

    Raises:
        VMError: it is not up; NoCapacityError where another place may have one.
    """
    try:
        done = subprocess.run(
            command(attempt),
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
            env=os.environ | {"ITERATIVE_DO_NOT_TRACK": "1"},  # CML and its Terraform provider
        )
    except FileNotFoundError:
        raise VMError(
            "`cml` is not installed here, and cml.yaml says VM_LAUNCHER: cml; install CML, or "
            "write VM_LAUNCHER: gcloud."
        ) from None
    if done.returncode == 0:
        return ["self-hosted", kept() or run_name()]
    show(done.stderr)
    _delete_leftovers()
    raise refusal(done.stderr, attempt, "CML")


def command(attempt: Attempt) -> list[str]:
    """Return the command that asks CML for a VM."""
    startup = STARTUP.format(hours=setting("VM_MAX_HOURS"))
    options = {
        "driver": "github",
        "repo": f"{setting('GITHUB_SERVER_URL')}/{setting('GITHUB_REPOSITORY')}",
        "cloud": "gcp",
        "cloud-region": attempt.zone,
        "cloud-type": setting("VM_MACHINE_TYPE"),
        "cloud-gpu": setting("VM_GPU"),
        "cloud-hdd-size": setting("VM_DISK_GB"),
        "cloud-image": setting("VM_IMAGE"),
        "cloud-permission-set": f"{setting('GCP_RUNNER_SERVICE_ACCOUNT')},scopes=cloud-platform",
        "cloud-startup-script": base64.b64encode(startup.encode()).decode(),
        "cml-version": CML_VERSION,
        "labels": kept() or run_name(),
        "idle-timeout": str(60 * int(setting("VM_IDLE_MINUTES"))),
    }
    labels = [repository_label(), f"cml-max-hours={setting('VM_MAX_HOURS')}"]
    if kept():  # stays for the next run; one that is busy is left alone
        flags = ["--reuse-idle"]
    else:
        options["name"] = run_name()
        labels.append(run_label())
        flags = ["--single"]
    flags += ["--cloud-spot"] if attempt.spot else []
    return [
        "cml", "runner", "launch", *flags,
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--cloud-metadata={value}" for value in labels),
    ]  # fmt: skip


def _delete_leftovers() -> None:
    """Delete what a failed launch may have left in its zone; `cleanup` would, but later."""
    if kept():
        return
    for instance in instances(repository_label(), run_label()):
        instance.delete()

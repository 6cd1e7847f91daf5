"""What gcloud is asked of one VM: to make it, to change its metadata, what it said."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ..vm import VMError, gcloud, label, repository_label, run_label, setting
from .places import Attempt, gpus, kept

CONFIG, NAME = "runner-config", "runner-name"  # metadata; the first is the secret
FAILED = "modelyard: this machine cannot train"  # what startup.sh says
NO_PD = ("c4", "h4d", "m4", "n4", "x4", "a4", "g4")  # families that take Hyperdisks only
DEEP_LEARNING = "deeplearning-platform-release"


def command(name: str, attempt: Attempt) -> list[str]:
    """Return what asks gcloud for a VM; its secret metadata comes from files.

    https://cloud.google.com/sdk/gcloud/reference/compute/instances/create
    """
    machine = setting("VM_MACHINE_TYPE").partition("+")[0]
    project, _, family = setting("VM_IMAGE").partition("/")
    kind, count = gpus()
    hyperdisk = machine.partition("-")[0].startswith(NO_PD)
    labels = [repository_label(), f"cml-max-hours={setting('VM_MAX_HOURS')}", "cml-launcher=gcloud"]
    labels.append(f"cml-label={label(kept())}" if kept() else run_label())
    metadata = [f"{NAME}={name}", "block-project-ssh-keys=true"]
    metadata += ["install-nvidia-driver=True"] if project == DEEP_LEARNING else []
    return [
        "compute", "instances", "create", name,
        f"--zone={attempt.zone}",
        f"--machine-type={machine}",
        *([f"--accelerator=type={kind},count={count}"] if count else []),
        "--maintenance-policy=TERMINATE",
        f"--provisioning-model={'SPOT' if attempt.spot else 'STANDARD'}",
        "--instance-termination-action=DELETE",
        f"--max-run-duration={setting('VM_MAX_HOURS')}h",
        f"--boot-disk-size={setting('VM_DISK_GB')}GB",
        f"--boot-disk-type={'hyperdisk-balanced' if hyperdisk else 'pd-balanced'}",
        f"--image-project={project}",
        f"--image-family={family}",
        f"--service-account={setting('GCP_RUNNER_SERVICE_ACCOUNT')}",
        "--scopes=cloud-platform",
        "--network=iterative",
        f"--labels={','.join(labels)}",
        f"--metadata={','.join(metadata)}",
    ]  # fmt: skip


@contextlib.contextmanager
def metadata_files(contents: dict[str, str]) -> Iterator[str]:
    """Yield the option that gives metadata by files, in a folder that only this user can read."""
    with TemporaryDirectory() as folder:
        pairs = []
        for key, content in contents.items():
            path = Path(folder, key)
            path.write_text(content, "utf-8")
            pairs.append(f"{key}={path}")
        yield f"--metadata-from-file={','.join(pairs)}"


def serial_output(name: str, zone: str) -> str:
    """Return what a VM has written to its serial port; a VM that is gone has failed."""
    try:
        return gcloud("compute", "instances", "get-serial-port-output", name, f"--zone={zone}")
    except VMError as error:
        return f"{FAILED}: it is gone" if error.not_found else str(error)


def forget_config(name: str, zone: str) -> None:
    """Remove the registration from a VM's metadata, and look whether it is gone.

    Raises:
        VMError: it is still there.
    """
    change_metadata("remove", name, zone, f"--keys={CONFIG}")
    asked = ("compute", "instances", "describe", name, f"--zone={zone}", "--format=json(metadata)")
    items = json.loads(gcloud(*asked))["metadata"].get("items", [])
    if any(one["key"] == CONFIG for one in items):
        raise VMError(
            f"The metadata of {name} still holds the runner's registration ({CONFIG}) after it was "
            "removed; the VM is deleted. Start the run anew."
        )


def change_metadata(verb: str, name: str, zone: str, *options: str) -> None:
    """Add metadata to a VM, or remove some."""
    gcloud("compute", "instances", f"{verb}-metadata", name, f"--zone={zone}", *options)

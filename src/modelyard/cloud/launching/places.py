"""Where to ask for a VM and in which order, what it is called, and what a refusal means."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..vm import VMError, setting, words

# https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation
NO_CAPACITY = re.compile(
    "ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|does not have enough resources|resource_availability"
    "|QUOTA_EXCEEDED|quotaExceeded|Quota '|(machineTypes|acceleratorTypes)/[^ ]+ was not found"
    r"|field 'resource\.(machineType|guestAccelerators)[^ ]*'.* does not exist"
)
GLOBAL_QUOTA = "GPUS_ALL_REGIONS"
COUNTED = re.compile(r"\+(?P<gpu>[^*]+)\*(?P<count>[1-9][0-9]*)$")


class Attempt(NamedTuple):
    """One place to ask for a VM."""

    zone: str
    spot: bool


class NoCapacityError(VMError):
    """There is no such machine in this place now; the next place may have one."""


class NeverUpError(VMError):
    """There is a machine, but no runner of it was ever seen on GitHub."""


def attempts() -> Iterator[Attempt]:
    """Yield where to ask, in order: spot in every zone, then on demand if that is allowed."""
    zones = setting("VM_ZONES").split()
    wanted = os.environ.get("SPOT_INPUT")
    spot = (wanted if wanted in {"true", "false"} else setting("VM_SPOT")) == "true"
    if spot:
        yield from (Attempt(zone, spot=True) for zone in zones)
    if not spot or setting("VM_ON_DEMAND") == "true":
        yield from (Attempt(zone, spot=False) for zone in zones)


def kept() -> str:
    """Return the team's own label of a VM that stays for the next run, empty if none does."""
    return os.environ.get("VM_LABEL", "").strip()


def run_name() -> str:
    """Return a name that only this run and attempt has."""
    return f"cml-{setting('GITHUB_RUN_ID')}-{setting('GITHUB_RUN_ATTEMPT')}"


def gpus() -> tuple[str, int]:
    """Return the kind and number of GPUs that are asked for; none are of the kind `nogpu`."""
    kind = setting("VM_GPU", "nogpu")
    if found := COUNTED.search(setting("VM_MACHINE_TYPE", "")):
        return found["gpu"], int(found["count"])
    return kind, 0 if kind == "nogpu" else 1


def refusal(said: str, attempt: Attempt, program: str) -> VMError:
    """Return what it means that a program made no VM: look elsewhere, or a person must look."""
    text = words(said)
    if GLOBAL_QUOTA in text:
        return VMError(
            f"The project's quota {GLOBAL_QUOTA} allows no further GPU; ask for more "
            "(GCP console, IAM, Quotas), or set VM_GPU to nogpu in cml.yaml."
        )
    if NO_CAPACITY.search(text):
        return NoCapacityError(f"{attempt.zone} has no such machine now.")
    return VMError(
        f"The VM in {attempt.zone} did not start, for another reason than a lack of "
        f"machines; what {program} said is above."
    )

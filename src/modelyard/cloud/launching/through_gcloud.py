"""A VM by `gcloud compute instances create`, with a runner registered just in time.

The registration, a secret, is in the VM's metadata until the runner is online, no longer.
"""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

from ..vm import (
    Instance,
    VMError,
    delete_if_there,
    gcloud,
    instances,
    label,
    repository_label,
    setting,
)
from .gcloud_vm import (
    CONFIG,
    FAILED,
    NAME,
    change_metadata,
    command,
    forget_config,
    metadata_files,
    serial_output,
)
from .output import show
from .places import Attempt, NeverUpError, kept, refusal, run_name
from .runners import Runner, is_online, is_there, register, remove
from .startup import startup_script

POLL, EVERY = 10, 6  # seconds between two looks at GitHub; every so many one at the machine
MINUTES, MINUTES_OF_KEPT = 20, 4  # a driver's installation takes 5 to 10, a kept machine looks up
SHOWN = 40  # lines of what gcloud or the serial port says


def ask(attempt: Attempt) -> list[str]:
    """Ask for a runner in one place; return the labels that it has once it is up.

    Raises:
        VMError: it is not up; NoCapacityError or NeverUpError where another place may have one.
    """
    labels = ["self-hosted", run_name()]
    with _registered(labels) as runner, _deleted_unless_up(runner.name, attempt.zone):
        _create(runner, attempt)
        if not _comes_up(runner, runner.name, attempt.zone, MINUTES):
            raise NeverUpError(
                f"The VM in {attempt.zone} was made, but its runner did not come up in "
                f"{MINUTES} minutes; it is deleted, and the end of what it said is above."
            )
        forget_config(runner.name, attempt.zone)
    print(f"{runner.name} in {attempt.zone} is up.", flush=True)
    return labels


def reuse() -> list[str] | None:
    """Give a kept VM that is idle another job; None where there is none, or it does not answer."""
    labels = ["self-hosted", run_name()]
    for instance in _kept_instances() if kept() else ():
        print(f"Asking {instance.name} in {instance.zone}, which is idle …", flush=True)
        try:
            with _registered(labels) as runner:
                _hand_over(instance, runner)
        except NeverUpError as error:
            print(error, flush=True)
        else:
            return labels
    return None


def _kept_instances() -> Iterator[Instance]:
    """Yield VMs of the team's label that nobody uses, and that will not go off halfway."""
    half = timedelta(hours=int(setting("VM_MAX_HOURS"))) / 2
    for instance in instances(repository_label(), f"cml-label={label(kept())}"):
        if instance.status != "RUNNING" or instance.age() > half:
            continue
        # A registration that nobody removed yet: it boots for another run.
        if CONFIG in instance.metadata or is_there(instance.metadata.get(NAME, "")):
            print(f"{instance.name} in {instance.zone} is busy; it is left alone.", flush=True)
            continue
        yield instance


@contextlib.contextmanager
def _registered(labels: list[str]) -> Iterator[Runner]:
    """Register a runner; take the registration back if the machine does not become it."""
    runner = register(run_name(), [*labels, "linux", "x64"])
    try:
        yield runner
    except BaseException:
        remove(runner)
        raise


@contextlib.contextmanager
def _deleted_unless_up(name: str, zone: str) -> Iterator[None]:
    try:
        yield
    except BaseException:  # also where the job is cancelled: no VM, and no secret, may stay
        try:
            delete_if_there("instances", name, f"--zone={zone}")
        except VMError as error:
            raise VMError(f"{name} in {zone} may still run and cost money: {error}") from None
        raise


def _hand_over(instance: Instance, runner: Runner) -> None:
    """Make a kept VM a runner.

    Raises:
        NeverUpError: it does not answer, or is gone.
    """
    name, zone = instance.name, instance.zone
    try:
        with _deleted_unless_up(name, zone):
            with metadata_files({CONFIG: runner.config}) as files:
                change_metadata("add", name, zone, f"--metadata={NAME}={runner.name}", files)
            came_up = _comes_up(runner, name, zone, MINUTES_OF_KEPT)
            forget_config(name, zone)
    except VMError as error:
        if error.not_found:
            raise NeverUpError(f"{name} is gone; another VM is asked for.") from None
        raise
    if not came_up:
        raise NeverUpError(f"{name} does not answer; another VM is asked for.")


def _create(runner: Runner, attempt: Attempt) -> None:
    contents = {"startup-script": startup_script(), CONFIG: runner.config}
    with metadata_files(contents) as files:
        try:
            gcloud(*command(runner.name, attempt), files)
        except VMError as error:
            show(error.said or str(error), runner.config, lines=SHOWN)
            raise refusal(error.said, attempt, "gcloud") from None


def _comes_up(runner: Runner, name: str, zone: str, minutes: int) -> bool:
    """Wait until a runner is online; give up early where its machine says that it cannot be."""
    for look in range(1, minutes * 60 // POLL + 1):
        if is_online(runner.number):
            return True
        if look % EVERY == 0 and FAILED in serial_output(name, zone):
            break
        time.sleep(POLL)
    show(serial_output(name, zone), runner.config, lines=SHOWN)
    return False

"""Start the VM that the `train` job of cml.yaml runs on. For another cloud, replace that job.

Without a cloud (no GCP_PROJECT) it chooses a GitHub-hosted machine instead.
Writes `runs_on` (JSON, for `runs-on`) and `on_vm` to $GITHUB_OUTPUT.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from modelyard.command import print_error
from modelyard.redaction import redacted

from .vm import VMError, instances, repository_label, run_label, setting

HOSTED = "ubuntu-24.04"
CML_VERSION = "0.20.6"
VARIABLES = ("GCP_WORKLOAD_IDENTITY_PROVIDER", "GCP_LAUNCHER_SERVICE_ACCOUNT",
             "GCP_RUNNER_SERVICE_ACCOUNT")  # fmt: skip
NO_CAPACITY = ("ZONE_RESOURCE_POOL_EXHAUSTED", "STOCKOUT", "does not have enough resources",
               "QUOTA_EXCEEDED", "Quota '", "was not found")  # fmt: skip
GLOBAL_QUOTA = "GPUS_ALL_REGIONS"
MOST_LINES = 15

# CML pastes it into a shell script on the VM, before its own runner starts.
STARTUP = """\
# The launcher's token ends after an hour: delete this VM through its own service account.
unset GOOGLE_APPLICATION_CREDENTIALS_DATA CML_GCP_ACCESS_TOKEN
# Whatever else fails, this VM goes off.
systemd-run --unit=dead-man-switch --on-active={hours}h shutdown -P now || true
"""


class Attempt(NamedTuple):
    """One place to ask for a VM."""

    zone: str
    spot: bool


def main(arguments: list[str] | None = None) -> int:
    """Launch, or with `check` only look whether everything that launching needs is there."""
    parser = argparse.ArgumentParser(prog="modelyard cloud launch", description=__doc__)
    parser.add_argument("only", nargs="?", choices=["check"], help="launch nothing")
    options = parser.parse_args(arguments)
    try:
        _check_one_of("MODEL_TESTS", "none", "quick", "all")
        if not os.environ.get("GCP_PROJECT"):
            print("No cloud is configured (repository variable GCP_PROJECT): training runs on "
                  f"GitHub's {HOSTED}. See the documentation, Training on a VM.")  # fmt: skip
            _output(HOSTED, on_vm=False)
            return 0
        _check()
        if not options.only:
            _output(_launch(), on_vm=True)
    except VMError as error:
        print_error(error)
        return 1
    return 0


def _check() -> None:
    """Refuse to begin without a variable, a token, or with a setting that cannot work."""
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise VMError(
            f"GCP_PROJECT is set, but not the repository variables {', '.join(missing)}; "
            "`modelyard cloud bootstrap` prints all of them (Settings, Actions, Variables)."
        )
    if os.environ.get("HAS_TOKEN") != "true":
        raise VMError(
            "There is no token that may register a runner; set the variable CML_APP_ID and the "
            "secret CML_APP_PRIVATE_KEY of a GitHub App, or the secret CML_PAT."
        )
    for name in ("VM_MACHINE_TYPE", "VM_GPU", "VM_IMAGE", "VM_ZONES"):
        setting(name)
    for name in ("VM_MAX_HOURS", "VM_IDLE_MINUTES", "VM_DISK_GB"):
        if not setting(name).isdigit() or int(setting(name)) == 0:
            raise VMError(f"cml.yaml: {name} is {setting(name)!r}; write a whole number above 0.")
    for name in ("VM_SPOT", "VM_ON_DEMAND"):
        _check_one_of(name, '"true"', '"false"')


def _check_one_of(name: str, *allowed: str) -> None:
    if setting(name) not in {value.strip('"') for value in allowed}:
        *others, last = allowed
        raise VMError(
            f"cml.yaml: {name} is {setting(name)!r}; write {', '.join(others)} or {last}."
        )


def attempts() -> Iterator[Attempt]:
    """Yield where to ask, in order: spot in every zone, then on demand if that is allowed."""
    zones = setting("VM_ZONES").split()
    wanted = os.environ.get("SPOT_INPUT")
    spot = (wanted if wanted in {"true", "false"} else setting("VM_SPOT")) == "true"
    if spot:
        yield from (Attempt(zone, spot=True) for zone in zones)
    if not spot or setting("VM_ON_DEMAND") == "true":
        yield from (Attempt(zone, spot=False) for zone in zones)


def _launch() -> str:
    """Return the label of the runner that came up."""
    for attempt in attempts():
        kind = "spot" if attempt.spot else "on demand"
        print(
            f"Asking for {setting('VM_MACHINE_TYPE')} with {setting('VM_GPU')} "
            f"in {attempt.zone}, {kind} …",
            flush=True,
        )
        done = subprocess.run(
            command(attempt), stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
        if done.returncode == 0:
            return runner_label()
        print(redacted("\n".join(done.stderr.splitlines()[-MOST_LINES:])), file=sys.stderr)
        _delete_leftovers()
        if GLOBAL_QUOTA in done.stderr:
            raise VMError(
                f"The project's quota {GLOBAL_QUOTA} allows no further GPU; ask for more "
                "(GCP console, IAM, Quotas), or set VM_GPU to nogpu in cml.yaml."
            )
        if not any(text in done.stderr for text in NO_CAPACITY):
            raise VMError(
                f"The VM in {attempt.zone} did not start, for another reason than a lack of "
                "machines; what CML said is above."
            )
    raise VMError(
        f"No zone of VM_ZONES ({setting('VM_ZONES')}) has a {setting('VM_MACHINE_TYPE')} with "
        f"{setting('VM_GPU')} now; try later, or add zones to cml.yaml "
        f"(`gcloud compute accelerator-types list --filter=name={setting('VM_GPU')}`)."
    )


def command(attempt: Attempt) -> list[str]:
    """Return the command that asks CML for a VM."""
    own = os.environ.get("VM_LABEL", "").strip()
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
        "labels": runner_label(),
        "idle-timeout": str(60 * int(setting("VM_IDLE_MINUTES"))),
    }
    labels = [repository_label(), f"cml-max-hours={setting('VM_MAX_HOURS')}"]
    if own:  # stays for the next run; one that is busy is left alone
        flags = ["--reuse-idle"]
    else:
        options["name"] = runner_label()
        labels.append(run_label())
        flags = ["--single"]
    flags += ["--cloud-spot"] if attempt.spot else []
    return [
        "cml", "runner", "launch", *flags,
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--cloud-metadata={value}" for value in labels),
    ]  # fmt: skip


def runner_label() -> str:
    """Return the user's own label, or one that only this run and attempt has."""
    own = os.environ.get("VM_LABEL", "").strip()
    return own or f"cml-{setting('GITHUB_RUN_ID')}-{setting('GITHUB_RUN_ATTEMPT')}"


def _delete_leftovers() -> None:
    """Delete what a failed launch may have left in its zone; `cleanup` would, but later."""
    if os.environ.get("VM_LABEL", "").strip():
        return
    for instance in instances(repository_label(), run_label()):
        instance.delete()


def _output(name: str, *, on_vm: bool) -> None:
    runs_on = ["self-hosted", name] if on_vm else [name]
    lines = f"runs_on={json.dumps(runs_on)}\non_vm={json.dumps(on_vm)}\n"
    with Path(setting("GITHUB_OUTPUT", "/dev/stdout")).open("a", encoding="utf-8") as file:
        file.write(lines)


if __name__ == "__main__":
    sys.exit(main())

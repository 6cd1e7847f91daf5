"""After a `[cml]` run: delete what is left of its VM, resume a training, deliver its results."""

import json
import os
import subprocess
import sys
from pathlib import Path

from modelyard.command import print_error, take_no_options
from modelyard.errors import UserError
from modelyard.redaction import redacted

from . import deliver
from .vm import VMError, gcloud, instances, repository_label, run_label, setting

PREEMPTED = "compute.instances.preempted"


def main(arguments: list[str] | None = None) -> int:
    """Do all; one that fails does not keep the others from being done."""
    take_no_options("cloud cleanup", __doc__, arguments)
    problems = []
    for task in (resume_if_preempted, delete_leftovers, deliver_results):
        try:
            task()
        except UserError as error:
            problems.append(str(error))
    for problem in problems:
        print_error(problem)
    return 1 if problems else 0


def delete_leftovers() -> None:
    """Delete this run's VMs: by now its job has ended, whatever they may still be doing.

    Raises:
        VMError: naming every VM that is still there, and how to delete it.
    """
    if not os.environ.get("GCP_PROJECT"):
        return
    failed = []
    for instance in instances(repository_label(), run_label()):
        print(f"Deleting {instance.name} in {instance.zone} ({instance.status}).", flush=True)
        try:
            instance.delete()
        except VMError as error:
            failed.append(
                f"{instance.name} in {instance.zone} may still run and cost money: {error}"
            )
    if failed:
        raise VMError("; ".join(failed))


def resume_if_preempted() -> None:
    """Start the workflow again if its spot VM was taken away, and if that may still be done.

    Once the results are pushed there is nothing to train: what failed then was judged, not lost.
    A machine that vanishes after the training has left its results as an artifact.
    """
    if os.environ.get("TRAIN_RESULT") not in {"failure", "cancelled"}:
        return
    if not preempted() or deliver.waiting():
        return
    attempt, most = int(setting("ATTEMPT", "1")), int(setting("VM_MAX_ATTEMPTS"))
    if attempt >= most:
        raise VMError(
            f"The VM was preempted in attempt {attempt} of {most}, the last; start it again by "
            'hand with spot "false": what is trained so far is in the bucket.'
        )
    print(f"The VM was preempted: starting attempt {attempt + 1} of {most}.", flush=True)
    inputs = {
        "model": setting("MODEL"),
        "attempt": str(attempt + 1),
        "spot": setting("SPOT_INPUT", "as configured"),
    }
    _start("cml.yaml", *(f"--field={name}={value}" for name, value in inputs.items()))


def deliver_results() -> None:
    """Put the results onto their branch; start what judges and shows them unless that did."""
    if not deliver.waiting():
        return
    if deliver.deliver():
        print("The GitHub App pushed the results; that starts ci.yaml and docs.yaml.", flush=True)
        return
    print("The job's token pushed the results; ci.yaml is started for them.", flush=True)
    _start("ci.yaml")
    if Path(".github/workflows/docs.yaml").exists():
        _start("docs.yaml")


def preempted() -> bool:
    """Say whether GCP took away a VM of this run."""
    if not os.environ.get("GCP_PROJECT") or os.environ.get("ON_VM") != "true":
        return False
    listed = gcloud(
        "compute", "operations", "list",
        f"--filter=operationType={PREEMPTED} AND targetLink~/cml-{setting('GITHUB_RUN_ID')}-",
        "--format=json",
    )  # fmt: skip
    return bool(json.loads(listed or "[]"))


def _start(workflow: str, *fields: str) -> None:
    command = ["gh", "workflow", "run", workflow, f"--ref={setting('GITHUB_REF_NAME')}", *fields]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise VMError(
            f"{workflow} could not be started again (`gh workflow run`): {redacted(said[-1])}"
        )


if __name__ == "__main__":
    sys.exit(main())

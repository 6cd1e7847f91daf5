"""Delete VMs of this repository that are older than they may become, whatever made them stay.

Where there is no VM, reaper.yaml switches itself off, so that it costs nothing; cml.yaml switches
it on when it has started one, and nobody needs to remember. The job's token may switch a workflow:
https://docs.github.com/en/rest/actions/workflows
"""

import argparse
import os
import sys
from datetime import timedelta

from modelyard.command import print_error

from .github_api import GitHubError, ask
from .vm import Instance, VMError, instances, repository_label, setting

GRACE = timedelta(hours=1)  # the VM's own switch comes first


def main(arguments: list[str] | None = None) -> int:
    """Delete what is too old; return 1 if something that should go is still there."""
    parser = argparse.ArgumentParser(prog="modelyard cloud reap", description=__doc__)
    parser.add_argument("--on", action="store_true", help="only switch reaper.yaml on")
    if parser.parse_args(arguments).on:
        switch("enable")
        return 0
    # Before looking: a VM that starts later switches it on later, too.
    switch("disable")
    if not os.environ.get("GCP_PROJECT"):
        print("No cloud is configured: this workflow is off until a training starts a VM.")
        return 0
    try:
        found = instances(repository_label())
    except VMError as error:
        switch("enable")
        print_error(error)
        return 1
    if found:
        switch("enable")
    failed = False
    for instance in found:
        hours = instance.age() / timedelta(hours=1)
        where = f"{instance.name} in {instance.zone} ({instance.status}, {hours:.1f} h old)"
        if not due(instance):
            print(f"Leaving {where}.")
            continue
        print(f"Deleting {where}.", flush=True)
        try:
            instance.delete()
        except VMError as error:
            failed = True
            print_error(f"{where} may still cost money: {error}")
    if not found:
        print("No VM of this repository exists.")
    return 1 if failed else 0


def switch(how: str) -> None:
    """Switch reaper.yaml on (`enable`) or off (`disable`) in a workflow, which has a token."""
    token = os.environ.get("GITHUB_TOKEN", "").strip()
    if not token:
        return
    try:
        ask(token, "PUT", f"actions/workflows/reaper.yaml/{how}")
    except GitHubError as error:
        said = "there is none" if error.code == 404 else str(error)  # noqa: PLR2004
        print(f"::warning::reaper.yaml could not be switched ({how}): {said}", flush=True)


def due(instance: Instance) -> bool:
    """Say whether a VM has outlived its limit; a stopped one is due at once: its disk costs."""
    if instance.status == "TERMINATED":
        return instance.age() > GRACE
    label = instance.labels.get("cml-max-hours", "")
    limit = timedelta(hours=int(label if label.isdigit() else setting("VM_MAX_HOURS", "24")))
    return instance.age() > limit + GRACE


if __name__ == "__main__":
    sys.exit(main())

"""Delete VMs of this repository that are older than they may become, whatever made them stay."""

import sys
from datetime import timedelta

from modelyard.command import print_error, take_no_options

from .vm import Instance, VMError, instances, repository_label, setting

GRACE = timedelta(hours=1)  # the VM's own switch comes first


def main(arguments: list[str] | None = None) -> int:
    """Delete what is too old; return 1 if something that should go is still there."""
    take_no_options("cloud reap", __doc__, arguments)
    failed = False
    try:
        found = instances(repository_label())
    except VMError as error:
        print_error(error)
        return 1
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


def due(instance: Instance) -> bool:
    """Say whether a VM has outlived its limit; a stopped one is due at once: its disk costs."""
    if instance.status == "TERMINATED":
        return instance.age() > GRACE
    label = instance.labels.get("cml-max-hours", "")
    limit = timedelta(hours=int(label if label.isdigit() else setting("VM_MAX_HOURS", "24")))
    return instance.age() > limit + GRACE


if __name__ == "__main__":
    sys.exit(main())

"""Start the VM that the `train` job of cml.yaml runs on.

Without a cloud (no GCP_PROJECT) it chooses a GitHub-hosted machine instead.
Writes `runs_on` (JSON, for `runs-on`) and `on_vm` to $GITHUB_OUTPUT.
"""

import argparse
import os
import sys

from modelyard.command import print_error
from modelyard.errors import UserError

from ..vm import VMError, setting
from . import through_cml, through_gcloud
from .output import hand_on
from .places import NeverUpError, NoCapacityError, attempts
from .settings import problems

HOSTED = "ubuntu-24.04"
ASK = {"cml": through_cml.ask, "gcloud": through_gcloud.ask}
MOST_SILENT = 2  # machines that are paid and never come up: another zone will not change that


def main(arguments: list[str] | None = None) -> int:
    """Launch, or with `check` only look whether everything that launching needs is there."""
    parser = argparse.ArgumentParser(prog="modelyard cloud launch", description=__doc__)
    parser.add_argument("only", nargs="?", choices=["check"], help="launch nothing")
    options = parser.parse_args(arguments)
    try:
        if found := problems(os.environ):
            raise VMError("\n".join(found))
        if not os.environ.get("GCP_PROJECT", "").strip():
            print("No cloud is configured (repository variable GCP_PROJECT): training runs on "
                  f"GitHub's {HOSTED}. See the documentation, Training on a VM.")  # fmt: skip
            hand_on([HOSTED], on_vm=False)
        elif not options.only:
            hand_on(_launch(), on_vm=True)
    except UserError as error:
        print_error(error)
        return 1
    return 0


def _launch() -> list[str]:
    """Return the labels of the runner that came up."""
    launcher = setting("VM_LAUNCHER", "cml")
    silent: list[NeverUpError] = []
    if launcher == "gcloud" and (labels := through_gcloud.reuse()):
        return labels
    for attempt in attempts():
        kind = "spot" if attempt.spot else "on demand"
        print(
            f"Asking for {setting('VM_MACHINE_TYPE')} with {setting('VM_GPU')} "
            f"in {attempt.zone}, {kind} …",
            flush=True,
        )
        try:
            return ASK[launcher](attempt)
        except NoCapacityError:
            continue
        except NeverUpError as error:
            silent.append(error)
            if len(silent) == MOST_SILENT:
                break
    if silent:
        raise silent[-1]
    raise VMError(
        f"No zone of VM_ZONES ({setting('VM_ZONES')}) has a {setting('VM_MACHINE_TYPE')} with "
        f"{setting('VM_GPU')} now; try later, or add zones to cml.yaml "
        f"(`gcloud compute accelerator-types list --filter=name={setting('VM_GPU')}`)."
    )


if __name__ == "__main__":
    sys.exit(main())

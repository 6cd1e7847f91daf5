"""Before anything is trained: is the GPU there that was asked for, may the bucket be written?"""

import os
import shutil
import subprocess
import sys

from modelyard.command import finish, take_no_options
from modelyard.errors import UserError
from modelyard.pipeline.remote import Remote

COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"


def gpu_problem(wanted: str) -> str | None:
    """Say why TensorFlow cannot use the GPU that was asked for, None if it can."""
    if not shutil.which("nvidia-smi") or not _output(["nvidia-smi", "--list-gpus"]):
        return (
            f"cml.yaml: VM_GPU is {wanted}, but nvidia-smi finds no GPU on this machine; its "
            "driver is not there. Start the run again, choose another VM_IMAGE (with a driver in "
            "it), or train on the CPU with VM_GPU: nogpu."
        )
    if _output([sys.executable, "-c", COUNT]) in {"", "0"}:
        return (
            f"cml.yaml: VM_GPU is {wanted} and nvidia-smi finds it, but TensorFlow does not: "
            "its CUDA packages are missing (`sh setup.sh --extra gpu`) or too new for the driver "
            "of VM_IMAGE."
        )
    return None


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _check() -> bool:
    problems = []
    wanted = os.environ.get("VM_GPU", "nogpu")
    if os.environ.get("ON_VM") == "true" and wanted != "nogpu":
        problems.append(gpu_problem(wanted))
    try:
        remote = Remote()
        if not remote.elsewhere:
            remote.check_access()
    except UserError as error:
        problems.append(str(error))
    if found := [problem for problem in problems if problem]:
        raise UserError("\n".join(found))
    return True


def main(arguments: list[str] | None = None) -> int:
    """Check; return 1 after a sentence for each thing that is missing."""
    take_no_options("cloud check-machine", __doc__, arguments)
    return finish(_check)


if __name__ == "__main__":
    sys.exit(main())

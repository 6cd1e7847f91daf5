"""Before anything is trained: are the GPUs there that were asked for, may the bucket be written?"""

import os
import shutil
import subprocess
import sys

from modelyard.command import finish, take_no_options
from modelyard.config.loading import load_config, model_config_path
from modelyard.errors import UserError
from modelyard.pipeline.remote import Remote

from .launching.places import gpus

COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"


def gpu_problem(wanted: str, count: int = 1) -> str | None:
    """Say why training cannot use the GPUs that were asked for, None if it can.

    Those that it would leave idle are a warning: they cost, but nothing fails.
    """
    listed = _output(["nvidia-smi", "--list-gpus"]) if shutil.which("nvidia-smi") else ""
    there = sum(line.startswith("GPU ") for line in listed.splitlines())  # not parts of one (MIG)
    if not there:
        return (
            f"cml.yaml: VM_GPU is {wanted}, but nvidia-smi finds no GPU on this machine; its "
            "driver is not there. Start the run again, choose another VM_IMAGE (with a driver in "
            "it), or train on the CPU with VM_GPU: nogpu."
        )
    if there < count:
        return (
            f"cml.yaml: VM_MACHINE_TYPE asks for {count} GPUs, but nvidia-smi finds {there}; take "
            f"a machine type that has {count}, or write the number behind * that it has."
        )
    seen = int(_output([sys.executable, "-c", COUNT]) or 0)
    if not seen:
        return (
            f"cml.yaml: VM_GPU is {wanted} and nvidia-smi finds it, but TensorFlow does not: "
            "its CUDA packages are missing (`sh setup.sh --extra gpu`) or too new for the driver "
            "of VM_IMAGE."
        )
    if seen < there:
        _warn(f"TensorFlow uses {seen} of {there} GPUs; {there - seen} will stand idle.")
    return _devices_problem(seen)


def _devices_problem(seen: int) -> str | None:
    """Compare what TensorFlow sees with the key `params.devices` of the model that is trained."""
    if not (model := os.environ.get("MODEL")):
        return None
    config = load_config(model_config_path(model))
    devices = config.params.devices
    used = seen if devices == "all" else devices if isinstance(devices, int) else len(devices)
    most = used if isinstance(devices, int | str) else max(devices) + 1
    if most > seen:
        return (
            f"{config.file}: params.devices is {devices}, but this machine has {seen} GPUs; write "
            "all, or take another VM_MACHINE_TYPE (cml.yaml)."
        )
    if used < seen:
        _warn(
            f"{config.file}: params.devices is {devices}, so {seen - used} of {seen} GPUs will "
            "stand idle; write all, or take a smaller VM_MACHINE_TYPE (cml.yaml)."
        )
    return None


def _warn(sentence: str) -> None:
    print(f"warning: {sentence}", file=sys.stderr, flush=True)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _check() -> bool:
    problems = []
    kind, count = gpus()
    if os.environ.get("ON_VM") == "true" and count:
        problems.append(gpu_problem(kind, count))
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

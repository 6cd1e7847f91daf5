"""`use_gpu` and `use_mixed_precision` in a test's `config`, as the system before had them.

Neither is a key of config.yaml: one says where a test runs, the other has another name there.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from modelyard.config.mistakes import shown
from modelyard.errors import UserError

GPU, PRECISION = "use_gpu", "use_mixed_precision"
HIDDEN = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}  # NVIDIA's and AMD's
NO_GPU = (
    f"config.{GPU} is true, but this machine has no GPU that it can train on; run the test on a "
    f"machine with one, or write {GPU}: false"
)
# Other keys of that system, and what is written in their place.
INSTEAD = {
    "batch_size": "write params.batch_size",
    "learning_rate": "write tuning.hyperparams.learning_rate.default_value",
    "upload": "remove it, what a test has trained stays in .model_tests",
}


class Wanted(NamedTuple):
    """What a test's `config` asks for.

    Attributes:
        changes: values of config.yaml.
        gpu: true must train on a GPU, false must not; None takes what there is.
    """

    changes: dict[str, Any]
    gpu: bool | None


def wanted(source: str, config: Mapping[str, Any]) -> Wanted:
    """Take apart what a test's `config` says of values and of the machine.

    Raises:
        UserError: a value is neither true nor false, or a key is one of the system before.
    """
    changes = dict(config)
    flags = {key: changes.pop(key) for key in (GPU, PRECISION) if key in changes}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise UserError(f"{source}.config: {key} is {shown(value)}; write true or false.")
    for key in changes:
        if key in INSTEAD:
            raise UserError(f"{source}.config: {key} is not a known key; {INSTEAD[key]}.")
    if PRECISION in flags:
        changes["params.mixed_precision"] = flags[PRECISION]
    return Wanted(changes, flags.get(GPU))


def variables(gpu: bool | None) -> dict[str, str]:  # noqa: FBT001
    """Return what the processes of a test need in their environment."""
    return HIDDEN if gpu is False else {}

"""The script that a VM runs as it starts: `startup.sh`, below what this run decides."""

from importlib.resources import files
from shlex import quote

from ..vm import setting
from .places import kept
from .runners import program


def startup_script(config: str = "") -> str:
    """Return the script for a VM of the settings in the environment.

    Args:
        config: a runner's configuration, where the cloud has no metadata server to ask for it. It
            is a secret; the machine then turns itself off instead of deleting itself.

    Raises:
        UserError: GitHub does not say where its runner is.
    """
    url, checksum = program()
    values = {
        "MAX_HOURS": setting("VM_MAX_HOURS"),
        "IDLE_MINUTES": setting("VM_IDLE_MINUTES"),
        "KEEP": "yes" if kept() and not config else "",
        "GPU": "" if setting("VM_GPU") == "nogpu" else "yes",
        "RUNNER_URL": url,
        "RUNNER_SHA256": checksum,
    }
    if config:
        values["CONFIG"] = config
    head = "".join(f"{name}={quote(value)}\n" for name, value in values.items())
    body = (files("modelyard.cloud.launching") / "startup.sh").read_text("utf-8")
    return f"#!/bin/bash\n{head}{body}"

"""What cml.yaml and the repository's variables say, checked before anything is paid.

The patterns are those of Google and GitHub: https://cloud.google.com/compute/docs/naming-resources,
https://docs.github.com/en/actions/reference/limits.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..install_cml import pin_problem

GITHUB = "https://github.com"
FILE = "cml.yaml"
VARIABLE = "The repository variable"  # in GitHub's settings, not in a file
ACCOUNT = r"[^@\s]+@[a-z0-9.-]+\.gserviceaccount\.com"
POOL = r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+"


class Range(NamedTuple):
    """A whole number within limits, and why these."""

    least: int
    most: int
    why: str


class Form(NamedTuple):
    """What a pattern means in words."""

    pattern: str
    meaning: str


ALWAYS = {"MODEL_TESTS": ("none", "quick", "all")}
CHOICES = {
    "VM_LAUNCHER": ("cml", "gcloud", ""),  # a cml.yaml of version 1.0 has none: cml
    "VM_SPOT": ('"true"', '"false"'),
    "VM_ON_DEMAND": ('"true"', '"false"'),
}
RANGES = {
    "VM_MAX_ATTEMPTS": Range(1, 100, "each costs a machine"),
    "VM_MAX_HOURS": Range(1, 120, "GitHub ends a job after five days"),
    "VM_IDLE_MINUTES": Range(5, 1440, "a job needs a moment to arrive, and an idle VM costs"),
    "VM_DISK_GB": Range(20, 65536, "the system and CUDA need 20, and GCP has no larger disks"),
}
ARM = "(t2a|c4a|n4a|a4x)-"
MACHINE = r"[a-z][a-z0-9]*-[a-z0-9-]*[a-z0-9]"
FORMS = {
    "VM_ZONES": Form(
        r"[a-z]+-[a-z]+[0-9]+-[a-z0-9]*[a-z](\s+[a-z]+-[a-z]+[0-9]+-[a-z0-9]*[a-z])*",
        "zones, such as us-central1-a us-east1-c (a region has none of the last letters)",
    ),
    "VM_MACHINE_TYPE": Form(
        rf"{MACHINE}(\+nvidia-[a-z0-9-]+\*[1-9][0-9]*)?",
        "a machine type, such as g2-standard-4, or g2-standard-24+nvidia-l4*2 for several GPUs",
    ),
    "VM_GPU": Form(r"nogpu|nvidia-[a-z0-9-]+", "nogpu, or a kind of GPU such as nvidia-l4"),
    "VM_IMAGE": Form(
        r"[a-z][a-z0-9.:-]*/[a-z][a-z0-9-]*",
        "project/family, such as ubuntu-os-cloud/ubuntu-2204-lts",
    ),
    "VM_LABEL": Form(
        r"([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?",
        "nothing, or a name of letters, digits, hyphens, underscores and dots",
    ),
}
VARIABLES = {
    "GCP_PROJECT": Form(
        r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "the project's ID, such as my-project-123 (not its name or number)",
    ),
    "GCP_WORKLOAD_IDENTITY_PROVIDER": Form(
        POOL, "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
    ),
    "GCP_LAUNCHER_SERVICE_ACCOUNT": Form(ACCOUNT, "cml-launcher@PROJECT.iam.gserviceaccount.com"),
    "GCP_RUNNER_SERVICE_ACCOUNT": Form(ACCOUNT, "cml-runner@PROJECT.iam.gserviceaccount.com"),
}


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each setting that cannot work; without a cloud few matter."""
    values = {name: value.strip() for name, value in environment.items()}
    return [*_problems(values)]


def _problems(values: Mapping[str, str]) -> Iterator[str]:
    yield from _choices(values, ALWAYS)
    if not values.get("GCP_PROJECT"):
        return
    server = values.get("GITHUB_SERVER_URL", GITHUB)
    if server.rstrip("/") != GITHUB:
        yield (
            f"This repository is on {server}, and VMs are started for {GITHUB} only (another "
            "server signs in and registers runners elsewhere); delete the repository variable "
            "GCP_PROJECT, or start machines as the documentation says, Other clouds."
        )
    yield from _variables(values)
    yield from _token(values)
    yield from _choices(values, CHOICES)
    if values.get("VM_LAUNCHER") == "cml" and (
        problem := pin_problem(values.get("CML_SHA256", ""))
    ):
        yield problem
    yield from _ranges(values)
    for name, form in FORMS.items():
        if not re.fullmatch(form.pattern, values.get(name, "")):
            yield f"{FILE}: {name} is {values.get(name, '')!r}; write {form.meaning}."
    yield from _machine(values)
    yield from _inputs(values)


def _choices(values: Mapping[str, str], choices: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, allowed in choices.items():
        value = values.get(name, "")
        if value not in {one.strip('"') for one in allowed}:
            *others, last = filter(None, allowed)
            yield f"{FILE}: {name} is {value!r}; write {', '.join(others)} or {last}."


def _ranges(values: Mapping[str, str]) -> Iterator[str]:
    for name, (least, most, why) in RANGES.items():
        value = values.get(name, "")
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            yield (
                f"{FILE}: {name} is {value!r}; write a whole number from {least} to {most} ({why})."
            )


def _variables(values: Mapping[str, str]) -> Iterator[str]:
    missing = [name for name in VARIABLES if not values.get(name)]
    if missing:
        yield (
            f"GCP_PROJECT is set, but not the repository variables {', '.join(missing)}; "
            "`modelyard cloud bootstrap` prints all of them (Settings, Actions, Variables)."
        )
    for name, form in VARIABLES.items():
        value = values.get(name, "")
        if value and not re.fullmatch(form.pattern, value):
            yield (
                f"{VARIABLE} {name} is {value!r}; it must be {form.meaning}: run the "
                f"`gh variable set {name} …` that `modelyard cloud bootstrap` prints."
            )


def _token(values: Mapping[str, str]) -> Iterator[str]:
    """Judge what may register a runner; of a secret the workflow tells only whether it looks so."""
    if values.get("REPO_TOKEN"):
        return  # made by now
    if "PAT_IS_TOKEN" not in values and values.get("HAS_TOKEN") == "true":
        return  # a cml.yaml of version 1.0 tells no more
    app, key, pat = (values.get(name, "") for name in ("CML_APP", "KEY_IS_PEM", "PAT_IS_TOKEN"))
    if app and not re.fullmatch(r"[0-9]+|Iv[A-Za-z0-9.]+", app):
        yield (
            f"{VARIABLE} CML_APP_CLIENT_ID is {app!r}; it must be the App's client ID, such as "
            "Iv23liABCDEFGHIJKLMN: `gh variable set CML_APP_CLIENT_ID --body ID`."
        )
    if app and key != "true":
        yield (
            "The secret CML_APP_PRIVATE_KEY is not a private key as GitHub gives it (it begins "
            "with -----BEGIN RSA PRIVATE KEY-----): `gh secret set CML_APP_PRIVATE_KEY <key.pem`."
        )
    if not app and not pat:
        yield (
            "There is no token that may register a runner; set the variable CML_APP_CLIENT_ID and "
            "the secret CML_APP_PRIVATE_KEY of a GitHub App, or the secret CML_PAT."
        )
    if not app and pat == "false":
        yield (
            "The secret CML_PAT is not a token of GitHub's (it begins with github_pat_ or ghp_): "
            "`gh secret set CML_PAT`, and paste the token alone."
        )


def _machine(values: Mapping[str, str]) -> Iterator[str]:
    machine, gpu = values.get("VM_MACHINE_TYPE", ""), values.get("VM_GPU", "")
    if re.match(ARM, machine):
        yield (
            f"{FILE}: VM_MACHINE_TYPE is {machine!r}, an Arm machine; write a type of x64, such as "
            "g2-standard-4: the runner and the driver are for that."
        )
    kind = machine.partition("+")[2].partition("*")[0]
    if kind and kind != gpu:
        yield (
            f"{FILE}: VM_MACHINE_TYPE is {machine!r}, but VM_GPU is {gpu!r}; write VM_GPU: {kind}, "
            "or leave the part behind + out."
        )


def _inputs(values: Mapping[str, str]) -> Iterator[str]:
    attempt, spot = values.get("ATTEMPT", ""), values.get("SPOT_INPUT", "")
    if attempt and not re.fullmatch("[1-9][0-9]{0,3}", attempt):
        yield (
            f"{FILE}: the input attempt of this run is {attempt!r}; write a whole number from 1, "
            "the first, when you start it by hand."
        )
    if spot not in {"", "true", "false", "as configured"}:
        yield f"{FILE}: the input spot of this run is {spot!r}; write as configured, true or false."

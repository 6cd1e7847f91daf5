"""Google Cloud, where one is configured: sign-in, quota of GPUs, a budget."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.cloud.launching.places import COUNTED, GLOBAL_QUOTA

from .data import remote_url
from .finding import Finding, error, few, left, not_asked, ok, warning
from .programs import ask, clean, installed, read
from .situation import Situation

INSTALL = "https://cloud.google.com/sdk/docs/install"
CONSOLE = "https://console.cloud.google.com"
LOGIN = "gcloud auth login"
ADC = "gcloud auth application-default login"
ZONE = re.compile(r"^([a-z]+-[a-z]+\d+)-[a-z]$")


def is_configured(situation: Situation) -> bool:
    """Say whether anything here leads to Google Cloud."""
    return bool(situation.project) or remote_url().startswith("gs://")


def gcloud(situation: Situation) -> Iterator[Finding]:
    """Look for gcloud."""
    if not is_configured(situation):
        yield left("gcloud", "no GCP_PROJECT and no bucket gs://…: not looked at")
    elif not installed("gcloud"):
        yield warning("gcloud", "not installed: nothing of Google Cloud can be looked at", INSTALL)
    else:
        answer = ask("gcloud", "--version")
        found = re.search(r"Google Cloud SDK (\S+)", answer.out)
        yield ok("gcloud", found[1] if found else answer.last)


def credentials(situation: Situation) -> Iterator[Finding]:
    """Look for what DVC signs in with: https://cloud.google.com/docs/authentication/adc."""
    if not is_configured(situation):
        return
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    if named and not Path(named).is_file():
        found = f"GOOGLE_APPLICATION_CREDENTIALS names {clean(named)}, which does not exist"
        yield error("credentials", found, "unset GOOGLE_APPLICATION_CREDENTIALS")
    elif situation.network and installed("gcloud"):
        answer = ask("gcloud", "auth", "application-default", "print-access-token")
        if answer.code:
            yield error("credentials", f"DVC cannot sign in: {answer.last}", ADC)
        else:
            yield ok("credentials", "application default credentials work")
    elif named or _default_file().is_file():
        yield ok("credentials", "there; whether they work is not asked (--network)")
    else:
        found = "no application default credentials, with which DVC signs in"
        yield warning("credentials", found, ADC)


def _default_file() -> Path:
    """Return where gcloud keeps them."""
    folder = os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config/gcloud"
    return Path(folder) / "application_default_credentials.json"


def quota(situation: Situation) -> Iterator[Finding]:
    """Compare the project's quota of GPUs with the machine that cml.yaml asks for.

    https://cloud.google.com/compute/resource-usage#gpu_quota
    """
    gpu, count = wanted_gpu(situation.settings)
    if not is_configured(situation) or not gpu:
        return
    if not situation.network:
        yield not_asked("quota")
        return
    if not (project := _project(situation)):
        found = "not asked: neither the variable GCP_PROJECT nor gcloud names a project"
        yield warning("quota", found, "gcloud config set project PROJECT")
        return
    mend = f"{CONSOLE}/iam-admin/quotas?project={project}"
    limits = _limits(_json("compute", "project-info", "describe", f"--project={project}"))
    if (most := limits.get(GLOBAL_QUOTA, 0)) < count:
        found = f"{GLOBAL_QUOTA} is {most:g}, and cml.yaml asks for {count} of {gpu}"
        yield error("quota", f"{found}; ask for more", mend)
        return
    yield _in_regions(situation, project, gpu, count, mend)


def _in_regions(situation: Situation, project: str, gpu: str, count: int, mend: str) -> Finding:
    """Say in which of the regions of VM_ZONES there is a quota; spot VMs may have their own."""
    zones = filter(None, map(ZONE.match, situation.settings.get("VM_ZONES", "").split()))
    regions = list(dict.fromkeys(zone[1] for zone in zones))
    metrics = [metric(gpu)]
    if situation.settings.get("VM_SPOT") == "true":
        metrics.append(f"PREEMPTIBLE_{metrics[0]}")
    without = []
    for region in regions:
        limits = _limits(_json("compute", "regions", "describe", region, f"--project={project}"))
        if max((limits.get(name, 0) for name in metrics), default=0) < count:
            without.append(region)
    if regions and len(without) == len(regions):
        found = f"no region of VM_ZONES allows {count} of {gpu} ({' or '.join(metrics)})"
        return error("quota", f"{found}; ask for more", mend)
    if without:
        return warning("quota", f"{few(without)}: no quota for {count} of {gpu}", mend)
    return ok("quota", f"{count} of {gpu} in {few(regions)}")


def wanted_gpu(settings: dict[str, str]) -> tuple[str, int]:
    """Return the kind and number of GPUs that cml.yaml asks for; an empty kind for none."""
    kind = settings.get("VM_GPU", "")
    if several := COUNTED.search(settings.get("VM_MACHINE_TYPE", "")):
        return several["gpu"], int(several["count"])
    return ("", 0) if kind == "nogpu" else (kind, 1)


def metric(gpu: str) -> str:
    """Return the name of a quota: of nvidia-l4 NVIDIA_L4_GPUS, of nvidia-tesla-t4 NVIDIA_T4_GPUS.

    https://cloud.google.com/compute/docs/reference/rest/v1/regions
    """
    kind = gpu.replace("-tesla-", "-")
    kind = kind if "a100" in kind else kind.removesuffix("-80gb")  # NVIDIA_H100_GPUS
    return f"{kind.replace('-', '_').upper()}_GPUS"


def budget(situation: Situation) -> Iterator[Finding]:
    """Look for a budget, whose alert tells before a mistake becomes expensive.

    https://cloud.google.com/billing/docs/how-to/budgets
    """
    if not is_configured(situation):
        return
    if not situation.network:
        yield not_asked("budget")
        return
    if not (project := _project(situation)):
        return  # said above
    billing = _json("billing", "projects", "describe", project)
    account = str(billing.get("billingAccountName", "")).removeprefix("billingAccounts/")
    if not billing.get("billingEnabled") or not account:
        found = f"{project} has no billing account, so no VM can start"
        yield error("budget", found, f"{CONSOLE}/billing/linkedaccount?project={project}")
        return
    number = read("gcloud", "projects", "describe", project, "--format=value(projectNumber)")
    of = {f"projects/{number.strip()}", f"projects/{project}"}
    options = (f"--billing-account={account}", f"--billing-project={project}")
    budgets = _json("billing", "budgets", "list", *options)
    filters = (one.get("budgetFilter", {}).get("projects", []) for one in budgets)
    if any(not projects or of & set(projects) for projects in filters):
        yield ok("budget", "an alert is set")
    else:
        repository = situation.repository or "OWNER/NAME"
        mend = f"modelyard cloud bootstrap --project {project} --repository {repository}"
        yield warning("budget", "no alert is set", f"{mend} --budget AMOUNT")


def _project(situation: Situation) -> str:
    """Return the project that the workflows use, else that of gcloud's own configuration."""
    return situation.project or read("gcloud", "config", "get", "project").strip()


def _limits(document: Any) -> dict[str, float]:
    return {one["metric"]: float(one["limit"]) for one in document.get("quotas", [])}


def _json(*command: str) -> Any:
    return json.loads(read("gcloud", *command, "--format=json", mend=LOGIN))


CHECKS = (gcloud, credentials, quota, budget)

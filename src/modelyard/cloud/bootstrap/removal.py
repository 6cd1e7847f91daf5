"""Removes what was set up, in the reverse order."""

import re
import shlex

from . import accounts, bucket, budget, sign_in
from .console import Console, there
from .options import Options

GONE = re.compile(r"not found|NOT_FOUND|404|does not exist")  # which is what was asked for


def remove(console: Console, options: Options, network: str) -> None:
    """Remove everything; what cannot be removed is told at the end, with the reason."""
    of_project = console.of_project
    _remove_budget(console)
    _try(console, "gcloud", "compute", "networks", "delete", network, "--quiet", of_project)
    _try(console, *bucket.BUCKETS, "delete", f"gs://{options.bucket}", "--quiet", of_project)
    for account, role in accounts.ROLES.items():
        address = accounts.address(account, console.project)
        _try(
            console, "gcloud", "projects", "remove-iam-policy-binding", console.project,
            "--condition=None", f"--member=serviceAccount:{address}",
            f"--role=projects/{console.project}/roles/{role}",
        )  # fmt: skip
        roles = ("gcloud", "iam", "roles")
        if console.rehearsal or there(console.ask(*roles, "describe", role, of_project)):
            _try(console, *roles, "delete", role, "--quiet", of_project)
        _try(console, *accounts.ACCOUNTS, "delete", address, "--quiet", of_project)
    _remove_sign_in(console, options.repository)


def _remove_sign_in(console: Console, repository: str) -> None:
    providers = (*sign_in.POOLS, "providers")
    of_provider = (sign_in.provider(repository), *sign_in.inside_pool(console))
    of_pool = (sign_in.POOL, "--location=global", console.of_project)
    for kind, which in ((providers, of_provider), (sign_in.POOLS, of_pool)):
        if console.rehearsal or there(console.ask(*kind, "describe", *which)):
            _try(console, *kind, "delete", *which, "--quiet")


def _remove_budget(console: Console) -> None:
    """Remove the project's budget, if there is one that can be seen."""
    account = budget.billing_account(console)
    name, quota = budget.name(console), budget.quota(console)
    found = budget.list_budgets(console, account)
    if console.rehearsal:
        console.stands_for("BUDGET", *budget.BUDGETS, "list", f"--billing-account={account}")
        found = [{"name": "BUDGET", "displayName": name}]
    elif found is None:
        console.notes.append(
            f"whether there is a budget alert {name!r} cannot be seen; it is free."
        )
    for one in found or []:
        if one.get("displayName") == name:
            _try(console, *budget.BUDGETS, "delete", one["name"], "--quiet", quota)


def _try(console: Console, *command: str) -> None:
    said = console.attempt(*command)
    if said and not GONE.search(said):
        console.problems.append(f"`{shlex.join(command)}` failed, and this stays: {said}")

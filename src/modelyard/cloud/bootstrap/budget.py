"""The budget alert: mails when a part of an amount is spent; it stops nothing.

https://cloud.google.com/billing/docs/how-to/budgets
"""

from string import ascii_uppercase
from typing import Any

from .console import Console

BUDGETS = ("gcloud", "billing", "budgets")
THRESHOLDS = ("0.5", "0.9", "1.0")
APIS = ("cloudbilling.googleapis.com", "billingbudgets.googleapis.com")


def create(console: Console, amount: str) -> None:
    """Create the project's budget, or give it this amount; who may not is told so at the end."""
    enable = ("gcloud", "services", "enable", *APIS, console.of_project)
    why = console.attempt(*enable) or _set(console, amount)
    if why:
        console.problems.append(
            f"the budget alert could not be set ({why}); everything else is set up. Run this again "
            "with the role Billing Account Costs Manager, or let an administrator of the billing "
            "account run the command for it that --dry-run prints."
        )


def _set(console: Console, amount: str) -> str:
    """Do it; return why that failed, nothing if it did not."""
    account = billing_account(console)
    if not account:
        return "the project has no billing account, or it cannot be read"
    found = list_budgets(console, account)
    if found is None and not console.rehearsal:
        return "the billing account's budgets cannot be read"
    ours = next((one for one in found or [] if one.get("displayName") == name(console)), None)
    if ours is None:
        return console.attempt(
            *BUDGETS, "create", f"--billing-account={account}", f"--display-name={name(console)}",
            f"--budget-amount={amount}", f"--filter-projects=projects/{console.project}",
            *(f"--threshold-rule=percent={part}" for part in THRESHOLDS), quota(console),
        )  # fmt: skip
    if _units(ours) == amount.rstrip(ascii_uppercase):
        return ""
    new = f"--budget-amount={amount}"
    return console.attempt(*BUDGETS, "update", ours["name"], new, quota(console))


def name(console: Console) -> str:
    """Return the name by which the project's budget is found again."""
    return f"modelyard {console.project}"


def billing_account(console: Console) -> str:
    """Return the ID of the account that pays for the project; empty if that cannot be read."""
    read = ("gcloud", "billing", "projects", "describe", console.project)
    if console.rehearsal:
        console.stands_for("BILLING_ACCOUNT", *read, "--format=value(billingAccountName)")
        return "BILLING_ACCOUNT"
    found = console.ask(*read) or {}
    return str(found.get("billingAccountName", "")).removeprefix("billingAccounts/")


def quota(console: Console) -> str:
    """Return the option that says which project asks: one in which the API is on."""
    return f"--billing-project={console.project}"


def list_budgets(console: Console, account: str) -> Any:
    """Return the account's budgets; None if they cannot be read."""
    if not account:
        return None
    return console.ask(*BUDGETS, "list", f"--billing-account={account}", quota(console))


def _units(found: Any) -> str:
    """Return a budget's amount without the currency."""
    return str(found.get("amount", {}).get("specifiedAmount", {}).get("units", ""))

"""What a run on a VM may have cost, and how old the prices are that say so."""

import math
import os
from datetime import UTC, date, datetime
from pathlib import Path

from modelyard.files import read_yaml

PRICES = Path(__file__).with_name("prices.yaml")
YEAR = 12  # months


def cost(seconds: float | None) -> str:
    """Estimate what the run cost, by the workflow's settings of the VM and a table of prices."""
    if os.environ.get("ON_VM") != "true":
        return "none of a cloud; not run on a VM"
    machine = f"{os.environ.get('VM_MACHINE_TYPE', '')} {os.environ.get('VM_GPU', '')}".strip()
    own = os.environ.get("VM_PRICE")
    price, source = (_number(own), "by VM_PRICE") if own else _listed(machine)
    if own and price is None:
        return f"no price known: VM_PRICE is {own!r}; write USD per hour, such as 1.25"
    if price is None:
        return f"no price known for {machine}; set VM_PRICE beside VM_MACHINE_TYPE to USD per hour"
    if seconds is None:
        return f"${price:.2f} an hour of {machine} on demand, {source}"
    about = f"${price * seconds / 3600:.2f} ({machine} at ${price:.2f} an hour on demand, {source})"
    if os.environ.get("VM_SPOT") == "true":
        return f"at most {about}; a spot VM costs 60 to 91 % less"
    return f"about {about}"


def age(month: str, today: date) -> str:
    """Say how old prices are.

    Args:
        month: when they were looked up, such as `2026-11`.
        today: the day on which they are used.
    """
    then = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    months = (today.year - then.year) * 12 + today.month - then.month
    if months > YEAR:
        return f"prices of {month}, over a year old, so a guess: VM_PRICE says it better"
    old = f", {months} month{'s' if months > 1 else ''} old" if months > 0 else ""
    return f"prices of {month}{old}"


def _listed(machine: str) -> tuple[float | None, str]:
    """Return USD an hour by the table, None if it is not there, and how old the table is."""
    table = read_yaml(PRICES)
    return table["usd_per_hour"].get(machine), age(table["as_of"], datetime.now(UTC).date())


def _number(text: str) -> float | None:
    """Return a price that somebody wrote; None if it is not one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None

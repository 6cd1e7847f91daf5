"""Refresh src/modelyard/report/prices.yaml by Google's own list, a few pages of 5,000 prices.

    GOOGLE_API_KEY=... .venv/bin/python scripts/prices.py

The key is one of any project in which the Cloud Billing API is enabled:
https://cloud.google.com/billing/v1/how-tos/catalog-api
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CATALOG = "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus"  # Compute Engine
REGION, WHERE = "us-central1", " running in Americas"
SECONDS = 60.0
TABLE = Path(__file__).parents[1] / "src/modelyard/report/prices.yaml"
L4, T4 = {"Nvidia L4 GPU": 1}, {"Nvidia Tesla T4 GPU": 1}


def _machine(family: str, cores: int, gigabytes: int) -> dict[str, int]:
    return {f"{family} Instance Core": cores, f"{family} Instance Ram": gigabytes}


# What an hour of each machine is made of: https://cloud.google.com/compute/docs/machine-resource
MACHINES = {
    "g2-standard-4 nvidia-l4": _machine("G2", 4, 16) | L4,
    "g2-standard-8 nvidia-l4": _machine("G2", 8, 32) | L4,
    "n1-standard-4 nvidia-tesla-t4": _machine("N1 Predefined", 4, 15) | T4,
    "n1-standard-4 nogpu": _machine("N1 Predefined", 4, 15),
    "e2-standard-4 nogpu": _machine("E2", 4, 16),
    "e2-standard-8 nogpu": _machine("E2", 8, 32),
}


def main() -> None:
    """Write the table, or nothing if a price is missing."""
    key = os.environ.get("GOOGLE_API_KEY")
    if not key:
        sys.exit("Set GOOGLE_API_KEY; the first lines of this file say to what.")
    names = {name for parts in MACHINES.values() for name in parts}
    prices = {}
    for sku in _skus(key):
        name = str(sku["description"]).removesuffix(WHERE)
        ordinary = sku["category"]["usageType"] == "OnDemand" and REGION in sku["serviceRegions"]
        if ordinary and name in names and name != sku["description"]:
            prices[name] = _usd(sku)
    if missing := sorted(names - set(prices)):
        sys.exit(
            f"Google lists no price of {', '.join(missing)} in {REGION}; {TABLE} is as before."
        )
    totals = {
        machine: sum(prices[name] * count for name, count in parts.items())
        for machine, parts in MACHINES.items()
    }
    _write(totals)


def _skus(key: str) -> Iterator[dict[str, Any]]:
    """Yield every price of Compute Engine."""
    page = ""
    while True:
        url = f"{CATALOG}?pageSize=5000&currencyCode=USD&pageToken={page}"
        request = urllib.request.Request(url, headers={"X-Goog-Api-Key": key})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                sys.exit(f"Google answered {error.code}; {TABLE} is as before.")
        yield from document["skus"]
        page = document.get("nextPageToken", "")
        if not page:
            return


def _usd(sku: dict[str, Any]) -> float:
    """Return USD an hour, of a core, a gigabyte or a GPU."""
    price = sku["pricingInfo"][0]["pricingExpression"]["tieredRates"][-1]["unitPrice"]
    return int(price.get("units", 0)) + int(price.get("nanos", 0)) / 1e9


def _write(totals: dict[str, float]) -> None:
    comment = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("#")]
    month = datetime.now(UTC).strftime("%Y-%m")
    rows = [f"  {machine}: {total:.2f}" for machine, total in totals.items()]
    lines = [*comment, f'as_of: "{month}"', "usd_per_hour:", *rows]
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(rows))
    print(f"{TABLE.name} is of {month} now; docs/cml.md names one of these prices as well.")


if __name__ == "__main__":
    main()

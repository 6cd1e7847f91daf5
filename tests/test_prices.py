"""The table of prices is made of Google's list, page by page, or left as it is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prices
import pytest
from pytest_httpserver import HTTPServer
from support import ROOT

TABLE = ROOT / "src/modelyard/report/prices.yaml"
# Nanodollars an hour, in November 2026: what the table was made of.
LISTED = {
    "G2 Instance Core": 24_988_000,
    "G2 Instance Ram": 2_927_000,
    "Nvidia L4 GPU": 560_040_000,
    "N1 Predefined Instance Core": 31_611_000,
    "N1 Predefined Instance Ram": 4_237_000,
    "Nvidia Tesla T4 GPU": 350_000_000,
    "E2 Instance Core": 21_811_590,
    "E2 Instance Ram": 2_923_530,
}


def sku(description: str, nanos: int, usage: str = "OnDemand", region: str = "us-central1") -> Any:
    rate = {"startUsageAmount": 0, "unitPrice": {"units": "0", "nanos": nanos}}
    return {
        "description": description,
        "category": {"usageType": usage},
        "serviceRegions": [region],
        "pricingInfo": [{"pricingExpression": {"tieredRates": [rate]}}],
    }


@pytest.fixture(name="table")
def _table(tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ask a catalog on loopback, and write to a copy."""
    copy = tmp_path / "prices.yaml"
    copy.write_text(TABLE.read_text().replace(": 0.", ": 9."))
    monkeypatch.setattr(prices, "TABLE", copy)
    monkeypatch.setattr(prices, "CATALOG", httpserver.url_for("/skus"))
    monkeypatch.setenv("GOOGLE_API_KEY", "a-key")
    return copy


def serve(httpserver: HTTPServer, listed: dict[str, int]) -> None:
    """Answer with two pages, and with prices that are of something else."""
    good = [sku(f"{name} running in Americas", nanos) for name, nanos in listed.items()]
    others = [
        sku("Spot Preemptible E2 Instance Core running in Americas", 1),
        sku("E2 Instance Core running in Americas", 2, usage="Preemptible"),
        sku("E2 Instance Ram running in Americas", 3, region="us-east1"),
        sku("E2 Instance Ram", 4),
    ]
    for page, skus, after in (("", good[:4], "2"), ("2", [*good[4:], *others], "")):
        httpserver.expect_ordered_request(
            "/skus",
            query_string={"pageSize": "5000", "currencyCode": "USD", "pageToken": page},
            headers={"X-Goog-Api-Key": "a-key"},
        ).respond_with_json({"skus": skus, "nextPageToken": after})


def test_the_table_is_what_google_lists(table: Path, httpserver: HTTPServer) -> None:
    serve(httpserver, LISTED)
    prices.main()
    month = datetime.now(UTC).strftime("%Y-%m")
    expected = TABLE.read_text().splitlines()
    expected[2] = f'as_of: "{month}"'
    assert table.read_text().splitlines() == expected


def test_a_price_that_is_missing_changes_nothing(table: Path, httpserver: HTTPServer) -> None:
    before = table.read_text()
    serve(httpserver, {name: nanos for name, nanos in LISTED.items() if name != "Nvidia L4 GPU"})
    with pytest.raises(SystemExit, match=r"Google lists no price of Nvidia L4 GPU in us-central1"):
        prices.main()
    assert table.read_text() == before


def test_a_refusal_changes_nothing(table: Path, httpserver: HTTPServer) -> None:
    before = table.read_text()
    httpserver.expect_request("/skus").respond_with_json({"error": "a-key"}, 403)
    with pytest.raises(SystemExit, match=r"^Google answered 403; .*prices.yaml is as before.$"):
        prices.main()
    assert table.read_text() == before

"""What a server measures of itself, for Prometheus: GET /metrics."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA = CONTENT_TYPE_LATEST
OTHER = "other"  # every path that is not there: clients choose paths, and labels last for ever
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32)

Message = Any
App = Callable[[Any, Any, Any], Awaitable[None]]


class Metrics:
    """Counts requests, errors, seconds and batches; labels have a bounded number of values."""

    def __init__(self) -> None:
        """Begin with nothing counted; of this server alone, several may be in one process."""
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._requests = Counter(
            "modelyard_requests", "Requests answered.", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "modelyard_request_seconds",
            "Seconds from a request's headers to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "modelyard_requests_in_flight", "Requests being answered.", registry=registry
        )
        self._batches = Histogram(
            "modelyard_batch_size",
            "Examples that the model was given at a time.",
            ("model",),
            buckets=SIZES,
            registry=registry,
        )
        self._models = Gauge(
            "modelyard_model_info", "1 for each model served.",
            ("model", "version", "task", "sha256"), registry=registry,
        )  # fmt: skip
        self._children: dict[tuple[str, int], tuple[Any, Any]] = {}

    def add_model(self, name: str, version: str | None, about: Mapping[str, Any]) -> None:
        """Name a model that is served; `about` is what /model answers."""
        self._models.labels(name, version or "", about["task"], about["sha256"] or "").set(1)

    def batch_of(self, name: str) -> Callable[[int], None]:
        """Return what to call with the size of each batch of a model."""
        observe: Callable[[int], None] = self._batches.labels(name).observe
        return observe

    def begin(self) -> float:
        """Count a request that has come; return what `end` needs."""
        self._in_flight.inc()
        return time.perf_counter()

    def end(self, began: float, route: str, status: int) -> None:
        """Count a request that has been answered."""
        self._in_flight.dec()
        found = self._children.get((route, status))
        if found is None:
            found = self._requests.labels(route, status), self._seconds.labels(route)
            self._children[route, status] = found
        found[0].inc()
        found[1].observe(time.perf_counter() - began)

    def page(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)

"""What commands read and say."""

MEASURED = {
    "test": {"accuracy": 0.9, "loss": 0.2},
    "latency_ms": {"keras": 1.0, "keras_batch_32": 8.0},
    "size_bytes": {"keras": 1000},
}


def sentences(text: str) -> list[str]:
    """Return what was said to be wrong."""
    return [line for line in text.splitlines() if line.startswith("error: ")]

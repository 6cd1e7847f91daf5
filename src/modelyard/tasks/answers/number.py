"""A number and what it is of."""

from typing import Any

from modelyard.tasks import Output

ROW = ("target", "value")


def rows(output: Output) -> list[dict[str, object]]:
    """Return the number."""
    return [dict(one) for one in answer(output)]


def answer(output: Output) -> list[dict[str, Any]]:
    """Return the target's name and the number, to seven digits: float32 has no more."""
    value = float(f"{float(output.values.reshape(-1)[0]):.7g}")
    return [{"target": output.about.get("target", "value"), "value": value}]

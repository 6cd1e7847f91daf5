"""One class of several: all of them and their probabilities."""

from typing import Any

import numpy as np

from modelyard.tasks import Output

ROW = ("class", "probability")
DIGITS = 6


def rows(output: Output) -> list[dict[str, object]]:
    """Return the likeliest class and its probability."""
    return [dict(answer(output)[0])]


def answer(output: Output) -> list[dict[str, Any]]:
    """Return every class and its probability, the likeliest first."""
    names, values = output.classes, output.values.tolist()
    return [
        {"class": names[place], "probability": round(values[place], DIGITS)}
        for place in np.argsort(-output.values, kind="stable").tolist()
    ]

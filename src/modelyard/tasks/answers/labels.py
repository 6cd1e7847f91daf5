"""Any number of labels: all of them and their probabilities."""

from modelyard.tasks import Output

from .classes import DIGITS, answer

__all__ = ["DIGITS", "HALF", "JOINED", "ROW", "answer", "rows"]

ROW = ("labels", "probabilities")
HALF = 0.5
JOINED = ";"


def rows(output: Output) -> list[dict[str, object]]:
    """Return the labels above a half and their probabilities, the likeliest first; maybe none."""
    said = [one for one in answer(output) if one["probability"] > HALF]
    names, chances = ([str(one[key]) for one in said] for key in ("class", "probability"))
    return [dict(zip(ROW, (JOINED.join(names), JOINED.join(chances)), strict=True))]

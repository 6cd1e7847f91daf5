"""List the official models: their versions, metrics and where they are fetched from."""

import argparse
import sys
from collections.abc import Sequence

from modelyard.command import finish
from modelyard.errors import UserError

from .choosing import add_zoo
from .listing import Listed, list_models
from .places import Place, places
from .zoo import zoo_place

NONE = (
    "There is no official model in this folder or in an installed package; "
    "`python -m ci.publish_models` publishes the models of a project."
)


def show(zoo: str | None = None) -> None:
    """Print the models of a zoo, else of every place here.

    Raises:
        UserError: one line for each file that is broken, after all others.
    """
    problems: list[str] = []
    everywhere = [zoo_place(zoo)] if zoo else places()
    found = [place for place in everywhere if place.names()]
    for place in found:
        print(_heading(place, problems))
        lines = _lines(place, problems)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for cells in lines:
            padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            print(f"  {'  '.join(padded)}".rstrip())
    if not found:
        print(f"{zoo} lists no model." if zoo else NONE)
    if problems:
        raise UserError("\n".join(problems))


def _heading(place: Place, problems: list[str]) -> str:
    """Return a line that says where the models of a place come from."""
    title = f"{place.title[:1].upper()}{place.title[1:]}"
    try:
        buckets = place.settings().buckets
    except UserError as error:
        problems.append(str(error))
        return title
    return f"{title}, from {', '.join(buckets) or 'no bucket'}"


def _lines(place: Place, problems: list[str]) -> list[Sequence[str]]:
    lines = []
    for model in place.names():
        try:
            lines += [_cells(one) for one in list_models(place, model)]
        except UserError as error:
            problems.append(str(error))
    return lines


def _cells(one: Listed) -> Sequence[str]:
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in one.metrics.items())
    return one.name, metrics, ", ".join(one.state)


def main(arguments: list[str] | None = None) -> int:
    """Print the list; return 1 after a sentence for each file that is broken."""
    parser = argparse.ArgumentParser(prog="modelyard models", description=__doc__)
    add_zoo(parser)
    options = parser.parse_args(arguments)
    return finish(lambda: show(options.zoo))


if __name__ == "__main__":
    sys.exit(main())

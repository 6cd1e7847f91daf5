"""Choose a model of the zoo: `python -m src.zoo select`."""

import argparse
import json
import sys
from pathlib import Path

from ..utils.config import load_project
from ..utils.utils import UserError
from .entries import SHORT, ZOO, load_zoo
from .selection import Ranked, better, rank


def main(arguments: list[str] | None = None) -> int:
    """Print the ranking; return 0, or 1 after one sentence on what to mend."""
    options = _parser().parse_args(arguments)
    try:
        defaults = load_project().zoo
        task = SHORT.get(options.task, options.task) or defaults.task
        priority = options.priority or defaults.model_priority_space
        ranked = rank(load_zoo(options.zoo), task, priority)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1
    if options.json:
        rows = [{"name": one.name, "distance": one.distance} for one in ranked]
        print(json.dumps({"task": task, "priority": priority, "ranking": rows}))
    else:
        _print(ranked)
    return 0


def _print(ranked: list[Ranked]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("rank", "model", "accuracy", "speed", "memory", "distance")
    for number, one in enumerate(ranked, 1):
        ratings = (f"{value:g}" for value in one.entry.model_space.point)
        table.add_row(str(number), one.name, *ratings, f"{one.distance:.3f}")
    Console().print(table)
    print(f"Nearest: {ranked[0].name}")
    if name := better(ranked):
        print(f"{name} is rated at least as high on every axis, only farther from what you asked.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m src.zoo", description=__doc__)
    commands = parser.add_subparsers(required=True)
    select = commands.add_parser("select", help="rank the entries by what matters to you")
    select.add_argument("--task", help="default: zoo.task in config.yaml")
    select.add_argument(
        "--priority",
        nargs=3,
        type=float,
        metavar=("ACCURACY", "SPEED", "MEMORY"),
        help="0 to 10 each; default: zoo.model_priority_space in config.yaml",
    )
    select.add_argument("--zoo", type=Path, default=ZOO, help="another zoo.yaml or models.json")
    select.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())

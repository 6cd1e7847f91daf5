"""Choose a model of the zoo, add it to the project, search it: `modelyard zoo COMMAND`."""

import argparse
import json
import sys
from pathlib import Path

from modelyard.command import finish
from modelyard.errors import UserError
from modelyard.terminal import print_table

from .asked import asked
from .entries import Entry, find, load_zoo
from .next_step import next_step
from .selection import Ranked, outdone, rank


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its status, or 1 after one sentence on what to mend."""
    options = _parser().parse_args(arguments)
    return finish(lambda: int(options.run(options)))


def select(options: argparse.Namespace) -> int:
    """Print the ranking."""
    task, priority, _ = asked(options)
    zoo = _measured(task) if options.measured else load_zoo(options.zoo)
    ranked = rank(zoo, task, priority)
    if options.json:
        rows = [{"name": one.name, "distance": one.distance} for one in ranked]
        print(json.dumps({"task": task, "priority": priority, "ranking": rows}))
    else:
        _print(ranked)
        if not options.measured:
            print(next_step(ranked[0].name, ranked[0].entry, options.zoo))
    return 0


def measure(options: argparse.Namespace) -> int:
    """Print and draw where the trained models lie, and write the zoo's page."""
    from . import measuring, page

    task, priority, _ = asked(options)
    models = measuring.measure(task)
    page.write_page(load_zoo(options.zoo), models, priority)
    page.print_table(models)
    print(f"Wrote {page.PAGE} and {page.PICTURE}.")
    return 0


def add(options: argparse.Namespace) -> int:
    """Make a model's folder."""
    from .adding import add_entry, add_like
    from .from_template import add_template

    if [options.entry, options.like, options.template].count(None) != 2:  # noqa: PLR2004
        raise UserError(
            "Name either an entry of the zoo, or --like a model, or a --template; the zoo's "
            f"entries: {', '.join(load_zoo(options.zoo))}."
        )
    if options.template is not None:
        folder = add_template(options.template, options.name)
    elif options.like is not None:
        if not options.name:
            raise UserError(f"--like {options.like} needs --name, the name of the new model.")
        folder = add_like(options.like, options.name)
    else:
        entry = find(load_zoo(options.zoo), options.entry)
        folder = add_entry(options.entry, entry, options.name or options.entry)
    print(f"Made {folder}: {', '.join(sorted(file.name for file in folder.iterdir()))}.")
    one_command = Path("run.sh").is_file()  # it ranks the models anew, too
    print(f"Next: {f'sh run.sh {folder.name}' if one_command else f'dvc repro {folder}/dvc.yaml'}")
    return 0


def search(options: argparse.Namespace) -> int:
    """Add the nearest entry and run its pipeline, or say how another machine does."""
    from .searching import check_committed, hand_over, nearest_added, reproduce

    task, priority, tuning = asked(options)
    ranked = rank(load_zoo(options.zoo), task, priority)
    nearest = ranked[0]
    name = options.name or nearest.name
    print(f"Nearest: {nearest.name} (distance {nearest.distance:.3f})")
    if warning := outdone(ranked):
        print(f"warning: {warning}", file=sys.stderr)
    if options.remote:
        check_committed(Path("models", name), [one for one in (options.config, options.zoo) if one])
    folder = nearest_added(nearest.name, nearest.entry, name, tuning)
    if options.remote:
        hand_over(folder)
        return 0
    return reproduce(folder)


def _measured(task: str) -> dict[str, Entry]:
    from .measuring import as_zoo

    return as_zoo(task)


def _print(ranked: list[Ranked]) -> None:
    from rich.table import Table

    table = Table("rank", "model", "accuracy", "speed", "memory", "distance")
    for number, one in enumerate(ranked, 1):
        ratings = (f"{value:g}" for value in one.entry.model_space.point)
        table.add_row(str(number), one.name, *ratings, f"{one.distance:.3f}")
    print_table(table)
    print(f"Nearest: {ranked[0].name}")
    if warning := outdone(ranked):
        print(warning)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="modelyard zoo", description=__doc__)
    commands = parser.add_subparsers(required=True)
    rank_them = commands.add_parser("select", help="rank the entries by what matters to you")
    make = commands.add_parser(
        "add", help="make models/NAME: of an entry, like a model, of a template"
    )
    make.add_argument("entry", nargs="?", metavar="ENTRY", help="an entry of the zoo")
    make.add_argument("--like", metavar="MODEL", help="instead of an entry, a model of models/")
    make.add_argument("--template", type=Path, metavar="FILE", help="or a file of templates/")
    find_best = commands.add_parser("search", help="add the nearest entry, search and train it")
    look = commands.add_parser("measure", help="rate the trained models by what was measured")
    for command in (rank_them, find_best, look):
        command.add_argument("--task", help="default: zoo.task in config.yaml")
        command.add_argument(
            "--priority",
            nargs=3,
            type=float,
            metavar=("ACCURACY", "SPEED", "MEMORY"),
            help="ratings wished for, 0 to 10; default: zoo.model_priority_space in config.yaml",
        )
    for command in (make, find_best):
        command.add_argument("--name", help="of the new model; default: the entry's")
    for command, run in (
        (rank_them, select), (make, add), (find_best, search), (look, measure)
    ):  # fmt: skip
        command.add_argument("--zoo", type=Path, help="another zoo.yaml, models.json")
        command.set_defaults(run=run)
    rank_them.add_argument("--json", action="store_true", help="for programs")
    rank_them.add_argument("--measured", action="store_true", help="rank the trained models")
    find_best.add_argument(
        "--remote", nargs="?", type=int, choices=(0, 1), const=1, default=0,
        help="commit and push it for [cml]",
    )  # fmt: skip
    find_best.add_argument("--config", type=Path, metavar="FILE", help="a configs.json of ZazuML")
    return parser


if __name__ == "__main__":
    sys.exit(main())

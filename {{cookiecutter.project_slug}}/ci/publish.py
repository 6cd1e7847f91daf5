"""Publish this project's package to the environments of environments.yaml."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from urllib.parse import unquote

from src.stores import reason
from src.utils.utils import UserError

from .cli import finish
from .environments import Environment, find, load_environments
from .packages import Store, store_for
from .packages.build import Build, build


@dataclass(frozen=True)
class Outcome:
    """What became of one environment; `problem` is a sentence, None where there is none."""

    result: str
    problem: str | None = None


def publish(names: Sequence[str] = ()) -> bool:
    """Build, then publish to the environments named (default: all), side by side.

    Raises:
        UserError: before anything is sent, what is wrong here; after all have ended, a line for
            each environment that failed.
    """
    environments = find(load_environments(), names)
    stores = open_stores(environments)
    built = build()
    print(f"{built.wheel}: {built.wheel.stat().st_size:,} bytes, of commit {built.commit[:10]}")
    outcomes = for_each(stores, lambda name, store: _publish(name, store, built))
    print_outcomes(f"{built.name} {built.version}", environments, outcomes)
    raise_problems(outcomes)
    return True


def open_stores(environments: Sequence[Environment]) -> dict[str, Store]:
    """Return the stores by environment; everything that is wrong with any of them is named."""
    stores, problems = {}, []
    for environment in environments:
        try:
            stores[environment.name] = store_for(environment)
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return stores


def for_each(
    stores: Mapping[str, Store], task: Callable[[str, Store], Outcome]
) -> dict[str, Outcome]:
    """Do a task in every environment at once; one that fails does not stop the others."""

    def attempt(name: str, store: Store) -> Outcome:
        try:
            return task(name, store)
        except UserError as error:
            return Outcome("failed", str(error))
        except Exception as error:
            return Outcome("failed", f"{name}: {type(error).__name__}: {reason(error)}.")

    with ThreadPoolExecutor(len(stores)) as pool:
        running = {pool.submit(attempt, name, store): name for name, store in stores.items()}
        done = {running[future]: future.result() for future in as_completed(running)}
    return {name: done[name] for name in stores}


def print_outcomes(
    title: str, environments: Sequence[Environment], outcomes: Mapping[str, Outcome]
) -> None:
    """Print a line an environment."""
    from rich.console import Console
    from rich.table import Table

    table = Table("environment", "result", title=title, title_justify="left")
    table.add_column("where", overflow="fold")
    for one in environments:
        table.add_row(one.name, outcomes[one.name].result, unquote(one.url))
    Console().print(table)


def raise_problems(outcomes: Mapping[str, Outcome]) -> None:
    """Raise the sentences of the environments that failed, if any did."""
    problems = [outcome.problem for outcome in outcomes.values() if outcome.problem]
    if problems:
        raise UserError("\n".join(problems))


def _publish(name: str, store: Store, built: Build) -> Outcome:
    present = store.find(built.name, built.version)
    if present == built.sha256:
        print(f"Skipping {name}: version {built.version} is already present.")
        return Outcome("already present")
    if present:
        return Outcome(
            "failed",
            f"{name}: version {built.version} is there with other content (SHA-256 "
            f"{present[:10]}…, this commit gives {built.sha256[:10]}…); raise project.version in "
            "pyproject.toml, commit and publish again.",
        )
    store.publish(built)
    print(f"Published to {name}: version {built.version}.")
    return Outcome("published")


def main(arguments: list[str] | None = None) -> int:
    """Publish; return 1 if any environment failed."""
    parser = argparse.ArgumentParser(prog="python -m ci.publish", description=__doc__)
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )
    options = parser.parse_args(arguments)
    return finish(lambda: publish(options.env))


if __name__ == "__main__":
    sys.exit(main())

"""Publish this project's package, with the engine's, to the environments of environments.yaml.

Where the engine comes from an index of your own, and not from vendor/, only the project's is sent.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from urllib.parse import unquote

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.files import whole_file
from modelyard.publishing.packages.build import DIST, build
from modelyard.publishing.packages.wheel import Wheel, engine_wheel, settled
from modelyard.stores import reason
from modelyard.terminal import print_table

from .environments import Environment, find, load_environments
from .packages import Store, store_for
from .runner import warn_of_folders


@dataclass(frozen=True)
class EnvironmentOutcome:
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
    for one in environments:
        warn_of_folders(f"environments.yaml: {one.name}", [one.url])
    built, engine = build(), engine_wheel()
    print(f"{built.wheel}: {built.wheel.stat().st_size:,} bytes, of commit {built.commit[:10]}")
    if engine:  # a release shows all that an installation needs
        with whole_file(DIST / engine.wheel.name) as temporary:
            shutil.copyfile(engine.wheel, temporary)
    # The engine first: nobody may find a package that cannot be installed yet.
    wheels = [engine, built] if engine else [built]
    outcomes = for_each(stores, lambda name, store: _publish_all(name, store, wheels))
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
    stores: Mapping[str, Store], task: Callable[[str, Store], EnvironmentOutcome]
) -> dict[str, EnvironmentOutcome]:
    """Do a task in every environment at once; one that fails does not stop the others."""

    def attempt(name: str, store: Store) -> EnvironmentOutcome:
        try:
            return task(name, store)
        except UserError as error:
            return EnvironmentOutcome("failed", str(error))
        except Exception as error:
            return EnvironmentOutcome("failed", f"{name}: {type(error).__name__}: {reason(error)}.")

    with ThreadPoolExecutor(len(stores)) as pool:
        running = {pool.submit(attempt, name, store): name for name, store in stores.items()}
        done = {running[future]: future.result() for future in as_completed(running)}
    return {name: done[name] for name in stores}


def print_outcomes(
    title: str, environments: Sequence[Environment], outcomes: Mapping[str, EnvironmentOutcome]
) -> None:
    """Print one line per environment."""
    from rich.table import Table

    table = Table("environment", "result", "where", title=title, title_justify="left")
    for one in environments:
        table.add_row(one.name, outcomes[one.name].result, unquote(one.url))
    print_table(table)


def raise_problems(outcomes: Mapping[str, EnvironmentOutcome]) -> None:
    """Raise the sentences of the environments that failed, if any did."""
    problems = [outcome.problem for outcome in outcomes.values() if outcome.problem]
    if problems:
        raise UserError("\n".join(problems))


def _publish_all(name: str, store: Store, wheels: Sequence[Wheel]) -> EnvironmentOutcome:
    """Publish wheels in turn until one fails; return what became of the last one."""
    outcome = EnvironmentOutcome("published")
    for wheel in wheels:
        outcome = _publish(name, store, wheel)
        if outcome.problem:
            break
    return outcome


def _publish(name: str, store: Store, wheel: Wheel) -> EnvironmentOutcome:
    present = settled(store, wheel)
    if present == wheel.sha256:
        print(f"Skipping {name}: {wheel.title} is already present.")
        return EnvironmentOutcome("already present")
    if present:
        return EnvironmentOutcome(
            "failed",
            f"{name}: {wheel.title} is there with other content (SHA-256 {present[:10]}…, "
            f"{wheel.wheel} has {wheel.sha256[:10]}…); {wheel.remedy}",
        )
    store.publish(wheel)
    print(f"Published to {name}: {wheel.title}.")
    return EnvironmentOutcome("published")


def main(arguments: list[str] | None = None) -> int:
    """Publish; return 1 if any environment failed."""
    parser = argparse.ArgumentParser(prog=program("ci.publish"), description=__doc__)
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )
    options = parser.parse_args(arguments)
    return finish(lambda: publish(options.env))


if __name__ == "__main__":
    sys.exit(main())

"""Look at this project and this machine: what is set up, what is not, and what mends it."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from modelyard.command import finish
from modelyard.errors import UserError

from . import data, github, google, installed, machine, project, tools
from .finding import DamageError, Finding, State, error, warning
from .programs import SilentError, clean, end_all
from .showing import show
from .situation import Situation

INTERRUPTED = 130  # as shells have it
Check = Callable[[Situation], Iterable[Finding]]
GROUPS: dict[str, tuple[Check, ...]] = {
    "Tools": tools.CHECKS,
    "Project": (project.repository, *installed.CHECKS, project.configuration),
    "Data": data.CHECKS,
    "Machine": machine.CHECKS,
    "GitHub": github.CHECKS,
    "Google Cloud": google.CHECKS,
}


def main(arguments: list[str] | None = None) -> int:
    """Look, and print a line for each thing; return 1 if one is an error."""
    parser = argparse.ArgumentParser(
        prog="modelyard doctor",
        description=__doc__,
        epilog="Each line is ok, a warning, an error, or not looked at (-). With an error the exit "
        "status is 1.",
    )
    parser.add_argument(
        "--network",
        action="store_true",
        help="also ask DVC's remote, GitHub (by gh) and Google Cloud (by gcloud)",
    )
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack letters of what is found
        sys.stdout.reconfigure(errors="replace")
    return finish(lambda: _examine(Situation(options.network)))


def _examine(situation: Situation) -> bool:
    if not project.is_project(Path.cwd()):
        raise UserError(_elsewhere())
    states = [one.state for one in show(findings(situation), sys.stdout)]
    return State.ERROR not in states


def findings(situation: Situation) -> Iterator[tuple[str, Finding]]:
    """Yield what every check finds, with its group, in order; all look at the same time."""
    checks = [(group, check) for group, those in GROUPS.items() for check in those]
    with ThreadPoolExecutor(len(checks)) as pool:
        try:
            found = pool.map(lambda one: look(one[1], situation), checks)
            for (group, _), lines in zip(checks, found, strict=True):
                yield from ((group, line) for line in lines)
        except KeyboardInterrupt:
            end_all()
            os._exit(INTERRUPTED)  # the threads would go on to other programs


def look(check: Check, situation: Situation) -> list[Finding]:
    """Return what a check finds; one that fails is a warning, and in no other's way."""
    name, found = check.__name__, list[Finding]()
    try:
        found.extend(check(situation))
    except DamageError as damage:
        found.append(error(name, clean(str(damage)), f"git diff {damage.path}"))
    except SilentError as problem:
        found.append(warning(name, str(problem), problem.mend))
    except Exception as problem:
        said = clean(f"{type(problem).__name__}: {problem}")
        found.append(warning(name, f"could not be looked at ({said})"))
    return found


def _elsewhere() -> str:
    """Say that this is no project, and where one is."""
    above = next((one for one in Path.cwd().parents if project.is_project(one)), None)
    if above:
        return f"This folder is inside the project {above}; call `modelyard doctor` there."
    return (
        f"{Path.cwd()} is not a project of modelyard (it lacks config.yaml, setup.sh and others); "
        "go into one and call `modelyard doctor` there."
    )

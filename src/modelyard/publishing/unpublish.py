"""Take a published version of a package back from the environments of environments.yaml."""

import argparse
import sys
from collections.abc import Sequence

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.publishing.packages.names import check_package, check_version

from .environments import find, load_environments
from .packages import Store
from .publish import EnvironmentOutcome, for_each, open_stores, print_outcomes, raise_problems

ABSENT = "was not there"


def unpublish(package: str, version: str, names: Sequence[str] = ()) -> bool:
    """Remove a version from the environments named (default: all), side by side.

    Raises:
        UserError: before anything is asked, what is wrong here; afterwards, a line for each
            environment that failed, or that the version was nowhere.
    """
    check_package(package, "command line: --package")
    check_version(version, "command line: --version")
    environments = find(load_environments(), names)
    stores = open_stores(environments)

    def remove(_: str, store: Store) -> EnvironmentOutcome:
        return EnvironmentOutcome("removed" if store.remove(package, version) else ABSENT)

    outcomes = for_each(stores, remove)
    print_outcomes(f"{package} {version}", environments, outcomes)
    raise_problems(outcomes)
    if all(outcome.result == ABSENT for outcome in outcomes.values()):
        raise UserError(
            f"Version {version} of {package} is in none of these environments: "
            f"{', '.join(stores)}; nothing was removed."
        )
    return True


def main(arguments: list[str] | None = None) -> int:
    """Unpublish; return 1 if the version was nowhere or any environment failed."""
    parser = argparse.ArgumentParser(prog=program("ci.unpublish"), description=__doc__)
    parser.add_argument("--package", required=True, help="its name, in any spelling")
    parser.add_argument("--version", required=True, help="MAJOR.MINOR.PATCH")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )
    options = parser.parse_args(arguments)
    return finish(lambda: unpublish(options.package, options.version, options.env))


if __name__ == "__main__":
    sys.exit(main())

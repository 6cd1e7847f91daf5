"""Say on the commit how each job of a dispatched run ended, as commit statuses of the jobs' names.

A protected branch counts no check of a run that was dispatched, but it counts statuses:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
Reads $NEEDS (`toJSON(needs)`), $GITHUB_TOKEN, $GITHUB_SHA and $GITHUB_RUN_ID.
"""

import json
import sys
from typing import Any

from modelyard.command import finish, take_no_options
from modelyard.errors import UserError

from .github_api import ask
from .vm import setting

# https://docs.github.com/en/rest/commits/statuses: a job that was skipped has judged nothing, so
# that nothing is said of it, and whoever requires it waits.
STATES = {"success": "success", "failure": "failure", "cancelled": "error"}


def statuses(needs: Any) -> dict[str, str]:
    """Return the state of each job by name, which in ci.yaml is its key.

    Raises:
        UserError: it is not what GitHub writes as `toJSON(needs)`.
    """
    try:
        results = {str(name): str(job["result"]) for name, job in needs.items()}
        return {name: STATES[one] for name, one in results.items() if one != "skipped"}
    except (AttributeError, KeyError, TypeError):
        raise UserError(
            "NEEDS does not say how each job ended; ci.yaml must set it to toJSON(needs)."
        ) from None


def _post() -> bool:
    try:
        needs = json.loads(setting("NEEDS"))
    except ValueError:
        needs = None
    run = f"{setting('GITHUB_REPOSITORY')}/actions/runs/{setting('GITHUB_RUN_ID')}"
    for name, state in statuses(needs).items():
        status = {
            "context": name,
            "description": "of a run that was started by hand or by cml.yaml",
            "state": state,
            "target_url": f"{setting('GITHUB_SERVER_URL')}/{run}",
        }
        ask(setting("GITHUB_TOKEN"), "POST", f"statuses/{setting('GITHUB_SHA')}", status)
        print(f"{name}: {state}", flush=True)
    return True


def main(arguments: list[str] | None = None) -> int:
    """Post them all; return 1 after a sentence if GitHub refuses one."""
    take_no_options("cloud statuses", __doc__, arguments)
    return finish(_post)


if __name__ == "__main__":
    sys.exit(main())

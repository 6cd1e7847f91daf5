"""What a job prints of what programs and machines said, and what it hands on to the next job."""

import json
import re
import sys
from pathlib import Path

from modelyard.redaction import redacted

from ..vm import setting

MOST_LINES = 15
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[^\t -~\u00a0-\uffff]")


def show(said: str, *secrets: str, lines: int = MOST_LINES) -> None:
    """Print the end of what a program or a machine said, to standard error.

    Each line is indented, so that none is a command to GitHub's runner:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    for line in redacted(said, *secrets).splitlines()[-lines:]:
        print(f"  | {CONTROL.sub('', line)}", file=sys.stderr)


def hand_on(runs_on: list[str], *, on_vm: bool) -> None:
    """Write what `runs-on` of the job `train` is to $GITHUB_OUTPUT."""
    lines = f"runs_on={json.dumps(runs_on)}\non_vm={json.dumps(on_vm)}\n"
    with Path(setting("GITHUB_OUTPUT", "/dev/stdout")).open("a", encoding="utf-8") as file:
        file.write(lines)

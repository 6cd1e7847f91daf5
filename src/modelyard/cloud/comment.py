"""Say on GitHub how a `[cml]` run ended: the report, or that there is none and where to look.

Only the standard library and `cml`: it must work where setting up the environment failed.
"""

import os
import subprocess
import sys
from pathlib import Path

from modelyard.command import print_error, take_no_options
from modelyard.git import head
from modelyard.report.links import absolute

BODY = Path(".partial-comment.md")


def body() -> str:
    """Return the comment: what ended how, then the report if one was made by this run."""
    model = os.environ.get("MODEL", "the model")
    server, repository = os.environ["GITHUB_SERVER_URL"], os.environ["GITHUB_REPOSITORY"]
    run = f"{server}/{repository}/actions/runs/{os.environ['GITHUB_RUN_ID']}"
    attempt = os.environ.get("ATTEMPT", "1")
    log = f"[log]({run})" + (f", attempt {attempt}" if attempt != "1" else "")
    report = Path("reports", model, "report.md")
    if os.environ.get("REPORTED") == "true" and report.is_file():
        folder = f"{server}/{repository}/raw/{_head()}/reports/{model}"
        end = "" if os.environ.get("JOB_STATUS") == "success" else " A later step failed."
        return f"{absolute(report.read_text('utf-8'), folder)}\n\n{log}.{end}\n"
    return (
        f"### Training `{model}` did not finish\n\nThere are no new results. The {log} says which "
        "step failed and why; mend that and push again with `[cml]`: what was trained so far is "
        "kept and continued.\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the job's summary, then comment on the pull request or else on the commit."""
    take_no_options("cloud comment", __doc__, arguments)
    text = body()
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    BODY.write_text(text, "utf-8")
    try:
        # Pictures are in the repository; publishing would send them to a third party.
        command = ["cml", "comment", "create", "--publish=false", str(BODY)]
        return subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        print_error("cml is not installed here; the report is in the run's summary.")
        return 1
    finally:
        BODY.unlink()


def _head() -> str:
    """Return the commit that holds the pictures: after the results' own."""
    return head()


if __name__ == "__main__":
    sys.exit(main())

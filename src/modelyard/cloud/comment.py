"""Say on GitHub how a `[cml]` run ended: the report, or that there is none and where to look.

Only the standard library, and `cml` where it is installed: it must work where setting up the
environment failed. Either way posts the same text in the same place; CML adds its watermark.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from modelyard.command import print_error, take_no_options
from modelyard.errors import UserError
from modelyard.git import head
from modelyard.report.links import absolute

from .github_api import ask
from .vm import setting

BODY = Path(".partial-comment.md")
# Characters of a comment: GitHub refuses more than 65,536 as "too long", and CML adds about 90.
LONGEST = 65_400


def body() -> str:
    """Return the comment: what ended how, then the report if one was made by this run."""
    model = os.environ.get("MODEL", "the model")
    attempt = os.environ.get("ATTEMPT", "1")
    log = f"[log]({_run()})" + (f", attempt {attempt}" if attempt != "1" else "")
    report = Path("reports", model, "report.md")
    if os.environ.get("REPORTED") == "true" and report.is_file():
        folder = f"{_repository()}/raw/{head()}/reports/{model}"
        end = "" if os.environ.get("JOB_STATUS") == "success" else " A later step failed."
        return f"{absolute(report.read_text('utf-8'), folder)}\n\n{log}.{end}\n"
    return (
        f"### Training `{model}` did not finish\n\nThere are no new results. The {log} says which "
        "step failed and why; mend that and push again with `[cml]`: what was trained so far is "
        "kept and continued.\n"
    )


def fitted(text: str, run: str) -> str:
    """Return a text that fits into a comment: whole, or its first sections and where the rest is.

    Args:
        text: Markdown; sections begin with `### `.
        run: the address of the run, whose summary holds all of it.
    """
    if len(text) <= LONGEST:
        return text
    end = (
        f"\n\nThe rest is too long for a comment; the [summary of the run]({run}) has all of it.\n"
    )
    kept = text[: LONGEST - len(end)]
    return kept[: max(kept.rfind("\n### "), 0) or kept.rfind("\n")].rstrip() + end


def main(arguments: list[str] | None = None) -> int:
    """Write the job's summary, then comment on the pull request or else on the commit."""
    take_no_options("cloud comment", __doc__, arguments)
    text = body()
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    text = fitted(text, _run())
    if shutil.which("cml"):
        return _by_cml(text)
    try:
        post(text)
    except UserError as error:
        print_error(f"{error}, so there is no comment; the report is in the run's summary.")
        return 1
    return 0


def post(text: str) -> None:
    """Comment by REST where `cml comment create` does: the pull request of the commit, or itself.

    https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
    names merged ones as well. A comment on a pull request is one on an issue.

    Raises:
        UserError: a variable is missing, or GitHub refused.
    """
    token, commit = setting("REPO_TOKEN"), setting("GITHUB_SHA")
    pulls = ask(token, "GET", f"commits/{commit}/pulls")
    numbers = [int(pull["number"]) for pull in pulls if pull["state"] == "open"]
    where = f"issues/{numbers[0]}" if numbers else f"commits/{commit}"
    ask(token, "POST", f"{where}/comments", {"body": text})


def _by_cml(text: str) -> int:
    BODY.write_text(text, "utf-8")
    try:
        # Pictures are in the repository; publishing would send them to a third party. The watermark
        # stays: CML 0.20.6 refuses its own --rm-watermark, as the default of another option.
        command = ["cml", "comment", "create", "--publish=false", str(BODY)]
        variables = os.environ | {"ITERATIVE_DO_NOT_TRACK": "1"}
        return subprocess.run(command, env=variables, check=False).returncode
    finally:
        BODY.unlink()


def _repository() -> str:
    return f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"


def _run() -> str:
    """Return the address of this run."""
    return f"{_repository()}/actions/runs/{os.environ['GITHUB_RUN_ID']}"


if __name__ == "__main__":
    sys.exit(main())

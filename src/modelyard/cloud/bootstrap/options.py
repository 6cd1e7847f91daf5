"""The options of `modelyard cloud bootstrap`, and what is allowed in each."""

import argparse
import re
import shutil
from dataclasses import dataclass

from modelyard.errors import UserError

NAME = r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}"
ID = r"[1-9][0-9]{0,19}"
ALLOWED = {
    "project": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "a project's ID, such as my-project-123"),
    "repository": (NAME, "OWNER/NAME"),
    "repository_id": (ID, "the repository's number, digits only"),
    "owner_id": (ID, "the number of the repository's owner, digits only"),
    "bucket": (r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", "a bucket's name, such as my-dvc"),
    "region": (r"[a-z]+-[a-z]+[0-9]+", "a region, such as us-central1"),
    "member": (
        r"(user|group):[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
        "user:ADDRESS or group:ADDRESS, such as user:ada@example.org",
    ),
    # gcloud 528 reads 50.5 as 50 and five billionths.
    "budget": (r"[1-9][0-9]{0,8}([A-Z]{3})?", "a whole amount, such as 50 or 50EUR"),
}


@dataclass(frozen=True)
class Options:
    """What was asked for; an option that was not given is empty.

    Attributes:
        member: who may use the bucket, as `user:ADDRESS` or `group:ADDRESS`.
        rehearsal: only print what would be done.
    """

    project: str
    repository: str
    repository_id: str
    owner_id: str
    bucket: str
    region: str
    member: list[str]
    budget: str
    rehearsal: bool
    destroy: bool


def read_options(arguments: list[str] | None) -> Options:
    """Return the options of the command line.

    Raises:
        UserError: with one line for each that is not allowed.
    """
    found = vars(_parser().parse_args(arguments))
    found["bucket"] = found["bucket"] or f"{found['project']}-dvc"
    options = Options(**found)
    problems = [*_not_allowed(found), *_contradictions(options)]
    if not options.rehearsal and shutil.which("gcloud") is None:
        problems.append("gcloud is not installed: https://cloud.google.com/sdk/docs/install")
    if problems:
        raise UserError("\n".join(problems))
    return options


def _not_allowed(found: dict[str, str | list[str]]) -> list[str]:
    problems = []
    for name, (pattern, what) in ALLOWED.items():
        given = found[name]
        values = given if isinstance(given, list) else [given] if given else []
        option = "--" + name.replace("_", "-")
        problems += [
            f"{option} is {value!r}; write {what}."
            for value in values
            if not re.fullmatch(pattern, value)
        ]
    return problems


def _contradictions(options: Options) -> list[str]:
    problems = []
    if bool(options.repository_id) != bool(options.owner_id):
        problems.append("--repository-id and --owner-id belong together; give both or neither.")
    if options.destroy and options.member:
        problems.append(
            "--destroy removes everything, not one --member; to take the bucket from one person, "
            f"`gcloud storage buckets remove-iam-policy-binding gs://{options.bucket} "
            "--member=user:ADDRESS --role=roles/storage.objectUser`."
        )
    if options.destroy and options.budget:
        problems.append("--destroy removes the budget alert as well; leave --budget out.")
    return problems


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="modelyard cloud bootstrap",
        allow_abbrev=False,
        description="Set up, or remove, what training on Google Cloud needs: a keyless sign-in for "
        "one repository of github.com, two service accounts, a bucket, a network. Run it again "
        "whenever you like: what exists is kept, or brought up to date.",
        epilog="GitHub Enterprise is not supported: its tokens come from an issuer of its own.",
    )
    add = parser.add_argument
    add("--project", required=True, help="the ID of the Google Cloud project")
    add("--repository", required=True, metavar="OWNER/NAME", help="which may sign in")
    add("--repository-id", default="", metavar="N", help="its number; by default, `gh` is asked")
    add("--owner-id", default="", metavar="N", help="the number of its owner; as above")
    add("--bucket", default="", metavar="NAME", help="for DVC; by default, PROJECT-dvc")
    add("--region", default="us-central1", help="of the bucket; by default, %(default)s")
    add(
        "--member", action="append", default=[], metavar="user:ADDRESS",
        help="who may pull and push, besides the owners; also group:ADDRESS; repeatable",
    )  # fmt: skip
    add("--budget", default="", metavar="AMOUNT", help="a month; mails at 50, 90 and 100 %% of it")
    add("--dry-run", action="store_true", dest="rehearsal", help="print every command, run none")
    add("--destroy", action="store_true", help="remove everything again")
    return parser

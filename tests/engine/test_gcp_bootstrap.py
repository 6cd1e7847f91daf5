"""`modelyard cloud bootstrap`; `gcloud` and `gh` are stand-ins that remember what exists."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.cloud.bootstrap import accounts, main, sign_in
from modelyard.cloud.bootstrap.console import Console
from modelyard.errors import UserError

PROJECT = ["--project", "my-project-1", "--repository", "Org/digits"]
IDS = ["--repository-id", "74", "--owner-id", "65"]
MEMBER, BUCKET = "user:ada@example.org", "gs://my-project-1-dvc"
LAUNCHER = "cml-launcher@my-project-1.iam.gserviceaccount.com"
PRINCIPALS = "principalSet://iam.googleapis.com/projects/123456/locations/global"
PRINCIPALS += "/workloadIdentityPools/github"
BY_ID = f"{PRINCIPALS}/attribute.repository_id/74"
BY_NAME = f"{PRINCIPALS}/attribute.repository/Org/digits"
SIGNS_IN = "roles/iam.workloadIdentityUser"
CONDITION = (
    'assertion.repository_id == "74" && assertion.repository_owner_id == "65"'
    ' && assertion.repository == "Org/digits"'
)
GITHUB = {"id": 74, "owner": {"id": 65}, "full_name": "Org/digits"}
KINDS = (
    "iam workload-identity-pools providers",
    "iam workload-identity-pools",
    "iam service-accounts",
    "iam roles",
    "storage buckets",
    "compute networks",
    "billing budgets",
    "billing projects",
    "projects",
)
KEPT = ("pools", "providers", "roles")  # for weeks after they were deleted, and so are their names
Answer = tuple[int, Any, str]
REALLY_RUN = subprocess.run


class Cloud:
    """A Google Cloud project that remembers, a billing account, and GitHub."""

    def __init__(self) -> None:
        """Begin with a project in which nothing is."""
        self.calls: list[list[str]] = []
        self.things: dict[tuple[str, str], dict[str, Any]] = {}
        self.bindings: set[tuple[str, str, str]] = set()  # on what, role, member
        self.refused: dict[str, str] = {}  # what a command begins with -> what is said
        self.github: dict[str, Any] | None = GITHUB
        self.pays: dict[str, Any] = {"billingAccountName": "billingAccounts/01-AB"}

    def __call__(self, command: tuple[str, ...], **_: Any) -> "subprocess.CompletedProcess[str]":
        code, answer, said = self.gh() if command[0] == "gh" else self.gcloud(list(command[1:]))
        return subprocess.CompletedProcess(command, code, json.dumps(answer), said)

    def gh(self) -> Answer:
        return (0, self.github, "") if self.github else (1, None, "HTTP 404")

    def gcloud(self, words: list[str]) -> Answer:
        self.calls.append(words)
        line = " ".join(words)
        for begins, says in self.refused.items():
            if line.startswith(begins):
                return 1, None, says
        kind = next((one for one in KINDS if line.startswith(one + " ")), "")
        if not kind:
            return 0, None, ""  # services enable
        verb, *rest = words[len(kind.split()) :]
        options = dict(word[2:].partition("=")[::2] for word in rest if word.startswith("--"))
        name = rest[0] if not rest[0].startswith("--") else options.get("display-name", "")
        if "iam-policy" in verb:
            return self.policy(verb, name, options)
        if verb == "list":
            return 0, [thing for key, thing in self.things.items() if key[0] == kind], ""
        if kind in ("projects", "billing projects"):
            return 0, {"projectNumber": "123456"} if kind == "projects" else self.pays, ""
        short = name if kind == "storage buckets" else name.partition("@")[0].rpartition("/")[2]
        return self.change(kind, verb, short, options)  # accounts and budgets have two names

    def policy(self, verb: str, name: str, options: dict[str, str]) -> Answer:
        if verb == "get-iam-policy":
            found = [(role, member) for on, role, member in self.bindings if on == name]
            return 0, {"bindings": [{"role": r, "members": [m]} for r, m in found]}, ""
        binding = (name, options["role"], options["member"])
        if verb.startswith("add"):
            self.bindings.add(binding)
        elif binding not in self.bindings:
            return 1, None, "ERROR: Policy binding not found!"
        else:
            self.bindings.remove(binding)
        return 0, None, ""

    def change(self, kind: str, verb: str, name: str, options: dict[str, str]) -> Answer:
        key, soft = (kind, name), kind.endswith(KEPT)
        thing = self.things.get(key)
        if verb.startswith("create"):
            if thing is not None:
                return 1, None, f"ERROR: ALREADY_EXISTS: {name}"
            self.things[key] = made(kind, name, options)
        elif thing is None:
            return 1, None, f"ERROR: NOT_FOUND: {name}"
        elif verb == "delete" and soft:
            thing |= {"deleted": True} if kind == "iam roles" else {"state": "DELETED"}
        elif verb == "delete":
            del self.things[key]
        elif verb == "undelete":
            thing |= {"state": "ACTIVE", "deleted": False}
        elif verb.startswith("update"):
            thing |= made(kind, name, options)
        return 0, thing, ""

    def done(self, *parts: str) -> list[list[str]]:
        return [call for call in self.calls if all(part in " ".join(call) for part in parts)]

    @property
    def alive(self) -> set[str]:
        """What exists, as `kind name`."""
        return {
            " ".join(key)
            for key, thing in self.things.items()
            if thing.get("state") != "DELETED" and not thing.get("deleted")
        }


def made(kind: str, name: str, options: dict[str, str]) -> dict[str, Any]:
    """Return what `describe --format=json` shows of a thing."""
    if kind.endswith("providers"):
        pairs = [one.partition("=") for one in options["attribute-mapping"].split(",")]
        return {
            "name": f"projects/123456/locations/global/…/providers/{name}",
            "attributeMapping": {key: value for key, _, value in pairs},
            "attributeCondition": options["attribute-condition"],
        }
    if kind == "billing budgets":
        amount = {"units": re.sub("[A-Z]", "", options["budget-amount"]), "currencyCode": "EUR"}
        named = {"displayName": options["display-name"]} if "display-name" in options else {}
        path = f"billingAccounts/01-AB/budgets/{name}"
        return {"name": path, "amount": {"specifiedAmount": amount}, **named}
    if kind == "iam roles":
        return {"name": name, "includedPermissions": options["permissions"].split(",")}
    return {"name": name}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Let commands reach the stand-ins."""
    found = Cloud()
    monkeypatch.setattr(subprocess, "run", found)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    return found


@pytest.fixture
def run(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command; return what it says, of its last run only the stand-ins know the calls."""

    def run(*arguments: str, code: int = 0) -> str:
        cloud.calls.clear()
        status = main([*PROJECT, *arguments])
        said = capsys.readouterr()
        assert status == code, said.out + said.err
        return said.out + said.err

    return run


def created(cloud: Cloud) -> list[list[str]]:
    return [call for call in cloud.calls if {"create", "create-oidc", "undelete"} & set(call)]


Run = Callable[..., str]


def test_everything_is_created_once_and_a_second_run_changes_nothing(
    cloud: Cloud, run: Run
) -> None:
    asked = ["--member", MEMBER, "--budget", "50EUR"]
    run(*asked)
    assert len(created(cloud)) == 9
    before = json.dumps([[*cloud.things.values()], sorted(cloud.bindings)])
    run(*asked)
    assert created(cloud) == cloud.done("update") == cloud.done("remove-iam-policy-binding") == []
    assert json.dumps([[*cloud.things.values()], sorted(cloud.bindings)]) == before


def test_the_variables_to_set_are_printed(run: Run) -> None:
    said = run("--bucket", "our-data")
    for name, value in {
        "GCP_PROJECT": "my-project-1",
        "GCP_WORKLOAD_IDENTITY_PROVIDER": (
            "projects/123456/locations/global/workloadIdentityPools/github/providers"
            "/r-org-digits-237412"
        ),
        "GCP_LAUNCHER_SERVICE_ACCOUNT": LAUNCHER,
        "GCP_RUNNER_SERVICE_ACCOUNT": "cml-runner@my-project-1.iam.gserviceaccount.com",
    }.items():
        assert f"gh variable set {name} --repo Org/digits --body {value}" in said
    assert "dvc remote modify storage url gs://our-data/dvc" in said
    assert "gcloud auth application-default login" in said


@pytest.mark.parametrize("ids", [[], IDS], ids=["gh", "options"])
def test_only_this_repository_may_sign_in_and_nobody_gets_a_key(
    cloud: Cloud, run: Run, ids: list[str]
) -> None:
    if ids:
        cloud.github = None  # nobody is signed in
    run(*ids)
    (provider,) = cloud.done("create-oidc")
    assert f"--attribute-condition={CONDITION}" in provider
    assert [one for one in cloud.bindings if one[1] == SIGNS_IN] == [(LAUNCHER, SIGNS_IN, BY_ID)]
    assert cloud.done("keys") == []


def test_the_subject_is_short_and_names_the_run_whatever_the_branch() -> None:
    """Google refuses a mapped subject of more than 127 bytes; GitHub's IDs have 64 bits."""
    expression = sign_in.MAPPING["google.subject"]
    for claim in ("repository_id", "run_id"):
        expression = expression.replace(f"assertion.{claim}", f'"{2**64 - 1}"')
    subject = "".join(json.loads(part) for part in expression.split(" + "))
    assert subject == f"repository:{2**64 - 1}:run:{2**64 - 1}"
    assert len(subject) < 127
    assert "assertion" not in subject


def test_a_provider_of_version_1_0_gets_mapping_condition_and_binding_of_today(
    cloud: Cloud, run: Run
) -> None:
    run()
    ((key, provider),) = [one for one in cloud.things.items() if one[0][0].endswith("providers")]
    old = {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"}
    provider["attributeMapping"] = old
    provider["attributeCondition"] = "assertion.repository == 'Org/digits'"
    others = (LAUNCHER, SIGNS_IN, f"{PRINCIPALS}/attribute.repository/Org/texts")
    cloud.bindings -= {(LAUNCHER, SIGNS_IN, BY_ID)}
    cloud.bindings |= {(LAUNCHER, SIGNS_IN, BY_NAME), others}
    run()
    assert cloud.things[key]["attributeMapping"] == sign_in.MAPPING
    assert cloud.things[key]["attributeCondition"] == CONDITION
    assert {one for one in cloud.bindings if one[1] == SIGNS_IN} == {
        (LAUNCHER, SIGNS_IN, BY_ID),
        others,  # of another repository, which moves when its owner runs this
    }
    changes = [" ".join(call) for call in cloud.calls]
    order = [
        next(n for n, one in enumerate(changes) if all(part in one for part in parts))
        for parts in (("add-iam", BY_ID), ("update-oidc",), ("remove-iam", BY_NAME))
    ]
    assert order == sorted(order)  # so that a run that starts meanwhile can sign in
    run()
    assert cloud.done("update-oidc") == cloud.done("remove-iam-policy-binding") == []


def test_what_trusts_a_name_alone_is_named(cloud: Cloud, run: Run) -> None:
    """As after renaming: whoever takes the old name would be let in."""
    run()
    key = ("iam workload-identity-pools providers", "r-org-old-123456")
    condition = "assertion.repository == 'Org/old'"
    cloud.things[key] = {"name": f"…/{key[1]}", "attributeCondition": condition}
    said = run()
    assert "note: whoever owns the name Org/old may still sign in" in said
    assert "providers delete r-org-old-123456 --location=global" in said
    cloud.things[key]["state"] = "DELETED"
    assert "Org/old" not in run()


def test_accounts_may_no_more_than_they_need(cloud: Cloud, run: Run) -> None:
    run()
    (attach,) = cloud.done("roles/iam.serviceAccountUser")
    assert attach[:2] == ["iam", "service-accounts"]  # on one account, not on the project
    assert attach[3].startswith("cml-runner@")
    of_project = {(role, who) for on, role, who in cloud.bindings if on == "my-project-1"}
    assert of_project == {
        ("projects/my-project-1/roles/cmlLauncher", f"serviceAccount:{LAUNCHER}"),
        (
            "projects/my-project-1/roles/cmlRunner",
            "serviceAccount:cml-runner@my-project-1.iam.gserviceaccount.com",
        ),
    }
    assert {(role, who.split("@")[0]) for on, role, who in cloud.bindings if on == BUCKET} == {
        ("roles/storage.objectViewer", "serviceAccount:cml-launcher"),
        ("roles/storage.objectUser", "serviceAccount:cml-runner"),
    }
    assert not [one for one in accounts.PERMISSIONS["cml-runner"] if "create" in one]
    launcher = accounts.PERMISSIONS["cml-launcher"]
    assert len(set(launcher)) == len(launcher)
    assert {"compute.zones.get", "compute.instances.getSerialPortOutput"} <= {*launcher}
    (role,) = cloud.done("roles create cmlLauncher")
    assert f"--permissions={','.join(sorted(launcher))}" in role


def test_a_role_that_exists_gets_todays_permissions(cloud: Cloud, run: Run) -> None:
    run()
    role = cloud.things["iam roles", "cmlLauncher"]
    role["includedPermissions"].remove("compute.zones.get")
    run()
    assert len(cloud.done("roles update")) == 1
    assert {*role["includedPermissions"]} == {*accounts.PERMISSIONS["cml-launcher"]}


def test_members_may_use_the_bucket_and_nothing_else(cloud: Cloud, run: Run) -> None:
    run("--member", MEMBER, "--member", "group:team@example.org")
    for member in (MEMBER, "group:team@example.org"):
        found = [binding[:2] for binding in cloud.bindings if binding[2] == member]
        assert found == [(BUCKET, "roles/storage.objectUser")]


def test_a_new_bucket_keeps_nothing_that_was_overwritten(cloud: Cloud, run: Run) -> None:
    said = run()
    (bucket,) = cloud.done("storage buckets create")
    assert {"--soft-delete-duration=0", "--lifecycle-file=lifecycle.json"} <= {*bucket}
    assert '"matchesPrefix": ["dvc/checkpoints/"]' in said
    assert "note:" not in said


def test_a_bucket_that_exists_keeps_its_settings_and_what_they_cost_is_said(
    cloud: Cloud, run: Run
) -> None:
    bucket = {"soft_delete_policy": {"retentionDurationSeconds": "604800"}}
    cloud.things["storage buckets", BUCKET] = bucket
    said = run()
    assert f"{BUCKET} keeps what is overwritten, such as every checkpoint, for 7 more days" in said
    assert f"`gcloud storage buckets update {BUCKET} --clear-soft-delete`" in said
    assert "never deletes backups" in said
    assert cloud.done("buckets create") == cloud.done("buckets update") == []
    assert len([one for one in cloud.bindings if one[0] == BUCKET]) == 2
    rule = {"action": {"type": "Delete"}, "condition": {"matchesPrefix": ["dvc/checkpoints/"]}}
    cloud.things["storage buckets", BUCKET] = {
        "soft_delete_policy": {"retentionDurationSeconds": "0"},
        "lifecycle_config": {"rule": [rule]},
    }
    assert "note:" not in run()


def test_a_budget_is_set_once_and_follows_its_amount(cloud: Cloud, run: Run) -> None:
    run("--budget", "50EUR")
    (budget,) = cloud.done("billing budgets create")
    assert {"--billing-account=01-AB", "--filter-projects=projects/my-project-1"} <= {*budget}
    assert budget.count("--threshold-rule=percent=0.5") == 1
    run("--budget", "50000")
    assert len(cloud.done("billing budgets update billingAccounts/01-AB/budgets/")) == 1
    for amount in ("80", "80EUR"):
        run("--budget", amount)
    assert cloud.done("budgets create") == cloud.done("budgets update") == []
    (found,) = [thing for key, thing in cloud.things.items() if key[0] == "billing budgets"]
    assert found["amount"]["specifiedAmount"]["units"] == "80"
    assert found["displayName"] == "modelyard my-project-1"


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ("services enable cloudbilling", "PERMISSION_DENIED: not you"),
        ("billing projects describe", "the project has no billing account, or it cannot be read"),
        ("billing budgets list", "the billing account's budgets cannot be read"),
        ("billing budgets create", "PERMISSION_DENIED: not you"),
    ],
)
def test_who_may_not_set_a_budget_is_told_and_gets_the_rest(
    cloud: Cloud, run: Run, refused: str, why: str
) -> None:
    cloud.refused = {refused: "ERROR: PERMISSION_DENIED: not you"}
    said = run("--budget", "50", code=1)
    assert "error: the budget alert could not be set" in said
    assert why in said
    assert "everything else is set up" in said
    assert "gh variable set GCP_PROJECT" in said
    assert BUCKET in {key[1] for key in cloud.things}


def test_a_rehearsal_asks_nothing_and_prints_every_command(cloud: Cloud, run: Run) -> None:
    asked = ["--member", MEMBER, "--budget", "50"]
    plan = run(*asked, "--dry-run")
    assert cloud.calls == []
    assert {"PROJECT_NUMBER", "REPOSITORY_ID", "OWNER_ID", "BILLING_ACCOUNT"} <= {
        note.split()[1] for note in plan.splitlines() if note.startswith("note: ")
    }
    run(*asked)
    for call in created(cloud):
        verb = next(one for one in ("create-oidc", "create") if one in call)
        printed = shlex.join(["gcloud", *call[: call.index(verb) + 2]])
        assert printed.replace("01-AB", "BILLING_ACCOUNT") in plan
    assert "gcloud compute networks delete" in run("--dry-run", "--destroy")
    assert cloud.calls == []
    assert 'repository_id == "74"' in run(*IDS, "--dry-run")


def test_what_was_created_can_be_destroyed_and_created_again(cloud: Cloud, run: Run) -> None:
    run("--budget", "50")
    before = cloud.alive
    run("--destroy")
    assert cloud.alive == set()
    assert "error" not in run("--destroy")  # what is gone is not a mistake
    run("--budget", "50")
    assert cloud.alive == before
    assert len(cloud.done("undelete")) == 4  # Google keeps the names of pools, providers and roles


def test_what_cannot_be_removed_is_named(cloud: Cloud, run: Run) -> None:
    run()
    cloud.refused = {
        "storage buckets delete": "ERROR: HTTP 409: it is not empty",
        "billing": "ERROR: PERMISSION_DENIED",
    }
    said = run("--destroy", code=1)
    assert said.count("error: ") == 1
    assert f"storage buckets delete {BUCKET}" in said
    assert "stays: ERROR: HTTP 409: it is not empty" in said
    assert "note: whether there is a budget alert 'modelyard my-project-1' cannot be seen" in said
    assert cloud.alive == {f"storage buckets {BUCKET}"}


def test_repositories_of_similar_names_have_providers_of_their_own() -> None:
    names = ["Org/digits", "org/digits", "org/dig.its", "org/" + "d" * 100]
    found = [sign_in.provider(name) for name in names]
    assert found[0] == "r-org-digits-237412"  # as the POSIX command `cksum` says
    assert len({*found}) == 4
    assert all(re.fullmatch("[a-z0-9-]{4,32}", one) for one in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--project", "My Project"], "--project is 'My Project'; write a project's ID"),
        (["--repository", "digits"], "--repository is 'digits'; write OWNER/NAME"),
        (["--repository", 'a/b" || true'], "--repository is 'a/b\" || true'; write OWNER/NAME"),
        (["--repository-id", "7a", "--owner-id", "65"], "--repository-id is '7a'; write"),
        (["--repository-id", "74", "--owner-id", "65\n"], "--owner-id is '65\\n'; write"),
        (["--repository-id", "74"], "--repository-id and --owner-id belong together"),
        (["--bucket", "No"], "--bucket is 'No'; write a bucket's name"),
        (["--region", "here"], "--region is 'here'; write a region"),
        (["--member", "ada@example.org"], "--member is 'ada@example.org'; write user:ADDRESS"),
        (["--member", "allUsers"], "--member is 'allUsers'; write user:ADDRESS"),
        (["--budget", "50.5"], "--budget is '50.5'; write a whole amount"),
        (["--budget", "0"], "--budget is '0'; write a whole amount"),
        (["--destroy", "--member", MEMBER], "--destroy removes everything, not one --member"),
        (["--destroy", "--budget", "50"], "--destroy removes the budget alert as well"),
    ],
)
def test_a_mistake_is_named_before_anything_is_asked(
    cloud: Cloud, run: Run, arguments: list[str], message: str
) -> None:
    assert f"error: {message}" in run(*arguments, code=1)
    assert cloud.calls == []


def test_several_mistakes_are_named_at_once(run: Run) -> None:
    assert run("--project", "x", "--bucket", "Y", "--region", "z", code=1).count("error: ") == 3


@pytest.mark.parametrize(
    ("github", "message"),
    [
        (None, "gh cannot read Org/digits (`gh auth login`?): give --repository-id and --owner-id"),
        (GITHUB | {"full_name": "Org/renamed"}, "which GitHub calls Org/renamed; write that."),
        (GITHUB | {"full_name": "\x1b[2J"}, "which GitHub calls otherwise; write that."),
    ],
)
def test_a_repository_that_gh_does_not_know_as_such_is_refused(
    cloud: Cloud, run: Run, github: dict[str, Any] | None, message: str
) -> None:
    cloud.github = github
    assert message in run(code=1)
    assert cloud.calls == []


def test_a_failure_says_what_to_do_and_that_the_rest_was_done(cloud: Cloud, run: Run) -> None:
    cloud.refused = {"projects describe": "ERROR: you may not"}
    assert (
        "my-project-1` failed (ERROR: you may not); `gcloud auth login`, or ask its owner."
        in run(code=1)
    )
    cloud.refused = {"iam roles create": "ERROR: quota"}
    assert "`gcloud iam roles create` failed; correct what it says and run this" in run(code=1)
    cloud.refused = {}
    run()
    assert len(created(cloud)) == 5  # two roles, provider, bucket, network


def test_a_new_account_that_is_not_known_yet_is_waited_for(
    cloud: Cloud, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            cloud.refused = {}

    monkeypatch.setattr(time, "sleep", sleep)
    cloud.refused = {"projects add-iam": "ERROR: Service account cml-launcher@… does not exist."}
    run()
    assert waited == [5, 10]
    cloud.refused = {"compute networks": "ERROR: network … does not exist."}
    assert "failed; correct what it says" in run("--bucket", "another", code=1)
    assert len(waited) == 2 + 4


def test_gcloud_is_needed_for_all_but_a_rehearsal(
    cloud: Cloud, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "gcloud is not installed" in run(code=1)
    run("--dry-run")
    assert cloud.calls == []


def test_a_command_line_that_cannot_be_read_ends_with_2(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in ([], ["--force"], [*PROJECT, "--region"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "GitHub Enterprise is not supported" in " ".join(capsys.readouterr().out.split())
    assert cloud.calls == []


def test_a_program_gets_arguments_and_a_file_and_is_asked_no_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "gcloud"
    program.write_text(
        "#!/bin/sh\n"
        'case $1 in fail) echo "$1: token=ghp_secretsecret" >&2; exit 1 ;; esac\n'
        f"cat * >>{shlex.quote(str(tmp_path / 'seen'))} 2>/dev/null </dev/null\n"
        'printf \'["%s", "%s", "%s"]\' "$1" "$(cat)" "$CLOUDSDK_CORE_DISABLE_PROMPTS"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    console = Console("my-project-1", rehearsal=False)
    console.run("gcloud", "a b", file=("a.json", '{"x": 1}'))
    assert (tmp_path / "seen").read_text() == '{"x": 1}'
    with pytest.raises(UserError, match="`gcloud fail` failed; correct"):
        console.run("gcloud", "fail")
    said = capfd.readouterr()
    assert said.out == "echo '{\"x\": 1}' >a.json\ngcloud 'a b'\ngcloud fail\n"
    assert said.err == "fail: token=***\n"
    assert console.ask("gcloud", "a b") == ["a b", "", "1"]
    assert console.ask("gcloud", "fail") is None
    assert console.attempt("gcloud", "fail") == "fail: token=***"


PARSES = """\
import json, sys
library = sys.argv[1]
sys.path[:0] = [library, library + "/third_party"]
from googlecloudsdk import gcloud_main
parser = gcloud_main.CreateCLI([])._CLI__parser
for words in json.load(sys.stdin):
    parser.parse_args(words)
"""
LIBRARY = Path(os.path.realpath(shutil.which("gcloud") or "/")).parent.parent / "lib"


def documented() -> list[list[str]]:
    """Return the words of every `gcloud` command in the documentation."""
    found = []
    for page in (Path(__file__).parents[2] / "docs").glob("*.md"):
        text = re.sub(r"\\\n\s*", " ", page.read_text("utf-8")).replace("PROJECT", "my-project-1")
        found += re.findall(r"`(gcloud [^`]+)`", text) + re.findall(r"^ *(gcloud .+)$", text, re.M)
    return [shlex.split(command)[1:] for command in found]


@pytest.mark.skipif(not (LIBRARY / "googlecloudsdk").exists(), reason="gcloud is not installed")
def test_gclouds_own_parser_accepts_every_command_also_of_the_documentation(
    cloud: Cloud, run: Run, tmp_path: Path
) -> None:
    asked: list[list[str]] = []
    for arguments in (["--member", MEMBER, "--budget", "50EUR"], ["--budget", "80"], ["--destroy"]):
        run(*arguments)
        asked += cloud.calls
        for thing in cloud.things.values():
            thing |= {"attributeCondition": ""}  # as if it were older
        cloud.bindings.add((LAUNCHER, SIGNS_IN, BY_NAME))
    run()
    asked += cloud.calls  # with what must be undeleted
    verbs = {
        "update-oidc",
        "undelete",
        "remove-iam-policy-binding",
        "budgets update",
        "budgets delete",
    }
    assert all(any(verb in " ".join(call) for call in asked) for verb in verbs)
    assert ["auth", "application-default", "login"] in documented()
    different = {json.dumps(call): call for call in [*asked, *documented()]}
    done = REALLY_RUN(
        [sys.executable, "-c", PARSES, str(LIBRARY)],
        input=json.dumps([*different.values()]), capture_output=True, text=True, check=False,
        env=os.environ | {"CLOUDSDK_CONFIG": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

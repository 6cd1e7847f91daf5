"""The script that prepares Google Cloud; `gcloud` is a stand-in that remembers what exists."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard import cloud as room

SCRIPT = Path(room.__file__).with_name("gcp_bootstrap.sh")
PROJECT = ["--project", "my-project-1", "--repository", "Org/digits"]
GCLOUD = """\
#!{python}
import json, sys
from pathlib import Path
folder, arguments = Path({folder!r}), sys.argv[1:]
with (folder / "calls.jsonl").open("a") as file:
    file.write(json.dumps(arguments) + "\\n")
state = json.loads((folder / "state.json").read_text())
verbs = ("create-oidc", "create", "describe", "delete", "undelete", "update")
verb = next((one for one in arguments if one in verbs), "")
at = arguments.index(verb) if verb else 0
key = " ".join([*arguments[:at], arguments[at + 1].partition("@")[0]])  # accounts have two names
if any(key.startswith(part) for part in state["refused"]) and verb == "delete":
    sys.exit("ERROR: HTTP 409: it is not empty")
if arguments[:2] == ["projects", "describe"]:
    print("123456")
elif verb == "describe":
    if key not in state["there"]:
        gone = key in state["gone"]
        if gone and "value(state)" in " ".join(arguments):
            print("DELETED")
        elif gone and "value(deleted)" in " ".join(arguments):
            print("True")
        sys.exit(0 if gone else "ERROR: NOT_FOUND: " + key)
    print("ACTIVE")
elif verb in ("create", "create-oidc"):
    if key in state["there"] + state["gone"]:
        sys.exit("ERROR: ALREADY_EXISTS: " + key)
    state["there"].append(key)
elif verb == "delete":
    if key not in state["there"]:
        sys.exit("ERROR: NOT_FOUND: " + key)
    state["there"].remove(key)
    if "identity-pools" in key or "roles" in key:
        state["gone"].append(key)
elif verb == "undelete":
    state["gone"].remove(key)
    state["there"].append(key)
(folder / "state.json").write_text(json.dumps(state))
"""


class Cloud:
    """A Google Cloud project that remembers."""

    def __init__(self, folder: Path) -> None:
        """Put its `gcloud` into a folder."""
        self.folder = folder
        folder.mkdir()
        self.write(there=[], gone=[], refused=[])
        program = folder / "gcloud"
        program.write_text(GCLOUD.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)

    def write(self, **state: list[str]) -> None:
        path = self.folder / "state.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(before | state))

    @property
    def there(self) -> set[str]:
        return set(json.loads((self.folder / "state.json").read_text())["there"])

    def calls(self, *parts: str) -> list[list[str]]:
        path = self.folder / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for call in map(json.loads, lines) if all(p in " ".join(call) for p in parts)]

    def run(self, *arguments: str, code: int = 0) -> str:
        (self.folder / "calls.jsonl").unlink(missing_ok=True)
        variables = os.environ | {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}
        command = ["bash", str(SCRIPT), *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "a folder")


def created(cloud: Cloud) -> list[list[str]]:
    return [call for call in cloud.calls() if {"create", "create-oidc", "undelete"} & set(call)]


def test_everything_is_created_once_and_a_second_run_creates_nothing(cloud: Cloud) -> None:
    cloud.run(*PROJECT)
    assert len(created(cloud)) == 8
    before = cloud.there
    cloud.run(*PROJECT)
    assert created(cloud) == []
    assert cloud.there == before


def test_the_variables_to_set_are_printed(cloud: Cloud) -> None:
    said = cloud.run(*PROJECT, "--bucket", "our-data")
    for name, value in {
        "GCP_PROJECT": "my-project-1",
        "GCP_WORKLOAD_IDENTITY_PROVIDER": (
            "projects/123456/locations/global/workloadIdentityPools/github/providers/r-org-digits-"
        ),
        "GCP_LAUNCHER_SERVICE_ACCOUNT": "cml-launcher@my-project-1.iam.gserviceaccount.com",
        "GCP_RUNNER_SERVICE_ACCOUNT": "cml-runner@my-project-1.iam.gserviceaccount.com",
    }.items():
        assert f"gh variable set {name} --repo Org/digits --body {value}" in said
    assert "dvc remote modify storage url gs://our-data/dvc" in said


def test_only_this_repository_may_sign_in_and_nobody_gets_a_key(cloud: Cloud) -> None:
    cloud.run(*PROJECT)
    (provider,) = cloud.calls("create-oidc")
    assert "--attribute-condition=assertion.repository == 'Org/digits'" in provider
    (users,) = cloud.calls("workloadIdentityUser")
    assert users[3] == "cml-launcher@my-project-1.iam.gserviceaccount.com"
    assert users[5].endswith("workloadIdentityPools/github/attribute.repository/Org/digits")
    assert cloud.calls("keys") == []


def test_accounts_may_no_more_than_they_need(cloud: Cloud) -> None:
    cloud.run(*PROJECT)
    (attach,) = cloud.calls("roles/iam.serviceAccountUser")
    assert attach[:2] == ["iam", "service-accounts"]  # on one account, not on the project
    assert attach[3].startswith("cml-runner@")
    bindings = cloud.calls("projects add-iam-policy-binding")
    roles = [argument for call in bindings for argument in call if argument.startswith("--role=")]
    assert roles == [
        "--role=projects/my-project-1/roles/cmlLauncher",
        "--role=projects/my-project-1/roles/cmlRunner",
    ]
    storage = [call[-2:] for call in cloud.calls("storage buckets add-iam-policy-binding")]
    assert [role for role, _ in storage] == [
        "--role=roles/storage.objectViewer",
        "--role=roles/storage.objectUser",
    ]
    (runner,) = cloud.calls("roles create cmlRunner")
    assert "create" not in runner[4].removeprefix("--permissions=")


def test_a_rehearsal_asks_nothing_and_prints_every_command(cloud: Cloud) -> None:
    plan = cloud.run(*PROJECT, "--dry-run")
    assert cloud.calls() == []
    cloud.run(*PROJECT)
    for call in created(cloud):
        verb = next(one for one in ("create-oidc", "create") if one in call)
        assert " ".join([*call[: call.index(verb)], verb, call[call.index(verb) + 1]]) in plan
    assert "PROJECT_NUMBER" in plan
    assert "gcloud compute networks delete" in cloud.run(*PROJECT, "--dry-run", "--destroy")
    assert cloud.calls() == []


def test_a_rehearsal_needs_no_gcloud(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "cat", "cksum", "cut", "mktemp", "rm", "tr"):
        found = next(p for p in ("/bin", "/usr/bin") if (Path(p) / name).exists())
        (programs / name).symlink_to(Path(found) / name)
    command = ["bash", str(SCRIPT), *PROJECT]
    environment = {"PATH": str(programs)}
    rehearsal = [*command, "--dry-run"]
    assert (
        subprocess.run(rehearsal, env=environment, capture_output=True, check=False).returncode == 0
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "gcloud is not installed" in done.stderr


def test_what_was_created_can_be_destroyed_and_created_again(cloud: Cloud) -> None:
    cloud.run(*PROJECT)
    before = cloud.there
    cloud.run(*PROJECT, "--destroy")
    assert cloud.there == set()
    cloud.run(*PROJECT, "--destroy")  # what is gone is not a mistake
    cloud.run(*PROJECT)
    assert cloud.there == before
    assert len(cloud.calls("undelete")) == 4  # GCP keeps the names of pools, providers and roles


def test_a_bucket_with_something_in_it_is_kept_and_named(cloud: Cloud) -> None:
    cloud.run(*PROJECT)
    cloud.write(refused=["storage buckets gs://my-project-1-dvc"])
    said = cloud.run(*PROJECT, "--destroy", code=1)
    assert "Not everything could be removed" in said
    assert "storage buckets delete gs://my-project-1-dvc" in said
    assert "it is not empty" in said
    assert cloud.there == {"storage buckets gs://my-project-1-dvc"}


def test_a_bucket_that_exists_keeps_its_settings(cloud: Cloud) -> None:
    cloud.write(there=["storage buckets gs://my-project-1-dvc"])
    cloud.run(*PROJECT)
    assert cloud.calls("lifecycle") == []
    assert len(cloud.calls("storage buckets add-iam-policy-binding")) == 2


def test_repositories_of_similar_names_have_providers_of_their_own(cloud: Cloud) -> None:
    found = set()
    for name in ("Org/digits", "org/digits", "org/dig.its", "org/" + "d" * 100):
        plan = cloud.run("--project", "my-project-1", "--repository", name, "--dry-run")
        provider = plan.split("create-oidc ")[1].split()[0]
        assert 4 <= len(provider) <= 32
        found.add(provider)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--project is ''; write a project's ID"),
        (["--project", "My Project"], "--project is 'My Project'"),
        ([*PROJECT, "--repository", "digits"], "--repository is 'digits'; write OWNER/NAME"),
        ([*PROJECT, "--repository", "a/b'; touch x; '"], "--repository is 'a/b'; touch x; ''"),
        ([*PROJECT, "--bucket", "No"], "--bucket is 'No'"),
        ([*PROJECT, "--region", "here"], "--region is 'here'; write a region"),
        ([*PROJECT, "--region"], "--region needs a value"),
        ([*PROJECT, "--force"], "--force is not an option of this command"),
    ],
)
def test_a_mistake_is_named_before_anything_is_asked(
    cloud: Cloud, arguments: list[str], message: str
) -> None:
    assert f"error: {message}" in cloud.run(*arguments, code=1)
    assert cloud.calls() == []


def test_several_mistakes_are_named_at_once(cloud: Cloud) -> None:
    said = cloud.run("--project", "x", "--repository", "y", code=1)
    assert said.count("error: ") == 2


def test_the_command_passes_its_options_on_and_its_exit_status_back(cloud: Cloud) -> None:
    variables = os.environ | {"PATH": f"{cloud.folder}{os.pathsep}{os.environ['PATH']}"}

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        line = [sys.executable, "-m", "modelyard", "cloud", "bootstrap", *arguments]
        return subprocess.run(line, env=variables, capture_output=True, text=True, check=False)

    assert command(*PROJECT).returncode == 0
    assert len(created(cloud)) == 8
    refused = command("--force")
    assert refused.returncode == 1
    usage = "modelyard cloud bootstrap --project PROJECT --repository OWNER/NAME"
    assert refused.stderr.startswith(f"error: --force is not an option of this command; {usage}")
    asked = command("--help")
    assert asked.returncode == 0
    assert asked.stdout.startswith(f"usage: {usage}")

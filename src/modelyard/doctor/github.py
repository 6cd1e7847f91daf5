"""GitHub: the repository, the workflows' pins and settings, variables and secrets by name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from modelyard.cloud.launching.settings import VARIABLES, problems
from modelyard.errors import UserError

from .finding import Finding, error, few, left, not_asked, ok, warning
from .programs import clean, installed
from .situation import CML, WORKFLOWS, Situation

USES = re.compile(r"^\s*(?:-\s*)?uses:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
PINNED = re.compile(r"@(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})$")
MACHINE = "VM_MACHINE_TYPE"
APPS = ("CML_APP_CLIENT_ID", "CML_APP_ID")  # either, the second by its older name
KEY, TOKEN = "CML_APP_PRIVATE_KEY", "CML_PAT"
GH = "https://cli.github.com"
# What the check of the settings needs besides them; of these nobody is told.
STAND_INS = {
    "CML_APP": "",
    "GCP_PROJECT": "a-project-123",
    "GCP_WORKLOAD_IDENTITY_PROVIDER": (
        "projects/1/locations/global/workloadIdentityPools/github/providers/r-owner-name"
    ),
    "GCP_LAUNCHER_SERVICE_ACCOUNT": "cml-launcher@a-project-123.iam.gserviceaccount.com",
    "GCP_RUNNER_SERVICE_ACCOUNT": "cml-runner@a-project-123.iam.gserviceaccount.com",
    "CML_SHA256": "0" * 64,
    "PAT_IS_TOKEN": "true",
}


def repository(situation: Situation) -> Iterator[Finding]:
    """Look whether Git's remote is a repository on GitHub."""
    if situation.repository:
        yield ok("repository", situation.repository)
    else:
        yield left("repository", "origin is not on GitHub, so no workflow runs")


def pins(_: Situation) -> Iterator[Finding]:
    """Look for actions that a tag or branch names: whoever moves that changes what runs here.

    https://docs.github.com/en/actions/reference/security/secure-use
    """
    files = sorted([*WORKFLOWS.glob("*.yaml"), *WORKFLOWS.glob("*.yml")])
    found = [(path.name, one) for path in files for one in _actions(path)]
    loose = [(name, one) for name, one in found if not PINNED.search(one)]
    for name, one in loose:
        action, _at, version = one.partition("@")
        owner = "/".join(action.split("/")[:2])
        mend = shlex.join(["gh", "api", f"repos/{owner}/commits/{version or 'HEAD'}", "--jq=.sha"])
        said = f"{name}: {clean(one)} is not pinned; write the commit behind the @, which this says"
        yield warning("pins", said, clean(mend))
    if not found:
        yield left("pins", f"no action in {WORKFLOWS}")
    elif not loose:
        yield ok("pins", f"all {len(found)} actions are pinned by commit")


def _actions(workflow: Path) -> list[str]:
    """Return the actions of other repositories that a workflow uses."""
    text = workflow.read_text("utf-8", "replace")
    return [one for one in USES.findall(text) if not one.startswith("./")]


def cml(situation: Situation) -> Iterator[Finding]:
    """Check the head of cml.yaml as the workflow itself does, before anything is paid."""
    if not CML.is_file():
        yield left(CML.name, "not there")
        return
    if damage := _damage():
        yield error(CML.name, damage, f"edit {CML}")
        return
    settings = situation.settings
    if MACHINE not in settings:
        yield left(CML.name, "names no machine of Google Cloud")
        return
    computed = [name for name, value in settings.items() if "${{" in value]
    wrong = [
        sentence
        for sentence in problems({**STAND_INS, **settings})
        if not any(name in sentence for name in computed)
    ]
    for sentence in wrong:
        said = clean(sentence).removeprefix(f"{CML.name}: ").rstrip(".")
        yield error(CML.name, said, f"edit {CML}")
    if not wrong:
        machine = f"{settings[MACHINE]} with {settings.get('VM_GPU')}"
        yield ok(CML.name, f"its settings can work: {clean(machine)}")


def _damage() -> str | None:
    """Say what is wrong with cml.yaml as YAML; without ruamel.yaml, nothing is known of it."""
    try:
        from modelyard.files import read_yaml
    except ImportError:
        return None
    try:
        read_yaml(CML)
    except UserError as problem:
        return clean(str(problem)).rstrip(".")
    return None


def given(situation: Situation) -> Iterator[Finding]:
    """Ask `gh` for the names of variables and secrets; no value is shown, and no secret read."""
    if not situation.repository or not CML.is_file():
        return
    if not situation.network:
        yield not_asked("variables")
        yield not_asked("secrets")
    elif not installed("gh"):
        found = "not installed, so variables and secrets were not looked at"
        yield warning("gh", found, GH)
    else:
        yield from _cloud(situation)
        if "GCP_PROJECT" in situation.variables:
            yield _token(situation)


def _cloud(situation: Situation) -> Iterator[Finding]:
    """Look at the variables that lead to the cloud: are they set, can they be right?"""
    there = situation.variables
    missing = [name for name in VARIABLES if name not in there]
    if len(missing) == len(VARIABLES):
        yield ok("variables", "no GCP_PROJECT, so trainings run on GitHub's own machines")
        return
    if missing:
        project = situation.project or "PROJECT"
        mend = f"modelyard cloud bootstrap --project {project} --repository {situation.repository}"
        found = f"not set: {few(missing)}; the end of this command says how"
        yield error("variables", found, clean(mend))
        return
    app = next((there[name] for name in APPS if name in there), "")
    unset = {"CML_SHA256": "", "CML_APP": app, "KEY_IS_PEM": "true"}
    said = problems({**STAND_INS, **situation.settings, **unset, **there})
    wrong = [sentence for sentence in said if not sentence.startswith(CML.name)]
    for sentence in wrong:
        yield error("variables", clean(sentence).rstrip("."), "")
    if not wrong:
        yield ok("variables", few(list(VARIABLES)))


def _token(situation: Situation) -> Finding:
    """Look for what may register a runner: a GitHub App, or a token."""
    app = next((name for name in APPS if name in situation.variables), None)
    to = f"--repo {situation.repository}"
    if app and KEY in situation.secrets:
        return ok("secrets", f"{app}, {KEY}")
    if TOKEN in situation.secrets:
        return ok("secrets", TOKEN)
    if app:
        return error(
            "secrets", f"{app} is set, but not {KEY}", f"gh secret set {KEY} {to} <key.pem"
        )
    if KEY in situation.secrets:
        found = f"{KEY} is set, but not the variable {APPS[0]}"
        return error("secrets", found, f"gh variable set {APPS[0]} {to} --body ID")
    found = f"nothing may register a runner: neither a GitHub App ({APPS[0]}, {KEY}) nor {TOKEN}"
    return error("secrets", found, f"gh secret set {TOKEN} {to}")


CHECKS = (repository, pins, cml, given)

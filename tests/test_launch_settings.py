"""Every setting of cml.yaml with a wrong value: one sentence, before anything is paid.

The workflow's own expressions, evaluated by GitHub's evaluator, hand the values to the command.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from github.expressions import interpolate
from ruamel.yaml import YAML
from support import TEMPLATE, Bake

from modelyard.cloud import choose_model
from modelyard.cloud.launching import command
from modelyard.cloud.launching.settings import problems

TEXT = (TEMPLATE / ".github/workflows/cml.yaml").read_text(encoding="utf-8")
WORKFLOW = YAML(typ="safe").load(TEXT)
HEAD, JOB = WORKFLOW["env"], WORKFLOW["jobs"]["deploy_runner"]
INPUTS = WORKFLOW["on"]["workflow_dispatch"]["inputs"]
STEP = next(step for step in JOB["steps"] if step.get("name") == "Check the settings")
ACCOUNT = "gserviceaccount.com"
VARS = {
    "CML_APP_CLIENT_ID": "Iv23liABCDEFGHIJKLMN",
    "CML_SHA256": "0123456789abcdef" * 4,
    "GCP_PROJECT": "a-project",
    "GCP_WORKLOAD_IDENTITY_PROVIDER": (
        "projects/1/locations/global/workloadIdentityPools/github/providers/r-org-digits"
    ),
    "GCP_LAUNCHER_SERVICE_ACCOUNT": f"cml-launcher@a-project.iam.{ACCOUNT}",
    "GCP_RUNNER_SERVICE_ACCOUNT": f"cml-runner@a-project.iam.{ACCOUNT}",
}
SECRETS = {"CML_APP_PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\nx", "CML_PAT": "github_pat_x"}

# kind, name, a wrong value, the sentence
WRONG = [
    ("env", "VM_LAUNCHER", "terraform", "cml.yaml: VM_LAUNCHER is 'terraform'; write cml or gcl"),
    ("env", "VM_ZONES", "", "cml.yaml: VM_ZONES is ''; write zones, such as us-central1-a"),
    ("env", "VM_ZONES", "us-central1", "cml.yaml: VM_ZONES is 'us-central1'; write zones, such as"),
    ("env", "VM_ZONES", "us-central1-a, us-east1-c", "VM_ZONES is 'us-central1-a, us-east1-c';"),
    ("env", "VM_MACHINE_TYPE", "big", "cml.yaml: VM_MACHINE_TYPE is 'big'; write a machine type"),
    ("env", "VM_MACHINE_TYPE", "g2-standard-24+nvidia-l4", "+nvidia-l4'; write a machine type,"),
    ("env", "VM_MACHINE_TYPE", "n1-standard-8+nvidia-tesla-t4*2",
     "but VM_GPU is 'nvidia-l4'; write VM_GPU: nvidia-tesla-t4"),
    ("env", "VM_MACHINE_TYPE", "c4a-standard-4", "'c4a-standard-4', an Arm machine; write a type"),
    ("env", "VM_GPU", "a100", "cml.yaml: VM_GPU is 'a100'; write nogpu, or a kind of GPU such as"),
    ("env", "VM_SPOT", "yes", 'cml.yaml: VM_SPOT is \'yes\'; write "true" or "false".'),
    ("env", "VM_ON_DEMAND", "", 'cml.yaml: VM_ON_DEMAND is \'\'; write "true" or "false".'),
    ("env", "VM_MAX_ATTEMPTS", "0", "VM_MAX_ATTEMPTS is '0'; write a whole number from 1 to 100"),
    ("env", "VM_MAX_ATTEMPTS", "five", "cml.yaml: VM_MAX_ATTEMPTS is 'five'; write a whole number"),
    ("env", "VM_MAX_HOURS", "121", "VM_MAX_HOURS is '121'; write a whole number from 1 to 120 ("),
    ("env", "VM_MAX_HOURS", "²", "cml.yaml: VM_MAX_HOURS is '²'; write a whole number from 1"),
    ("env", "VM_IDLE_MINUTES", "1", "VM_IDLE_MINUTES is '1'; write a whole number from 5 to 1440"),
    ("env", "VM_DISK_GB", "100GB", "VM_DISK_GB is '100GB'; write a whole number from 20 to 65536"),
    ("env", "VM_IMAGE", "ubuntu-2204-lts", "VM_IMAGE is 'ubuntu-2204-lts'; write project/family"),
    ("env", "VM_LABEL", "our gpu", "cml.yaml: VM_LABEL is 'our gpu'; write nothing, or a name of"),
    ("env", "MODEL_TESTS", "fast", "MODEL_TESTS is 'fast'; write none, quick or all."),
    ("inputs", "attempt", "second", "cml.yaml: the input attempt of this run is 'second'; write a"),
    ("inputs", "spot", "perhaps", "the input spot of this run is 'perhaps'; write as configured"),
    ("inputs", "model", "digits_classifer", "which is not a model here (did you mean 'digits_cl"),
    ("vars", "GCP_PROJECT", "My Project", "variable GCP_PROJECT is 'My Project'; it must be the"),
    ("vars", "GCP_WORKLOAD_IDENTITY_PROVIDER", "github", "GCP_WORKLOAD_IDENTITY_PROVIDER is 'gi"),
    ("vars", "GCP_LAUNCHER_SERVICE_ACCOUNT", "cml-launcher", "'cml-launcher'; it must be cml-la"),
    ("vars", "GCP_RUNNER_SERVICE_ACCOUNT", "me@example.org", "it must be cml-runner@PROJECT.iam."),
    ("vars", "GCP_RUNNER_SERVICE_ACCOUNT", "", "not the repository variables GCP_RUNNER_SERVICE"),
    ("vars", "CML_SHA256", "", "repository variable CML_SHA256 is not set, so CML cannot be"),
    ("vars", "CML_SHA256", "abc", "CML_SHA256 is not 64 hexadecimal digits, so CML cannot be told"),
    ("vars", "CML_APP_CLIENT_ID", "my-app", "variable CML_APP_CLIENT_ID is 'my-app'; it must be"),
    ("vars", "CML_APP_ID", "my-app", "variable CML_APP_CLIENT_ID is 'my-app'; it must be the Ap"),
    ("secrets", "CML_APP_PRIVATE_KEY", "", "The secret CML_APP_PRIVATE_KEY is not a private key"),
    ("secrets", "CML_APP_PRIVATE_KEY", "SHA256:x", "The secret CML_APP_PRIVATE_KEY is not a pri"),
    ("secrets", "CML_PAT", "", "There is no token that may register a runner; set the variable"),
    ("secrets", "CML_PAT", "Bearer github_pat_x", "The secret CML_PAT is not a token of GitHub's"),
]  # fmt: skip


def environment(kind: str = "", name: str = "", value: str = "") -> dict[str, str]:
    """Return what the step `Check the settings` gets, with one value changed."""
    contexts: dict[str, Any] = {
        "env": dict(HEAD),
        "inputs": {name: one["default"] for name, one in INPUTS.items()},
        "vars": dict(VARS),
        "secrets": dict(SECRETS),
    }
    if name in ("CML_PAT", "CML_APP_ID"):  # without the App that has precedence
        del contexts["vars"]["CML_APP_CLIENT_ID"]
    if kind:
        contexts[kind][name] = value
    given = JOB["env"] | STEP["env"]
    head: dict[str, str] = contexts["env"]
    return head | {key: interpolate(one, contexts) for key, one in given.items()}


def asked() -> Iterator[tuple[str, str]]:
    """Yield every setting that the workflow reads."""
    yield from (("env", name) for name in HEAD)
    yield from (("inputs", name) for name in INPUTS)
    for kind in ("vars", "secrets"):
        yield from ((kind, name) for name in re.findall(rf"\b{kind}\.(\w+)", TEXT))


def test_every_setting_has_a_case_with_a_wrong_value() -> None:
    assert {(kind, name) for kind, name, _, _ in WRONG} >= set(asked())


def test_what_the_workflow_says_is_right() -> None:
    assert problems(environment()) == []
    assert problems(environment("vars", "CML_APP_ID", "12345")) == []  # the older variable
    assert problems(environment("secrets", "CML_PAT", "ghp_x")) == []


def test_a_workflow_of_version_1_0_still_starts() -> None:
    old = {name: value for name, value in environment().items() if name in HEAD or "GCP_" in name}
    del old["VM_LAUNCHER"]
    assert problems(old | {"HAS_TOKEN": "true"}) == []
    assert len(problems(old | {"HAS_TOKEN": "false"})) == 1


@pytest.mark.parametrize("case", WRONG, ids=lambda case: "-".join(case[1:3]))
def test_a_wrong_value_is_one_sentence(
    case: tuple[str, str, str, str],
    bake: Bake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kind, name, value, sentence = case
    monkeypatch.delenv("REPO_TOKEN", raising=False)
    if name == "model":
        monkeypatch.chdir(bake())
        monkeypatch.setenv("MODEL", value)
        assert choose_model.main([]) == 1
        assert sentence in capsys.readouterr().err
        return
    for key, one in environment(kind, name, value).items():
        monkeypatch.setenv(key, one)
    monkeypatch.setenv("PATH", os.defpath)  # nothing may be started
    assert command.main(["check"]) == 1
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert line.startswith("error: ")
    assert sentence in line
    assert not [secret for secret in SECRETS.values() if secret in said.out + said.err]


@pytest.mark.parametrize("server", ["https://git.example.org", "https://octo.ghe.com"])
def test_vms_are_for_github_com_only(server: str) -> None:
    [said] = problems(environment() | {"GITHUB_SERVER_URL": server})
    assert said.startswith(f"This repository is on {server}, and VMs are started for https://")
    assert problems({"MODEL_TESTS": "none", "GITHUB_SERVER_URL": server}) == []  # no cloud, no VM


def test_several_wrong_values_are_named_at_once() -> None:
    wrong = environment() | {"VM_GPU": "x", "VM_SPOT": "x", "VM_ZONES": "x", "ATTEMPT": "x"}
    assert len(problems(wrong)) == 4

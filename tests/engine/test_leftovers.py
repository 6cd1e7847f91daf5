"""What deletes VMs and continues preempted trainings; `gcloud` and `gh` are stand-ins."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from modelyard.cloud import cleanup, deliver, reap

from .stubs import Stubs, install

RUN = {
    "ATTEMPT": "1",
    "GCP_PROJECT": "a-project",
    "GITHUB_REF_NAME": "try/it",
    "GITHUB_REPOSITORY": "org/digits",
    "GITHUB_RUN_ID": "77",
    "MODEL": "digits",
    "ON_VM": "true",
    "SPOT_INPUT": "",
    "TRAIN_RESULT": "success",
    "VM_MAX_ATTEMPTS": "3",
    "VM_MAX_HOURS": "23",
}


@pytest.fixture(autouse=True)
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    for name, value in RUN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        deliver, "waiting", lambda: False
    )  # test_push_results.py asks a real origin
    return install(tmp_path / "stubs", monkeypatch, "gcloud", "gh")


def vm(name: str, hours: float = 1, status: str = "RUNNING", **labels: str) -> dict[str, object]:
    created = datetime.now(UTC) - timedelta(hours=hours)
    return {
        "name": name,
        "zone": "https://www.googleapis.com/compute/v1/projects/a-project/zones/zone-a",
        "status": status,
        "creationTimestamp": created.isoformat(),
        "labels": {"cml-repository": "x", **labels},
    }


def listed(stubs: Stubs, *vms: dict[str, object]) -> None:
    stubs.answer("gcloud", "instances list", stdout=json.dumps(vms))


def preempted(stubs: Stubs) -> None:
    stubs.answer("gcloud", "operations list", stdout='[{"name": "an-operation"}]')


def test_cleanup_deletes_the_vms_of_its_run_with_their_firewall_rules(stubs: Stubs) -> None:
    listed(stubs, vm("cml-77-1"))
    assert cleanup.main([]) == 0
    (asked,) = stubs.calls("gcloud", "instances list")
    (wanted,) = [argument for argument in asked if argument.startswith("--filter=")]
    assert "labels.cml-run=77" in wanted
    assert "labels.cml-repository=org-digits-" in wanted
    (deleted,) = stubs.calls("gcloud", "instances delete")
    assert deleted[3:] == ["cml-77-1", "--zone=zone-a", "--quiet", "--project=a-project"]
    rules = [call[3] for call in stubs.calls("gcloud", "firewall-rules delete")]
    assert rules == ["cml-77-1-ingress", "cml-77-1-egress"]


def test_firewall_rules_that_are_gone_are_no_mistake(stubs: Stubs) -> None:
    listed(stubs, vm("cml-77-1"))
    stubs.answer("gcloud", "firewall-rules", stderr="ERROR: The resource was not found", code=1)
    assert cleanup.main([]) == 0


GONE = """\
ERROR: (gcloud.compute.instances.delete) Could not fetch resource:
---
message: The resource 'projects/a-project/zones/zone-a/instances/cml-77-1' was not
  found
"""


@pytest.mark.parametrize("command", [cleanup, reap])
def test_a_vm_that_deleted_itself_meanwhile_is_no_mistake(
    stubs: Stubs, command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(stubs, vm("cml-77-1", hours=99), vm("cml-77-2", hours=99))
    stubs.answer("gcloud", "instances delete cml-77-1", stderr=GONE, code=1)
    assert command.main([]) == 0
    assert capsys.readouterr().err == ""
    assert stubs.calls("gcloud", "instances delete cml-77-2")


def test_a_vm_that_cml_did_not_make_has_no_firewall_rules(stubs: Stubs) -> None:
    listed(stubs, vm("cml-77-1", 1, "RUNNING", **{"cml-launcher": "gcloud"}))
    assert cleanup.main([]) == 0
    assert len(stubs.calls("gcloud", "instances delete cml-77-1")) == 1
    assert stubs.calls("gcloud", "firewall-rules") == []


def test_a_vm_that_cannot_be_deleted_is_named_and_the_others_go(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(stubs, vm("first"), vm("second"))
    stubs.answer("gcloud", "delete first", stderr="ERROR: permission denied", code=1)
    assert cleanup.main([]) == 1
    assert len(stubs.calls("gcloud", "instances delete second")) == 1
    assert "first in zone-a may still run and cost money" in capsys.readouterr().err


@pytest.mark.usefixtures("stubs")
def test_without_a_cloud_there_is_nothing_to_clean_up(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCP_PROJECT", "")
    monkeypatch.setenv("TRAIN_RESULT", "failure")
    assert cleanup.main([]) == 0
    assert stubs.calls("gcloud") == []


@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_a_preempted_training_is_continued_in_the_next_attempt(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, result: str
) -> None:
    monkeypatch.setenv("TRAIN_RESULT", result)
    preempted(stubs)
    listed(stubs)
    assert cleanup.main([]) == 0
    assert stubs.calls("gh") == [
        [
            "workflow",
            "run",
            "cml.yaml",
            "--ref=try/it",
            "--field=model=digits",
            "--field=attempt=2",
            "--field=spot=as configured",
        ]
    ]
    (asked,) = stubs.calls("gcloud", "operations list")
    assert "compute.instances.preempted" in " ".join(asked)
    assert "cml-77-" in " ".join(asked)


def test_the_last_attempt_ends_with_a_sentence(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAIN_RESULT", "failure")
    monkeypatch.setenv("ATTEMPT", "3")
    preempted(stubs)
    listed(stubs, vm("cml-77-1"))
    assert cleanup.main([]) == 1
    assert stubs.calls("gh") == []
    assert "preempted in attempt 3 of 3, the last" in capsys.readouterr().err
    assert stubs.calls("gcloud", "instances delete cml-77-1")


@pytest.mark.parametrize("result", ["success", "failure", "skipped"])
def test_a_training_that_was_not_preempted_is_not_started_again(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, result: str
) -> None:
    monkeypatch.setenv("TRAIN_RESULT", result)
    listed(stubs)
    assert cleanup.main([]) == 0
    assert stubs.calls("gh") == []


@pytest.mark.parametrize("result", ["success", "failure"])
def test_a_vm_taken_away_once_the_results_are_pushed_starts_no_other_training(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, result: str
) -> None:
    monkeypatch.setenv("TRAIN_RESULT", result)  # a gate that fails does so after the push
    monkeypatch.setattr(deliver, "waiting", lambda: True)
    monkeypatch.setattr(deliver, "deliver", lambda: True)
    preempted(stubs)
    listed(stubs)  # with instance-termination-action DELETE it is gone, the operation is not
    assert cleanup.main([]) == 0
    assert stubs.calls("gh") == []
    assert stubs.calls("gcloud", "instances delete") == []


@pytest.mark.parametrize("by_app", [True, False])
@pytest.mark.parametrize("workflows", [["ci.yaml"], ["ci.yaml", "docs.yaml"]])
def test_results_are_delivered_and_judged_by_dispatched_runs_unless_the_push_starts_them(
    stubs: Stubs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    workflows: list[str],
    *,
    by_app: bool,
) -> None:
    folder = stubs.folder.parent / ".github/workflows"
    folder.mkdir(parents=True)
    for name in workflows:
        (folder / name).touch()
    monkeypatch.chdir(stubs.folder.parent)
    monkeypatch.setattr(deliver, "waiting", lambda: True)
    monkeypatch.setattr(deliver, "deliver", lambda: by_app)
    assert cleanup.main([]) == 0
    started = [["workflow", "run", name, "--ref=try/it"] for name in workflows]
    assert stubs.calls("gh") == ([] if by_app else started)
    said = "The GitHub App pushed" if by_app else "The job's token pushed"
    assert capsys.readouterr().out.startswith(said)


def test_a_restart_that_github_refuses_is_reported_and_the_vm_still_deleted(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAIN_RESULT", "failure")
    preempted(stubs)
    listed(stubs, vm("cml-77-1"))
    stubs.answer("gh", stderr="HTTP 403: Resource not accessible", code=1)
    assert cleanup.main([]) == 1
    assert "cml.yaml could not be started again" in capsys.readouterr().err
    assert stubs.calls("gcloud", "instances delete cml-77-1")


AGES = {
    "young": (vm("a", hours=2), False),
    "within its grace": (vm("a", hours=23.5), False),
    "over the limit": (vm("a", hours=24.5), True),
    "over a limit of its own": (vm("a", hours=3.5, **{"cml-max-hours": "2"}), True),
    "within a limit of its own": (vm("a", hours=30, **{"cml-max-hours": "48"}), False),
    "switched off": (vm("a", hours=2, status="TERMINATED"), True),
    "just switched off": (vm("a", hours=0.5, status="TERMINATED"), False),
}


@pytest.mark.parametrize("case", AGES)
def test_the_reaper_deletes_what_outlived_its_limit(stubs: Stubs, case: str) -> None:
    instance, due = AGES[case]
    listed(stubs, instance)
    assert reap.main([]) == 0
    assert len(stubs.calls("gcloud", "instances delete")) == int(due)


def test_the_reaper_asks_for_vms_of_this_repository_only(stubs: Stubs) -> None:
    listed(stubs)
    assert reap.main([]) == 0
    (asked,) = stubs.calls("gcloud", "instances list")
    assert "labels.cml-repository=org-digits-" in " ".join(asked)


def test_a_reaper_that_fails_says_so_after_the_others(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(stubs, vm("first", hours=99), vm("second", hours=99))
    stubs.answer("gcloud", "delete first", stderr="ERROR: no", code=1)
    assert reap.main([]) == 1
    assert stubs.calls("gcloud", "instances delete second")
    assert "may still cost money" in capsys.readouterr().err


def test_no_access_to_the_project_is_one_sentence(
    stubs: Stubs, capsys: pytest.CaptureFixture[str]
) -> None:
    stubs.answer("gcloud", stderr="a trace\nERROR: (gcloud) 403 denied\n", code=1)
    assert reap.main([]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == ["error: `gcloud compute instances list` failed: ERROR: (gcloud) 403 denied"]


@pytest.fixture(name="switched")
def _switched(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return how reaper.yaml was switched, in order."""
    said: list[str] = []

    def answer(request: Request) -> Response:
        said.append(request.path.rpartition("/")[2])
        assert request.headers["Authorization"] == "Bearer of-the-job"
        return Response(status=204)

    address = "/repos/org/digits/actions/workflows/reaper.yaml/"
    for how in ("enable", "disable"):
        httpserver.expect_request(address + how, "PUT").respond_with_handler(answer)
    monkeypatch.setenv("GITHUB_API_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-job")
    return said


def test_the_reaper_is_off_where_no_vm_is(stubs: Stubs, switched: list[str]) -> None:
    listed(stubs)
    assert reap.main([]) == 0
    assert switched == ["disable"]


def test_the_reaper_stays_on_where_one_is_or_may_be(stubs: Stubs, switched: list[str]) -> None:
    listed(stubs, vm("young"))
    assert reap.main([]) == 0
    assert switched == ["disable", "enable"]
    (stubs.folder / "answers.json").write_text('[["gcloud", "", "", "ERROR: denied", 1]]')
    assert reap.main([]) == 1
    assert switched == ["disable", "enable"] * 2


def test_without_a_cloud_the_reaper_switches_itself_off(
    stubs: Stubs,
    switched: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GCP_PROJECT", "")
    assert reap.main([]) == 0
    assert switched == ["disable"]
    assert stubs.calls("gcloud") == []
    assert capsys.readouterr().out.startswith("No cloud is configured")


def test_a_training_switches_the_reaper_on(stubs: Stubs, switched: list[str]) -> None:
    assert reap.main(["--on"]) == 0
    assert switched == ["enable"]
    assert stubs.calls("gcloud") == []


@pytest.mark.parametrize(("code", "said"), [(404, "there is none"), (403, "HTTP 403 Forbidden")])
def test_a_reaper_that_cannot_be_switched_on_is_a_warning_and_no_reason_to_stop(
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    said: str,
) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_data("", status=code)
    monkeypatch.setenv("GITHUB_API_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-job")
    assert reap.main(["--on"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::warning::reaper.yaml could not be switched (enable)")
    assert said in line


def test_without_gcloud_that_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert reap.main([]) == 1
    said = capsys.readouterr().err
    assert said == "error: gcloud is not installed: https://cloud.google.com/sdk/docs/install\n"

"""Which workflows of a bake start when, and which pull requests GitHub then lets merge.

The files are the skeleton's own: they are copied into bakes as they are.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from github.events import Event
from github.starts import SKIPS, Commit, Repository
from github.workflow import read
from support import ROOT, TEMPLATE

from modelyard.cloud.push_results import AUTHOR, subject

WORKFLOWS = TEMPLATE / ".github/workflows"
REQUIRED = ("tests", "model_tests", "consistency", "acceptance")
SHA, BRANCH, MAIN = "0" * 40, "refs/heads/try", "refs/heads/main"
RESULTS: dict[str, Any] = {
    "message": subject("digits_classifier"),
    "author": AUTHOR[0],
    "committer": "github-actions[bot]",
    "changed": ("models/m/dvc.lock", "reports/m/report.md"),
}
PULL: dict[str, Any] = {"name": "pull_request", "ref": "refs/pull/12/merge", "base_ref": "main"}
SQUASHED: dict[
    str, Any
] = {  # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
    "message": f"[cml] Two epochs (#12)\n\n* [cml] Two epochs\n\n* {RESULTS['message']}",
    "committer": "web-flow",
    "changed": ("config.yaml", "reports/m/report.md"),
}
QUEUED: dict[str, Any] = {
    "name": "merge_group",
    "ref": "refs/heads/gh-readonly-queue/main/pr-12-0000",
}
TRAINING = {"deploy_runner", "train", "cleanup"}
JUDGED = {"ci": {*REQUIRED}}


def event(ref: str = BRANCH, **of: Any) -> Event:
    return Event(SHA, **{"ref": ref, **of})


# What happens, with whose token, and which jobs run then.
STARTED: dict[str, tuple[Event, str, dict[str, set[str]]]] = {
    "[cml] on a branch": (event(message="[cml] Train"), "user", {"cml": TRAINING}),
    "[cml] on the default branch": (
        event(MAIN, message="[cml] Train"),
        "user",
        {"cml": TRAINING, "ci": {"tests", "model_tests"}},
    ),
    "[cml] written on GitHub's page": (
        event(message="[cml] Train", committer="web-flow"),
        "user",
        {"cml": TRAINING},
    ),
    "[cml] in a pull request": (event(**PULL, message="[cml] Train"), "user", JUDGED),
    "a branch without a pull request": (event(), "user", {}),
    "the default branch": (event(MAIN, changed=("src/run.py",)), "user", JUDGED),
    "a page on the default branch": (
        event(MAIN, changed=("docs/a/b.md",)),
        "user",
        {**JUDGED, "docs": {"latest"}},
    ),
    "results, with the job's token": (event(**RESULTS), "job", {}),
    "results in a pull request, with the job's token": (event(**PULL, **RESULTS), "job", {}),
    "results, with the App's": (event(**RESULTS), "app", {}),
    "results in a pull request, with the App's": (
        event(**PULL, **RESULTS),
        "app",
        {**JUDGED, "docs": {"preview"}},
    ),
    "results on the default branch, with the App's": (
        event(MAIN, **RESULTS),
        "app",
        {**JUDGED, "docs": {"latest"}},
    ),
    "results whose message begins with [cml]": (
        event(**{**RESULTS, "message": "[cml] by mistake"}),
        "app",
        {},
    ),
    "a tag on results": (
        event("refs/tags/v1.2.0", **RESULTS),
        "user",
        {"release": {"check", "tests", "publish", "attest", "announce"}},
    ),
    "an official model's tag": (event("refs/tags/vgg@v1.2.0", **RESULTS), "user", {}),
    "a squash merge of a trained pull request": (
        event(MAIN, **SQUASHED),
        "user",
        {**JUDGED, "docs": {"latest"}},
    ),
    "a rebase merge of a trained pull request": (
        event(MAIN, **{**RESULTS, "committer": "web-flow"}),
        "user",
        {**JUDGED, "docs": {"latest"}},
    ),
    "a merge queue": (event(**QUEUED), "user", JUDGED),
    "a commit in a merge queue that is rebased": (
        event(QUEUED["ref"], message="[cml] Train", committer="web-flow"),
        "user",
        {},
    ),
    "ci.yaml, dispatched on results": (
        event(name="workflow_dispatch", **{**RESULTS, "changed": ("ci.yaml",)}),
        "job",
        {"ci": {*REQUIRED, "statuses"}},
    ),
    "docs.yaml, dispatched on results of a branch": (
        event(name="workflow_dispatch", **{**RESULTS, "changed": ("docs.yaml",)}),
        "job",
        {"docs": {"preview"}},
    ),
    "cml.yaml, started by hand": (
        event(name="workflow_dispatch", changed=("cml.yaml",)),
        "user",
        {"cml": TRAINING},
    ),
    "release.yaml, started by hand": (
        event("refs/tags/v1.2.0", name="workflow_dispatch", changed=("release.yaml",)),
        "user",
        {"release": {"check", "tests", "publish", "attest", "announce"}},
    ),
    "a fork's pull request": (
        event(**PULL, head_repository="fork/digits", message="[cml] Train"),
        "user",
        JUDGED,
    ),
    "a message of a user's with [skip ci]": (event(MAIN, message="Fix [skip ci]"), "user", {}),
}


@pytest.mark.parametrize("what", STARTED)
def test_these_jobs_run_and_no_others(what: str) -> None:
    happening, by, expected = STARTED[what]
    started = Repository(WORKFLOWS).started(happening, by)
    runs = {
        workflow: {name for name, job in results.items() if job.result != "skipped"}
        for workflow, results in started.items()
    }
    assert {workflow: jobs for workflow, jobs in runs.items() if jobs} == expected


@pytest.mark.parametrize("committer", ["somebody", "web-flow"])
@pytest.mark.parametrize("author", ["Some Body", AUTHOR[0]])
@pytest.mark.parametrize("message", ["Train", "[cml] Train", "[cml] Train (#12)", "Train [cml]"])
def test_the_default_branch_is_either_trained_on_or_judged(
    message: str, author: str, committer: str
) -> None:
    pushed = event(MAIN, message=message, author=author, committer=committer)
    started = Repository(WORKFLOWS).started(pushed)
    trains = started["cml"]["train"].result != "skipped"
    for name in ("consistency", "acceptance"):
        assert (started["ci"][name].result != "skipped") is not trains


def trained(by: str) -> tuple[Commit, Commit]:
    """Push a [cml] commit of an open pull request, then its results; return both commits."""
    repository, asked, results = Repository(WORKFLOWS), Commit(), Commit()
    repository.happens(asked, event(message="[cml] Train"))
    # What that commit says of its old results is false, and ci.yaml says so.
    repository.happens(asked, event(**PULL, message="[cml] Train"), consistency="failure")
    repository.happens(results, event(**RESULTS), by)
    return asked, results


def test_with_an_app_the_push_of_results_makes_a_pull_request_mergeable() -> None:
    asked, results = trained("app")
    assert not asked.mergeable(*REQUIRED)
    assert not results.mergeable(*REQUIRED)  # not before the run has ended
    Repository(WORKFLOWS).happens(results, event(**PULL, **RESULTS), "app")
    assert results.mergeable(*REQUIRED)


def test_without_an_app_statuses_of_a_dispatched_run_make_it_mergeable() -> None:
    repository = Repository(WORKFLOWS)
    asked, results = trained("job")
    pulled = event(**PULL, **RESULTS)
    repository.happens(results, pulled, "job")
    assert repository.waiting(pulled, "job") == {"ci", "docs"}  # until somebody approves them
    assert not asked.mergeable(*REQUIRED)
    assert results.checks == []
    assert not results.mergeable(*REQUIRED)
    dispatched = event(name="workflow_dispatch", **{**RESULTS, "changed": ("ci.yaml",)})
    repository.happens(results, dispatched, "job")
    assert results.statuses == dict.fromkeys(REQUIRED, "success")
    assert results.mergeable(*REQUIRED)


@pytest.mark.parametrize("job", REQUIRED)
@pytest.mark.parametrize("end", ["failure", "cancelled", "skipped"])
def test_a_dispatched_run_that_fails_or_judges_nothing_lets_nothing_merge(
    job: str, end: str
) -> None:
    dispatched = event(name="workflow_dispatch", **{**RESULTS, "changed": ("ci.yaml",)})
    commit = Commit()
    Repository(WORKFLOWS).happens(commit, dispatched, "job", **{job: end})
    assert not commit.mergeable(*REQUIRED)


def test_what_a_run_for_a_pull_request_says_counts_beside_statuses() -> None:
    commit = Commit()
    dispatched = event(name="workflow_dispatch", **{**RESULTS, "changed": ("ci.yaml",)})
    Repository(WORKFLOWS).happens(commit, dispatched, "job")
    Repository(WORKFLOWS).happens(commit, event(**PULL, **RESULTS), acceptance="failure")
    assert not commit.mergeable(*REQUIRED)


def test_a_skipped_job_never_stands_for_a_judgement() -> None:
    """The default branch may be merged into another one, say into what is in production."""
    commit = Commit()
    Repository(WORKFLOWS).happens(commit, event(MAIN, message="[cml] Train"))
    assert commit.mergeable("tests", "model_tests")
    assert not commit.mergeable("consistency")
    assert not commit.mergeable("acceptance")


def test_a_merge_queue_merges_what_it_has_judged() -> None:
    repository, commit = Repository(WORKFLOWS), Commit()
    repository.happens(commit, event(**QUEUED))
    assert commit.mergeable(*REQUIRED)


@pytest.mark.parametrize("root", [ROOT, TEMPLATE], ids=["template", "skeleton"])
def test_a_job_has_a_name_that_no_other_workflow_has(root: Path) -> None:
    """Of checks with one name GitHub takes any: it advises names that are unique."""
    documents = [read(path) for path in (root / ".github/workflows").glob("*.y*ml")]
    jobs = [job for document in documents for job in document["jobs"].values()]
    assert set(Counter(str(job["name"]) for job in jobs).values()) == {1}


def test_the_names_that_a_protected_branch_requires_are_the_keys_of_their_jobs() -> None:
    """As a status of each is posted by its key."""
    for key, job in read(WORKFLOWS / "ci.yaml")["jobs"].items():
        assert re.fullmatch(r"(\w+)(\$\{\{.*\}\})?", job["name"])[1] == key  # type: ignore[index]


@pytest.mark.parametrize(
    "model", ["digits", "x [skip ci]", "[ci skip]", "[no ci]", "a\n\n\nskip-checks: true"]
)
def test_no_model_s_name_lets_github_skip_the_workflows_of_its_results(model: str) -> None:
    assert not SKIPS.search(subject(model))
    assert len(subject(model).splitlines()) == 1

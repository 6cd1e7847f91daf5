"""This repository's own workflows, executed: a release, and the weekly look at new dependencies."""

import json
from pathlib import Path
from typing import Any

import pytest
import wheel
from github.workflow import Results
from own_repository import Repository, copied, own_repository
from ruamel.yaml import YAML
from support import ROOT
from versions import VERSION

TAG = f"v{VERSION}"
WHEEL, SDIST = f"modelyard-{VERSION}-py3-none-any.whl", f"modelyard-{VERSION}.tar.gz"
HOSTILE = (f'{TAG}";touch${{IFS}}pwned;"', "v$(touch${IFS}pwned)", f"{TAG}`touch${{IFS}}pwned`")
JOBS = ["check", "ladder", "build", "attest", "publish", "docs", "announce"]


@pytest.fixture(name="begun", scope="module")
def _begun(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return own_repository(tmp_path_factory.mktemp("begun"))


@pytest.fixture(name="repository")
def _repository(begun: Repository, tmp_path: Path) -> Repository:
    return copied(begun, tmp_path)


def outcomes(results: Results) -> dict[str, str]:
    return {name: job.result for name, job in results.items()}


def ended_at(job: str) -> dict[str, str]:
    """Return the outcomes of a release that ends at a job."""
    index = JOBS.index(job)
    failed = dict.fromkeys(JOBS[index + 1 :], "skipped")
    return dict.fromkeys(JOBS[:index], "success") | {job: "failure"} | failed


def nothing_left(repository: Repository) -> bool:
    branches = repository.origin("branch", "--format=%(refname:short)")
    return not repository.published and branches == "main" and not repository.programs.calls("gh")


def test_a_tag_tests_builds_attests_publishes_documents_and_announces(
    repository: Repository, tmp_path: Path
) -> None:
    results = repository.tag(TAG)
    logs = "\n".join(job.log for job in results.values())
    assert outcomes(results) == dict.fromkeys(JOBS, "success"), logs
    assert repository.programs.calls("make") == [["test"]]
    assert set(repository.published) == {WHEEL, SDIST}
    expected = wheel.build(tmp_path / "expected", repository.clone).read_bytes()
    assert repository.published[WHEEL] == expected
    attested = [inputs for name, inputs in repository.used if name.startswith("actions/attest")]
    assert attested == [{"subject-path": "dist/*"}]
    titles = json.loads(repository.origin("show", "gh-pages:versions.json"))
    assert [one["title"] for one in titles] == [f"{TAG} (stable)"]
    [call] = repository.programs.calls("gh")
    assert call[:3] == ["release", "create", TAG]
    assert set(call[-2:]) == {f"dist/{WHEEL}", f"dist/{SDIST}"}
    the_same_tag_again_changes_nothing(repository)


def the_same_tag_again_changes_nothing(repository: Repository) -> None:
    """Run the workflow again, as after a failure of its last job."""
    before = repository.origin("rev-parse", "gh-pages^{tree}"), dict(repository.published)
    results = repository.start("release.yml", ref=f"refs/tags/{TAG}")
    assert outcomes(results) == dict.fromkeys(JOBS, "success")
    after = repository.origin("rev-parse", "gh-pages^{tree}"), repository.published
    assert after == before


def test_another_tag_stops_before_anything_is_built(repository: Repository) -> None:
    for tag in ("v99.0.0", f"{TAG}.1", *HOSTILE):
        results = repository.tag(tag)
        assert outcomes(results) == ended_at("check")
        said = results["check"].step("Check the tag").log
        assert f"error: The tag is {tag!r}, but pyproject.toml says version {VERSION!r}" in said
    assert repository.programs.calls("make") == []
    assert list(repository.root.rglob("pwned")) == []
    assert nothing_left(repository)


def test_a_commit_that_is_not_merged_is_not_released(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "try")
    repository.git("commit", "--quiet", "--allow-empty", "--message", "Not merged")
    results = repository.tag(TAG)
    assert outcomes(results) == ended_at("check")
    assert "is not in origin/main" in results["check"].log


def test_nothing_is_built_where_a_test_fails(repository: Repository) -> None:
    repository.fails("make test")
    assert outcomes(repository.tag(TAG)) == ended_at("ladder")
    assert nothing_left(repository)


def test_a_wheel_that_bakes_do_not_carry_is_not_published(repository: Repository) -> None:
    module = repository.clone / "src/modelyard/errors.py"
    module.write_text(module.read_text() + "# later than the wheel\n")
    repository.commit("Change the engine without `make wheel`")
    assert outcomes(repository.tag(TAG)) == ended_at("build")
    assert nothing_left(repository)


def test_pages_that_cannot_be_built_are_not_announced(repository: Repository) -> None:
    (repository.clone / "mkdocs.yml").write_text("site_name: modelyard\nplugins: [nothing]\n")
    repository.commit("A mistake in the pages")
    assert outcomes(repository.tag(TAG)) == ended_at("docs")
    assert repository.programs.calls("gh") == []


def definition(workflow: str) -> dict[str, Any]:
    path = ROOT / ".github/workflows" / workflow
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize(
    ("workflow", "writers"),
    [
        ("ci.yaml", {}),
        (
            "release.yml",
            {
                "announce": {"contents"},
                "attest": {"attestations", "id-token"},
                "docs": {"contents"},
                "publish": {"id-token"},
            },
        ),
        ("newest.yml", {"report": {"issues"}}),
    ],
)
def test_only_the_jobs_named_here_may_write(workflow: str, writers: dict[str, set[str]]) -> None:
    document = definition(workflow)
    assert document["permissions"] == {}
    rights = {name: job["permissions"] for name, job in document["jobs"].items()}
    assert writers == {
        name: written
        for name, right in rights.items()
        if (written := {what for what, kind in right.items() if kind == "write"})
    }


def test_who_may_sign_or_publish_runs_no_command() -> None:
    jobs = definition("release.yml")["jobs"]
    signing = [job for job in jobs.values() if "id-token" in job["permissions"]]
    assert len(signing) == 2
    assert not [step for job in signing for step in job["steps"] if "run" in step]
    assert jobs["publish"]["environment"]["name"] == "pypi"


def test_newest_dependencies_that_work_are_not_reported(repository: Repository) -> None:
    results = repository.start("newest.yml", name="schedule")
    assert outcomes(results) == {"ladder": "success", "report": "skipped"}, results["ladder"].log
    assert repository.programs.calls("uv") == [["lock", "--upgrade"]]
    assert repository.programs.calls("make") == [["demo"], ["test"]]
    assert "Updated keras v3.15.0 -> v3.16.0" in results["ladder"].summary
    assert repository.programs.calls("gh") == []


RUN = "All tests with the newest of everything: https://github.com/org/digits/actions/runs/1/job/2"


@pytest.mark.parametrize("command", ["uv lock --upgrade", "make demo", "make test"])
def test_what_fails_opens_one_issue_and_then_comments_on_it(
    repository: Repository, command: str
) -> None:
    repository.fails(command)
    repository.programs.answer("gh", "run view", RUN)
    results = repository.start("newest.yml", name="schedule")
    assert outcomes(results) == {"ladder": "failure", "report": "success"}, results["report"].log
    [created] = repository.programs.calls("gh", "issue create")
    assert created[created.index("--label") + 1] == "newest-dependencies"
    body = (results["report"].workspace / created[created.index("--body-file") + 1]).read_text()
    assert RUN in body
    repository.programs.answer("gh", "issue list", 7)
    results = repository.start("newest.yml", name="workflow_dispatch")
    assert outcomes(results) == {"ladder": "failure", "report": "success"}
    assert len(repository.programs.calls("gh", "issue create")) == 1
    [commented] = repository.programs.calls("gh", "issue comment")
    assert commented[:3] == ["issue", "comment", "7"]


def test_what_the_server_answers_is_never_run(repository: Repository) -> None:
    repository.fails("make test")
    hostile = '"; touch pwned; echo "$(touch pwned)`touch pwned`'
    repository.programs.answer("gh", "run view", hostile)
    repository.programs.answer("gh", "issue list", hostile)
    results = repository.start("newest.yml", name="schedule")
    assert len(repository.programs.calls("gh", "issue comment")) == 1, results["report"].log
    assert list(repository.root.rglob("pwned")) == []

"""The runner of workflows does what GitHub does, so that what it proves can be believed."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github import actions, programs
from github.api import LONGEST_COMMENT, GitHub, github
from github.events import REPOSITORY, TOKEN, Event
from github.expressions import ExpressionError, condition, evaluate, interpolate
from github.starts import Commit, listens, matches, state
from github.workflow import Results, Runner
from support import run

HEAD = "on: push\njobs:\n"


def contexts(message: str | None) -> dict[str, Any]:
    head = None if message is None else {"message": message}
    return {"github": {"event": {"head_commit": head}}, "vars": {}, "inputs": {"spot": "true"}}


GATE = "startsWith(github.event.head_commit.message, '[cml]')"
GATED = {
    "[cml] train": True,
    "[CML] train": True,
    " [cml] train": False,
    "train [cml]": False,
    "": False,
}


@pytest.mark.parametrize("message", GATED)
def test_expressions_are_evaluated_as_github_does(message: str) -> None:
    assert condition(GATE, contexts(message), "success") == GATED[message]


def test_a_push_without_a_commit_passes_no_gate() -> None:
    assert not condition(GATE, contexts(None), "success")


def test_values_of_operators_and_of_what_is_missing() -> None:
    assert evaluate("vars.X && 'a' || 'b'", contexts("")) == "b"
    assert evaluate("inputs.spot && 'a' || 'b'", contexts("")) == "a"
    assert evaluate('fromJSON(\'["self-hosted", "x"]\')', contexts("")) == ["self-hosted", "x"]
    assert interpolate("<${{ vars.X }}> ${{ 1 == 1.0 }}", contexts("")) == "<> true"


@pytest.mark.parametrize("expression", ["nothing.at.all", "startWith('a', 'b')", "1 +"])
def test_what_github_would_refuse_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, contexts(""))


@pytest.mark.parametrize(
    ("text", "status", "runs"),
    [
        (None, "success", True),
        (None, "failure", False),
        ("vars.X", "success", False),
        ("inputs.spot", "failure", False),
        ("always()", "failure", True),
        ("always() && inputs.spot", "skipped", True),
        ("failure()", "failure", True),
        ("failure()", "success", False),
        ("${{ !success() }}", "failure", True),
    ],
)
def test_a_condition_asks_for_success_unless_it_asks_for_something_else(
    text: str | None, status: str, *, runs: bool
) -> None:
    assert condition(text, contexts(""), status) == runs


@pytest.mark.parametrize(
    ("patterns", "name", "passes"),
    [
        (["main", "releases/*"], "releases/1", True),
        (["releases/*"], "releases/1/a", False),
        (["**"], "a/b", True),
        (["v*", "!*@*"], "v1.2.0", True),
        (["v*", "!*@*"], "vgg@v1.2.0", False),
        (["!*@*", "v*"], "vgg@v1.2.0", True),
        (["**.md"], "src/data/README.md", True),
        (["*.md"], "src/README.md", False),
        (["docs/**"], "docs/a/b.png", True),
        (["mkdocs.yml"], "mkdocsXyml", False),
    ],
)
def test_filters_fit_as_github_s(patterns: list[str], name: str, *, passes: bool) -> None:
    assert matches(patterns, name) == passes


MANY = {"push": {"branches": ["main"], "paths": ["docs/**"]}, "pull_request": None}
LISTENING = [
    ("push", Event("0"), True),
    (["push"], Event("0", name="pull_request"), False),
    ({"push": None}, Event("0", ref="refs/tags/v1"), True),
    ({"push": {"branches": ["**"]}}, Event("0", ref="refs/tags/v1"), False),
    ({"push": {"tags": ["v*"]}}, Event("0"), False),
    ({"push": {"tags": ["v*"], "paths": ["x"]}}, Event("0", ref="refs/tags/v1"), True),
    (MANY, Event("0", changed=("docs/a.md", "b")), True),
    (MANY, Event("0", changed=("b",)), False),
    (MANY, Event("0", name="pull_request", changed=("b",)), True),
    ({"pull_request": {"branches": ["main"]}}, Event("0", "pull_request", base_ref="x"), False),
]


@pytest.mark.parametrize(("on", "event", "starts"), LISTENING)
def test_a_workflow_starts_for_what_its_on_names(on: object, event: Event, *, starts: bool) -> None:
    assert listens({"on": on}, event) == starts


ALL = {"on": ["push", "pull_request", "workflow_dispatch", "schedule"]}


@pytest.mark.parametrize(
    ("name", "message", "by", "expected"),
    [
        ("push", "Change", "user", "started"),
        ("push", "Change", "app", "started"),
        ("push", "Change", "job", ""),
        ("pull_request", "Change", "job", "waiting"),
        ("workflow_dispatch", "Change", "job", "started"),
        ("push", "Change [skip ci]", "user", ""),
        ("push", "Change\n\n* Results [CI skip]", "user", ""),
        ("push", "Change\n\n\nskip-checks: true", "app", ""),
        ("push", "skip-checks: truely", "app", "started"),
        ("pull_request", "[no ci]", "user", ""),
        ("workflow_dispatch", "[actions skip]", "user", "started"),
        ("schedule", "[skip actions]", "user", "started"),
    ],
)
def test_a_message_or_the_job_s_token_keep_workflows_from_starting(
    name: str, message: str, by: str, expected: str
) -> None:
    assert state(ALL, Event("0", name=name, message=message), by) == expected


def test_all_that_has_a_required_name_must_have_passed() -> None:
    assert Commit([("a", "success"), ("b", "skipped")]).mergeable("a", "b")
    assert Commit(statuses={"a": "success"}).mergeable("a")
    assert not Commit([("a", "success"), ("a", "failure")]).mergeable("a")
    assert not Commit([("a", "success")], {"a": "error"}).mergeable("a")
    assert not Commit([("b", "success")]).mergeable("a")


@pytest.fixture
def execute(tmp_path: Path) -> Any:
    """Return a function that runs a workflow given as text."""

    def execute(text: str, event: Event | None = None, **settings: Any) -> Results:
        path = tmp_path / "workflow.yaml"
        path.write_text(text)
        runner = Runner(tmp_path / "machines", settings.pop("actions", {}), **settings)
        return runner.run(path, event or Event("0" * 40))

    return execute


def test_outputs_travel_between_steps_and_jobs(execute: Any) -> None:
    results = execute(
        HEAD
        + """
  first:
    runs-on: ubuntu-24.04
    outputs: {said: "${{ steps.one.outputs.said }} ${{ steps.one.outputs.more }}"}
    steps:
      - id: one
        run: |
          echo said=hello >>"$GITHUB_OUTPUT"
          printf 'more<<END\\na\\nb\\nEND\\n' >>"$GITHUB_OUTPUT"
          echo LATER=kept >>"$GITHUB_ENV"
      - run: test "$LATER" = kept && test "${{ steps.one.outcome }}" = success
  second:
    needs: first
    runs-on: ${{ fromJSON('["self-hosted", "x"]') }}
    env: {SAID: "${{ needs.first.outputs.said }}"}
    steps: [{run: test "$SAID" = "$(printf 'hello a\\nb')"}]
"""
    )
    assert {name: job.result for name, job in results.items()} == dict.fromkeys(
        ("first", "second"), "success"
    )
    assert results["second"].runs_on == ["self-hosted", "x"]


def test_a_failure_skips_what_needs_it_but_not_what_always_runs(execute: Any) -> None:
    results = execute(
        HEAD
        + """
  first:
    runs-on: x
    steps:
      - {run: "true", continue-on-error: true}
      - {name: fails, run: exit 3}
      - {name: skipped, run: echo never}
      - {name: status, if: always(), run: "echo ${{ job.status }}"}
  second: {needs: first, runs-on: x, steps: [{run: echo never}]}
  third:
    needs: [first, second]
    if: always()
    runs-on: x
    steps: [{run: "echo ${{ needs.second.result }}"}]
  fourth: {needs: second, runs-on: x, steps: [{run: echo never}]}
"""
    )
    assert [job.result for job in results.values()] == ["failure", "skipped", "success", "skipped"]
    assert [step.outcome for step in results["first"].steps] == [
        "success",
        "failure",
        "skipped",
        "success",
    ]
    assert results["first"].step("status").log == "failure\n"
    assert results["third"].log.endswith("skipped\n")


def test_a_lost_machine_is_a_failed_job(execute: Any) -> None:
    text = HEAD + "  a: {runs-on: x, steps: [{run: ls}]}\n"
    assert execute(text, lost=frozenset({"a"}))["a"].result == "failure"


@pytest.mark.parametrize(
    ("step", "fails"),
    [("run: false | true", False), ("run: false | true\n        shell: bash", True)],
)
def test_only_a_named_bash_minds_a_failure_in_a_pipe(
    execute: Any, step: str, *, fails: bool
) -> None:
    results = execute(HEAD + f"  a:\n    runs-on: x\n    steps:\n      - {step}\n")
    assert results["a"].result == ("failure" if fails else "success")


def test_the_token_is_in_no_variable_unless_a_workflow_puts_it_there(execute: Any) -> None:
    results = execute(HEAD + "  a: {runs-on: x, steps: [{run: env}]}\n")
    assert TOKEN not in results["a"].log


HOSTILE = 'x"; touch pwned; echo "$(touch pwned)'


@pytest.mark.parametrize(
    ("step", "pwned"),
    [
        ('{run: "echo \\"${{ github.event.head_commit.message }}\\""}', True),
        ('{run: "echo \\"$M\\"", env: {M: "${{ github.event.head_commit.message }}"}}', False),
    ],
)
def test_an_injection_works_where_github_lets_it_work(
    execute: Any, step: str, *, pwned: bool
) -> None:
    text = HEAD + f"  a:\n    runs-on: x\n    steps:\n      - {step}\n"
    results = execute(text, Event("0" * 40, message=HOSTILE))
    assert (results["a"].workspace / "pwned").exists() == pwned


def test_an_action_without_a_double_is_named(execute: Any) -> None:
    with pytest.raises(AssertionError, match="some/action has no double"):
        execute(HEAD + "  a: {runs-on: x, steps: [{uses: some/action@v1}]}\n")


@pytest.mark.parametrize(("depth", "commits"), [("", "1"), ("with: {fetch-depth: 0}", "2")])
def test_a_checkout_is_one_commit_unless_all_are_asked_for(
    execute: Any, tmp_path: Path, depth: str, commits: str
) -> None:
    origin = tmp_path / "origin"
    run(tmp_path, "git", "init", "--quiet", str(origin))
    for message in ("one", "two"):
        run(origin, "git", "commit", "--quiet", "--allow-empty", "--message", message)
    sha = run(origin, "git", "rev-parse", "HEAD").strip()
    text = f"""
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v1
        {depth}
      - run: test "$(git rev-list --count HEAD)" = {commits} && git status | grep "On branch main"
"""
    checkout = {"actions/checkout": actions.checkout(origin)}
    assert execute(HEAD + text, Event(sha), actions=checkout)["a"].result == "success"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[GitHub]:
    with github(tmp_path, REPOSITORY) as server:
        yield server


def cml(folder: Path, fake: GitHub, *arguments: str, token: str = TOKEN) -> Any:
    found = programs.install(folder / "programs")
    variables = {"GITHUB_SHA": "abc", "GITHUB_ACTOR": "somebody", "REPO_TOKEN": token}
    environment = os.environ | found.environment | fake.environment | variables
    command = [str(found.cml), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_cml_comments_on_the_commit_or_its_pull_request(tmp_path: Path, fake: GitHub) -> None:
    (tmp_path / "report.md").write_text("good")
    comment = ("comment", "create", "--publish=false", str(tmp_path / "report.md"))
    done = cml(tmp_path, fake, *comment)
    assert done.returncode == 0, done.stderr
    fake.pull_requests.append(7)
    done = cml(tmp_path / "again", fake, *comment)
    assert done.returncode == 0, done.stderr
    text = 'good\n\n![](https://cml.dev/watermark.png#abc "CML watermark")'
    assert fake.comments == [
        (f"/repos/{REPOSITORY}/commits/abc/comments", text),
        (f"/repos/{REPOSITORY}/issues/7/comments", text),
    ]
    assert fake.tokens == {f"token {TOKEN}"}


def test_cml_does_not_leave_its_watermark_out(tmp_path: Path, fake: GitHub) -> None:
    (tmp_path / "report.md").write_text("good")
    done = cml(tmp_path, fake, "comment", "create", str(tmp_path / "report.md"), "--rm-watermark")
    assert done.returncode == 1
    assert "mutually exclusive" in done.stderr


def test_a_comment_that_is_too_long_is_refused(tmp_path: Path, fake: GitHub) -> None:
    (tmp_path / "report.md").write_text("x" * (LONGEST_COMMENT + 1))
    assert cml(tmp_path, fake, "comment", "create", str(tmp_path / "report.md")).returncode == 1


@pytest.mark.skipif("CML_BIN" in os.environ, reason="the double is not used")
@pytest.mark.parametrize(
    ("arguments", "token"),
    [(["runner", "launch", "--max-runtime=3"], TOKEN), (["runner", "launch"], ""), (["x"], TOKEN)],
)
def test_cml_refuses_what_the_real_one_refuses(
    tmp_path: Path, fake: GitHub, arguments: list[str], token: str
) -> None:
    assert cml(tmp_path, fake, *arguments, token=token).returncode == 1


def call(found: programs.Programs, *command: str) -> str:
    environment = os.environ | found.environment
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_stand_ins_record_and_answer(tmp_path: Path) -> None:
    found = programs.install(tmp_path / "programs")
    found.answer("gcloud", "instances list", [{"name": "vm"}])
    said = call(found, "gcloud", "compute", "instances", "list")
    assert json.loads(said) == [{"name": "vm"}]
    assert call(found, "gh", "x y") == ""
    assert found.calls("gh") == [["x y"]]

"""Which workflows something starts, what a commit's checks are then, and may it be merged?

Nothing is executed: a job ends as a test says. Every rule is GitHub's, by the page that is named.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from github.events import Event
from github.expressions import Contexts, interpolate
from github.job import JobResult
from github.workflow import Results, Runner, read
from modelyard.cloud.statuses import statuses

# https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
SKIPS = re.compile(
    r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: ?true$",
    re.IGNORECASE | re.MULTILINE,
)
SKIPPABLE = ("push", "pull_request")
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
TYPES = ("opened", "synchronize", "reopened")
# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
PASSED = ("success", "skipped", "neutral")
RUNS_ON = '["ubuntu-24.04"]'


def matches(patterns: Sequence[str], name: str) -> bool:
    """Say whether a branch, tag or path passes a filter; of its patterns the last that fits counts.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
    """
    passes = False
    for pattern in patterns:
        parts = re.split(r"(\*\*|\*)", pattern.removeprefix("!"))
        regex = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
        if re.fullmatch(regex, name):
            passes = not pattern.startswith("!")
    return passes


def listens(document: Mapping[str, Any], event: Event) -> bool:
    """Say whether a workflow's `on` names an event.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on
    """
    on = document["on"]
    if isinstance(on, str | list):
        on = dict.fromkeys([on] if isinstance(on, str) else on)
    if event.name not in on:
        return False
    filters = on[event.name] or {}
    tag = event.ref.startswith("refs/tags/")
    if event.name == "push":
        kind, other = ("tags", "branches") if tag else ("branches", "tags")
        if kind not in filters and other in filters:
            return False
        if kind in filters and not matches(filters[kind], event.ref_name):
            return False
    into = filters.get("branches", ["**"])  # of a pull request: what it is merged into
    if event.name == "pull_request" and not matches(into, event.base_ref):
        return False
    if "paths" in filters and event.name in SKIPPABLE and not tag:
        return any(matches(filters["paths"], path) for path in event.changed)
    return True


def state(document: Mapping[str, Any], event: Event, by: str = "user") -> str:
    """Return `started`, `waiting` for somebody's approval, or nothing if a workflow does not start.

    Args:
        document: a workflow.
        event: what happens.
        by: with whose token: `user`, `app` or `job`, the token that every job has. Of the last,
            https://docs.github.com/en/actions/concepts/security/github_token
    """
    if not listens(document, event):
        return ""
    if event.name in SKIPPABLE and SKIPS.search(event.message):
        return ""
    if by == "job" and event.name not in ("workflow_dispatch", "repository_dispatch"):
        return "waiting" if event.name == "pull_request" else ""
    return "started"


@dataclass
class Planner(Runner):
    """Decides which jobs run, and executes none.

    Attributes:
        ends: how jobs end that do not succeed.
    """

    ends: Mapping[str, str] = field(default_factory=dict)

    def execute(
        self, name: str, document: dict[str, Any], definition: dict[str, Any], contexts: Contexts
    ) -> JobResult:
        """Let a job end."""
        assert document
        assert definition
        assert contexts
        outputs = {"runs_on": RUNS_ON} if name == "deploy_runner" else {}
        return JobResult(self.ends.get(name, "success"), outputs)


@dataclass
class Commit:
    """What GitHub knows of a commit that is to be merged.

    Attributes:
        checks: by name, how each ended that counts.
        statuses: the last one of each context.
    """

    checks: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)

    def mergeable(self, *required: str) -> bool:
        """Say whether all that is required has passed; a check and a status of a name both must."""
        return all(map(self._passed, required))

    def _passed(self, name: str) -> bool:
        ends = [end for known, end in self.checks if known == name]
        ends += [self.statuses[name]] if name in self.statuses else []
        return bool(ends) and all(end in PASSED for end in ends)


@dataclass
class Repository:
    """The workflows of a repository, and the variables that it has."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def started(self, event: Event, by: str = "user", **ends: str) -> dict[str, Results]:
        """Return what becomes of each job of the workflows that an event starts."""
        runner = Planner(Path(), {}, variables=self.variables, ends=ends)
        return {
            path.stem: runner.run(path, event)
            for path in self._files(event)
            if state(read(path), event, by) == "started"
        }

    def waiting(self, event: Event, by: str) -> set[str]:
        """Return the workflows that an event lets wait for somebody's approval."""
        files = self._files(event)
        return {path.stem for path in files if state(read(path), event, by) == "waiting"}

    def happens(self, commit: Commit, event: Event, by: str = "user", **ends: str) -> None:
        """Add to a commit what the workflows that an event starts say of it."""
        for workflow, results in self.started(event, by, **ends).items():
            jobs = read(self.folder / f"{workflow}.yaml")["jobs"]
            if event.name != "workflow_dispatch":  # whose checks a protected branch does not count
                commit.checks += self._checks(jobs, results, event)
            elif "statuses" in results and results["statuses"].result == "success":
                needs = {
                    name: {"result": results[name].result} for name in jobs["statuses"]["needs"]
                }
                commit.statuses |= statuses(needs)

    def _files(self, event: Event) -> list[Path]:
        files = sorted(self.folder.glob("*.yaml"))
        if event.name == "workflow_dispatch":  # of one workflow, which `changed` names
            return [path for path in files if path.name in event.changed]
        return files

    def _checks(
        self, jobs: Mapping[str, Any], results: Results, event: Event
    ) -> Iterator[tuple[str, str]]:
        """Yield the checks: a job's name and how it ended.

        GitHub says nowhere whether it evaluates the name of a job that it skips, so that both are.
        """
        contexts = {"github": event.github(), "vars": dict(self.variables)}
        for job, result in results.items():
            name = str(jobs[job]["name"])
            yield interpolate(name, contexts), result.result
            if result.result == "skipped":
                yield name, result.result

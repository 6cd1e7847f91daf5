"""Run a rendered workflow: every job in the order of its needs, every step in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from github.events import Event
from github.expressions import Contexts, condition, evaluate, interpolate
from github.job import Action, Job, JobResult

Results = dict[str, JobResult]


@dataclass
class Runner:
    """GitHub's side: what a workflow finds there, and the machines its jobs run on.

    Attributes:
        root: each job gets an empty folder of its own in it.
        actions: doubles of `uses:` by owner/name.
        lost: jobs whose machine vanishes before their first step.
        of_job: variables that only one job has.
    """

    root: Path
    actions: Mapping[str, Action]
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    prepare: Callable[[str, Path], None] = lambda _job, _workspace: None
    of_job: Callable[[str], Mapping[str, str]] = lambda _job: {}

    def run(self, path: Path, event: Event) -> Results:
        """Run a workflow for an event; return what became of each of its jobs."""
        document = read(path)
        results: Results = {}
        waiting = dict(document["jobs"])
        while waiting:
            ready = [name for name in waiting if set(_needs(waiting[name])) <= set(results)]
            assert ready, f"{path.name}: jobs need each other: {', '.join(waiting)}"
            for name in ready:
                results[name] = self._job(name, document, waiting.pop(name), event, results)
        return results

    def _job(
        self,
        name: str,
        document: dict[str, Any],
        definition: dict[str, Any],
        event: Event,
        results: Results,
    ) -> JobResult:
        contexts = self._contexts(event, definition, results)
        status = _status([results[need] for need in _needs(definition)])
        if not condition(definition.get("if"), contexts, status):
            return JobResult("skipped")
        runs_on = _evaluated(definition["runs-on"], contexts)
        if name in self.lost:
            return JobResult("failure", runs_on=runs_on)
        result = self.execute(name, document, definition, contexts)
        result.runs_on = runs_on
        return result

    def execute(
        self, name: str, document: dict[str, Any], definition: dict[str, Any], contexts: Contexts
    ) -> JobResult:
        """Run the steps of a job on a machine of its own."""
        folder = self.root / f"{path_name(name)}-{len(list(self.root.glob('*')))}"
        job = Job(name, definition, contexts, folder, self)
        job.variables(document.get("env"), definition.get("env"))
        return job.run()

    def _contexts(self, event: Event, definition: dict[str, Any], results: Results) -> Contexts:
        needs = {need: results[need] for need in _needs(definition)}
        return {
            "github": event.github(),
            "inputs": dict(event.inputs),
            "vars": dict(self.variables),
            "secrets": {**self.secrets, "GITHUB_TOKEN": event.github()["token"]},
            "needs": {
                name: {"result": found.result, "outputs": found.outputs}
                for name, found in needs.items()
            },
        }


def read(path: Path) -> dict[str, Any]:
    """Return a workflow as YAML 1.2 reads it, so that `on` is a word."""
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document


def path_name(name: str) -> str:
    """Return a job's name as a folder's."""
    return name.replace("/", "_")


def _needs(definition: dict[str, Any]) -> list[str]:
    needs = definition.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _status(needed: list[JobResult]) -> str:
    """Return what the status functions say of the jobs before: one skipped is no success."""
    outcomes = {job.result for job in needed}
    return next((one for one in ("cancelled", "failure", "skipped") if one in outcomes), "success")


def _evaluated(value: Any, contexts: Contexts) -> Any:
    if isinstance(value, str) and value.startswith("${{"):
        return evaluate(value.removeprefix("${{").removesuffix("}}"), contexts)
    return interpolate(value, contexts) if isinstance(value, str) else value

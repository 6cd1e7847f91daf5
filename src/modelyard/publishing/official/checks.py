"""Reasons not to publish: what nobody could trace, and what is not good enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.config.loading import ROOT_CONFIG, load_project
from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.git import commit, git, head, is_shallow
from modelyard.pipeline.consistency import listed, outdated
from modelyard.report.gate import judge, metrics_path
from modelyard.stores import check_installed, scheme

from .lock import md5, mismeasured, recorded
from .run_directory import RunDirectory
from .sources import METRICS

# What publishing itself writes.
WRITTEN = (":!official_models", ":!templates")
# What a model is made of, beside its own folder.
MADE_OF = ("config.yaml", "data", "dvc.yaml", "src")


@dataclass(frozen=True)
class Refusal:
    """Why a model should not be published, a sentence each without its full stop.

    Attributes:
        untraceable: HEAD does not hold what would be published.
        unacceptable: what it does not reach.
        mismeasured: its metrics are of other weights, as far as anybody knows.
    """

    untraceable: list[str]
    unacceptable: list[str]
    mismeasured: list[str]

    @property
    def lines(self) -> list[str]:
        """All of them."""
        return [*self.untraceable, *self.mismeasured, *self.unacceptable]

    @property
    def traceable(self) -> bool:
        """Whether it may have a version."""
        return not self.untraceable and not self.mismeasured


def buckets() -> list[str]:
    """Return where to publish.

    Raises:
        UserError: nowhere, twice to the same place, or the package for a bucket is missing.
    """
    found = [bucket.rstrip("/") for bucket in load_project().publish.buckets]
    if not found:
        raise UserError(
            f"{ROOT_CONFIG}: publish.buckets is empty; write there where official models go, such "
            "as gs://my-bucket/models or file:///srv/models."
        )
    if twice := {bucket for bucket in found if found.count(bucket) > 1}:
        raise UserError(f"{ROOT_CONFIG}: publish.buckets names {min(twice)} more than once.")
    for bucket in found:
        check_installed(bucket)
    return _writable(found)


def _writable(found: list[str]) -> list[str]:
    """Leave out what is only read, such as an address of the same bucket for everybody."""
    kept = [bucket for bucket in found if scheme(bucket) != "https"]
    if not kept:
        raise UserError(
            f"{ROOT_CONFIG}: publish.buckets names only {', '.join(found)}, and an https:// "
            "address is only read; name the bucket behind it too."
        )
    for bucket in found:
        if bucket not in kept:
            print(f"Leaving out {bucket}: an https:// address is only read.")
    return kept


def refusals(runs: Sequence[RunDirectory]) -> list[Refusal]:
    """Return why each model should not be published; nothing, if it should.

    Raises:
        UserError: a model cannot be judged.
    """
    unclean = _unclean()
    return [_refusal(run, unclean) for run in runs]


def _refusal(run: RunDirectory, unclean: list[str]) -> Refusal:
    untraceable = list(unclean)
    if not run.source:
        untraceable += [*_untracked(run), *_not_recorded(run), *_outdated(run)]
    other = mismeasured(run)
    judged = not other and (run.metrics or not run.source)
    elsewhere = run.metrics if run.source else None
    violations = judge(run.config, elsewhere=elsewhere).violations if judged else []
    lines = [f"{run.name} is not accepted: {line}" for line in violations]
    return Refusal(untraceable, lines, other)


def unchecked(run: RunDirectory) -> list[str]:
    """Say what nobody could check of results that lie elsewhere; not where: that may be private."""
    if not run.source:
        return []
    found = ["The results come from outside this repository: DVC has no record of them, and "
             "nothing here says that this commit's code and data give them"]  # fmt: skip
    if not run.metrics and run.config.acceptance:
        found.append(f"There is no {METRICS} with them, so nothing says whether they are accepted")
    return found


def without_commit(run: RunDirectory) -> str | None:
    """Say that a model was trained before the first commit; its version's tag still names one."""
    if run.train.get("git_commit") or run.source:
        return None
    pipeline = run.config.file.with_name("dvc.yaml")
    return (
        f"{run.name} was trained before the first commit, so train_configuration.yaml and the card "
        "name none as that of the training; to have one named, `dvc repro --force --single-item "
        f"{pipeline}:train`, then `sh run.sh {run.name}` and commit."
    )


def _unclean() -> list[str]:
    """Say why HEAD does not hold all that is here."""
    try:
        head()
    except UserError as error:
        why = str(error).rstrip(".")
        return [f"There is no Git commit that says what is published ({why}); `git commit` first"]
    found = []
    if is_shallow():
        found.append(
            "This clone is shallow, so there are no earlier results to compare with; "
            "`git fetch --unshallow`"
        )
    status = ("status", "--porcelain", "--no-renames", "--untracked-files=no", "-z")
    if changed := [line[3:] for line in git(*status, "--", ".", *WRITTEN).split("\0") if line]:
        found.append(f"Not committed: {listed(changed)}; commit or drop the changes")
    return found


def _untracked(run: RunDirectory) -> list[str]:
    """Say which files the model was made of are not in Git at all; others do not matter."""
    if commit() is None:
        return []
    folder = run.config.file.parent
    paths = [*MADE_OF, f"{folder}/*.yaml", f"{folder}/dvc.lock", str(metrics_path(run.config))]
    others = git("ls-files", "--others", "--exclude-standard", "-z", "--", *paths)
    found = list(filter(None, others.split("\0")))
    return [f"Not in Git: {listed(found)}; `git add` and commit"] if found else []


def _outdated(run: RunDirectory) -> list[str]:
    """Say that the model is not what this code, data and configuration give."""
    pipeline = run.config.file.with_name("dvc.yaml")
    if not (stages := outdated(str(pipeline))):
        return []
    return [
        f"{run.name} is not what this code, data and configuration give: {listed(stages)} would "
        f"run; `dvc repro {pipeline}` and commit, or set back what changed"
    ]


def _not_recorded(run: RunDirectory) -> list[str]:
    """Say why `dvc artifacts get` would not find what is published."""
    path, lock = run.weights.as_posix(), run.config.file.with_name("dvc.lock")
    problems = []
    if _artifact(run.name).get("path") != path:
        problems.append(
            f"dvc.yaml: artifacts has no {run.name} with `path: {path}` and `type: model`; add it"
        )
    known = recorded(lock)
    other = [file for file in run.files if known.get(file.as_posix()) != {md5(file)}]
    if other:
        problems.append(
            f"{', '.join(map(str, other))} is not as {lock} records it; `dvc repro` records what "
            "it trains, `dvc checkout` brings back what was recorded"
        )
    return problems


def _artifact(name: str) -> dict[str, str]:
    """Return an entry of `artifacts` in the root dvc.yaml, an empty one if there is none."""
    pipeline = Path("dvc.yaml")
    document = read_yaml(pipeline) if pipeline.is_file() else None
    return dict(((document or {}).get("artifacts") or {}).get(name) or {})

"""The CI workflow, executed: what a push and a pull request of a trained project must pass."""

from github.workflow import Results

from pipeline.cloud import CLOUD, Cloud
from pipeline.stages import MODEL

CONSISTENT = "The results are those of this code, data and configuration"
GOOD = "The model is good enough"
METRICS = f"training_metrics/{MODEL}/metrics.json"


def checked(cloud: Cloud, message: str = "An ordinary commit", **event: str) -> Results:
    """Run ci.yaml without what test_first_run.py and test_model_tests.py run."""
    cloud.lost = frozenset({"tests", "model_tests"})
    return cloud.start("ci", message=message, **event)


def pull_request(cloud: Cloud, branch: str, head_repository: str = "org/digits") -> Results:
    cloud.commit("A change")
    cloud.git("update-ref", "refs/pull/1/merge", branch)
    event = {"name": "pull_request", "ref": "refs/pull/1/merge", "base_ref": "main"}
    return checked(cloud, **event, head_repository=head_repository)


def signed_in(cloud: Cloud) -> bool:
    return any(name == "google-github-actions/auth" for name, _ in cloud.used)


def test_a_trained_and_pushed_project_passes(cloud: Cloud) -> None:
    results = checked(cloud)["results"]
    assert results.result == "success", results.log
    assert "Not checked: whether the artifacts are in DVC's remote" in results.log
    assert not signed_in(cloud)
    cloud.variables.update(CLOUD)
    results = checked(cloud)["results"]
    assert results.result == "success", results.log
    assert "Not checked" not in results.log
    assert signed_in(cloud)


def test_a_fork_s_pull_request_is_checked_without_any_access(cloud: Cloud) -> None:
    cloud.variables.update(CLOUD)
    cloud.project.run("git", "switch", "--quiet", "--create", "change")
    results = pull_request(cloud, "change", head_repository="fork/digits")["results"]
    assert results.result == "success", results.log
    assert not signed_in(cloud)
    assert pull_request(cloud, "change")["results"].result == "success"
    assert signed_in(cloud)


def test_a_pull_request_with_a_worse_or_untrained_model_fails(cloud: Cloud) -> None:
    cloud.project.run("git", "switch", "--quiet", "--create", "worse")
    metrics = cloud.project.yaml(METRICS)
    metrics["test"]["accuracy"] -= 0.1
    (cloud.project.path / METRICS).write_text(str(metrics).replace("'", '"'))
    results = pull_request(cloud, "worse")["results"]
    assert results.step(CONSISTENT).outcome == "failure"
    assert f"models/{MODEL}/dvc.yaml:evaluate, summary would run" in results.step(CONSISTENT).log
    assert results.step(GOOD).outcome == "failure"
    assert "0.1 worse than the baseline" in results.step(GOOD).log


def test_artifacts_that_nobody_pushed_are_named(cloud: Cloud) -> None:
    cloud.variables.update(CLOUD)
    cloud.project.run("dvc", "remote", "modify", "storage", "url", "gs://bucket/another")
    cloud.commit("Another place")
    results = checked(cloud)["results"]
    assert results.result == "failure"
    assert "DVC's remote lacks data/processed/circles/, data/raw/circles" in results.log


def test_a_cml_commit_is_judged_only_when_its_results_are_back(cloud: Cloud) -> None:
    assert checked(cloud, message="[cml] Train")["results"].result == "skipped"
    assert checked(cloud, name="workflow_dispatch")["results"].result == "success"

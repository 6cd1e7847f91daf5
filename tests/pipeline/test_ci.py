"""The CI workflow, executed: what a push and a pull request of a trained project must pass."""

import json

from github.workflow import Results

from pipeline.cloud import CLOUD, Cloud
from pipeline.stages import MODEL

GOOD = "The model is good enough"
METRICS = f"training_metrics/{MODEL}/metrics.json"


def checked(cloud: Cloud, *lost: str, message: str = "An ordinary commit", **event: str) -> Results:
    """Run ci.yaml without what test_first_run.py and test_model_tests.py run."""
    cloud.lost = frozenset({"tests", "model_tests", *lost})
    return cloud.start("ci", message=message, **event)


def pull_request(cloud: Cloud, branch: str, *lost: str, of: str = "org/digits") -> Results:
    cloud.commit("A change")
    cloud.git("update-ref", "refs/pull/1/merge", branch)
    event = {"name": "pull_request", "ref": "refs/pull/1/merge", "base_ref": "main"}
    return checked(cloud, *lost, **event, head_repository=of)


def signed_in(cloud: Cloud) -> bool:
    return any(name == "google-github-actions/auth" for name, _ in cloud.used)


def test_a_trained_and_pushed_project_passes(cloud: Cloud) -> None:
    consistency = checked(cloud, "acceptance")["consistency"]
    assert consistency.result == "success", consistency.log
    assert "Not checked: whether the artifacts are in DVC's remote" in consistency.log
    assert not signed_in(cloud)
    cloud.variables.update(CLOUD)
    results = checked(cloud, name="workflow_dispatch")
    assert results["consistency"].result == "success", results["consistency"].log
    assert "Not checked" not in results["consistency"].log
    assert signed_in(cloud)
    assert results["acceptance"].result == "success", results["acceptance"].log
    assert "✅ **Accepted**" in results["acceptance"].summary
    assert "| test.accuracy |" in results["acceptance"].summary
    assert results["acceptance"].step("Preview the report").outcome == "skipped"
    said = cloud.github.statuses[cloud.git("rev-parse", "main")]
    assert said == {
        "tests": "failure",  # `checked` lets their machines vanish
        "model_tests": "failure",
        "consistency": "success",
        "acceptance": "success",
    }


def test_a_fork_s_pull_request_is_checked_without_any_access(cloud: Cloud) -> None:
    cloud.variables.update(CLOUD)
    cloud.project.run("git", "switch", "--quiet", "--create", "change")
    cloud.bare = frozenset({"acceptance"})  # it needs neither TensorFlow nor the team's packages
    results = pull_request(cloud, "change", of="fork/digits")
    for name in ("consistency", "acceptance"):
        assert results[name].result == "success", results[name].log
    assert results["statuses"].result == "skipped"
    assert not signed_in(cloud)
    the_report_is_shown(cloud, results)
    assert pull_request(cloud, "change", "acceptance")["consistency"].result == "success"
    assert signed_in(cloud)


def the_report_is_shown(cloud: Cloud, results: Results) -> None:
    """In the job's summary, and with its pictures as an artifact."""
    shown = results["acceptance"].summary
    assert "✅ **Accepted**, compared with origin/main" in shown
    assert "![" not in shown
    kept = cloud.root / f"artifacts-{cloud.runs}/report/{MODEL}"
    assert "![Learning curves](curves.png)" in (kept / "report.md").read_text()
    assert (kept / "curves.png").is_file()


def test_a_pull_request_with_a_worse_or_untrained_model_fails(cloud: Cloud) -> None:
    cloud.project.run("git", "switch", "--quiet", "--create", "worse")
    metrics = cloud.project.yaml(METRICS)
    metrics["test"]["accuracy"] -= 0.1
    (cloud.project.path / METRICS).write_text(json.dumps(metrics))
    results = pull_request(cloud, "worse")
    assert results["consistency"].result == "failure"
    outdated = f"models/{MODEL}/dvc.yaml:evaluate, summary would run"
    assert outdated in results["consistency"].log
    assert results["acceptance"].step(GOOD).outcome == "failure"
    assert results["acceptance"].step("Preview the report").outcome == "success"
    assert "0.1 worse than the baseline" in results["acceptance"].step(GOOD).log
    assert "❌ **Not accepted**" in results["acceptance"].summary


def test_artifacts_that_nobody_pushed_are_named(cloud: Cloud) -> None:
    cloud.variables.update(CLOUD)
    cloud.project.run("dvc", "remote", "modify", "storage", "url", "gs://bucket/another")
    cloud.commit("Another place")
    consistency = checked(cloud, "acceptance")["consistency"]
    assert consistency.result == "failure"
    assert "DVC's remote lacks data/processed/circles/, data/raw/circles" in consistency.log

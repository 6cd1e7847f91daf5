"""What is printed for people: tables whose names can be copied, warnings on GitHub's machines."""

import pytest
from rich.table import Table

from modelyard.publishing.environments import Environment
from modelyard.publishing.publish import EnvironmentOutcome, print_outcomes
from modelyard.publishing.runner import warn_of_folders
from modelyard.terminal import print_table

LONG = "a_long_name_of_a_classifier_0123456789.keras"
URL = f"gs://a-bucket-with-a-long-name/{LONG}"


def test_a_table_never_breaks_a_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = Table("checkpoint", "bucket", "what")
    table.add_row(LONG, URL, "uploaded")
    print_table(table)
    environment = Environment(name="store", host=URL, path=f"packages/{LONG}")
    print_outcomes("x 1.0", [environment], {"store": EnvironmentOutcome("published")})
    said = capsys.readouterr().out
    for name in (LONG, URL, f"{URL}/packages/{LONG}"):
        assert f" {name} " in said


def test_a_folder_of_a_runner_is_warned_of_where_it_is_deleted_after_the_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    urls = ["gs://bucket/models", "file://../packages\n::error::"]
    warn_of_folders("environments.yaml: here", urls)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "self-hosted")
    warn_of_folders("environments.yaml: here", urls)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    warn_of_folders("environments.yaml: here", urls)
    assert capsys.readouterr().out == (
        "::warning::environments.yaml: here names file://../packages%0A::error::, a folder of this "
        "runner, which is deleted after the job: nobody can fetch from it. Name a bucket or a "
        "server.\n"
    )

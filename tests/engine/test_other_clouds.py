"""The examples of Other clouds, run as they stand, with stand-ins of each cloud's program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from documented import blocks
from github.runners import JIT, Runners
from pytest_httpserver import HTTPServer

from modelyard.cloud.launching import jit_runner

from .launching import output, serve_runners, set_up

PAGE = Path(__file__).parents[2] / "docs/other_clouds.md"
SCRIPTS = {block.heading: block.code for block in blocks(PAGE) if block.language == "shell"}
PROGRAMS = {"AWS": "aws", "Azure": "az", "SkyPilot": "sky"}
NAME = "cml-77-2"
# Notes what it is asked, and the secret file that it is given.
CLOUD = """\
#!/bin/sh
echo "$*" >>"$NOTES/asked"
cp user-data task.yaml "$NOTES" 2>/dev/null
[ ! -e "$NOTES/refuse" ] || { echo "no capacity" >&2; exit 3; }
case "$*" in *describe-instances*|*"vm list"*) cat "$NOTES/found" 2>/dev/null ;; esac
exit 0
"""


@pytest.fixture(name="github", autouse=True)
def _github(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runners:
    set_up(tmp_path, monkeypatch)
    programs = dict.fromkeys(PROGRAMS.values(), CLOUD)
    programs["modelyard"] = f'#!/bin/sh\nexec {sys.executable} -m modelyard "$@"\n'
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("NOTES", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return serve_runners(httpserver, monkeypatch)


def machine(cloud: str, verb: str) -> "subprocess.CompletedProcess[str]":
    command = ["sh", "-c", SCRIPTS[cloud], "ci/machine.sh", verb]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def asked(folder: Path) -> list[str]:
    path = folder / "asked"
    return path.read_text().splitlines() if path.exists() else []


def test_every_cloud_has_an_example() -> None:
    assert set(SCRIPTS) == set(PROGRAMS)


@pytest.mark.parametrize("cloud", PROGRAMS)
def test_a_machine_is_launched_and_deleted(cloud: str, tmp_path: Path, github: Runners) -> None:
    done = machine(cloud, "launch")
    assert (done.returncode, done.stderr) == (0, "")
    assert output(tmp_path) == {"runs_on": ["self-hosted", NAME], "on_vm": True}
    [call] = asked(tmp_path)
    assert JIT not in call + done.stdout
    given = (tmp_path / "user-data").read_text()
    assert given.startswith("#!/bin/bash\n")  # what cloud-init runs
    assert f"CONFIG={JIT}" in given
    assert list(Path().iterdir()) == []  # no secret stays
    [runner] = github.registered.values()
    assert NAME in {one["name"] for one in runner["labels"]}

    (tmp_path / "found").write_text("one two\n")
    assert machine(cloud, "delete").returncode == 0
    deleted = asked(tmp_path)[-1]
    assert "one two" in deleted or "cml-77-*" in deleted
    assert any(verb in deleted for verb in ("terminate-instances", "vm delete", "down"))


@pytest.mark.parametrize("cloud", PROGRAMS)
def test_a_refusal_fails_the_step_and_nothing_to_delete_does_not(
    cloud: str, tmp_path: Path
) -> None:
    assert machine(cloud, "delete").returncode == 0
    (tmp_path / "refuse").touch()
    done = machine(cloud, "launch")
    assert done.returncode == 3
    assert "no capacity" in done.stderr
    assert not (tmp_path / "output").exists()
    assert list(Path().iterdir()) == []


def test_the_script_fits_into_what_aws_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    longest = 6500  # characters of a registration: three files, twice in Base64
    monkeypatch.setattr("github.runners.JIT", "A" * longest)
    assert jit_runner.main([NAME]) == 0
    assert longest < len(capsys.readouterr().out) < 16_384


def test_a_name_that_could_be_a_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert jit_runner.main(["x; touch pwned"]) == 1
    assert "cannot be a runner's name" in capsys.readouterr().err

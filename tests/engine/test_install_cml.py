"""CML is installed from its release: only the pinned bytes, once, and found by later steps."""

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from modelyard.cloud import install_cml
from modelyard.command import finish

PROGRAM = b"#!/bin/sh\necho 0.20.6\n"
FILE = "/v0.20.6/cml-linux-x64"


@pytest.fixture(name="server", autouse=True)
def _server(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    monkeypatch.setattr(install_cml, "RELEASES", httpserver.url_for("").rstrip("/"))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("CML_SHA256", hashlib.sha256(PROGRAM).hexdigest())
    monkeypatch.setenv("GITHUB_PATH", str(tmp_path / "path"))
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
    return httpserver


def install() -> int:
    return finish(lambda: install_cml.main([]))


def test_later_steps_find_the_pinned_program_and_a_second_run_downloads_nothing(
    server: HTTPServer, tmp_path: Path
) -> None:
    server.expect_ordered_request(FILE).respond_with_data(status=503)  # for a moment
    server.expect_ordered_request(FILE).respond_with_data(PROGRAM)
    assert install() == 0
    (folder,) = (tmp_path / "path").read_text().splitlines()
    found = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    assert subprocess.run(["cml"], env=found, capture_output=True, check=True).stdout == b"0.20.6\n"
    assert install() == 0  # the server would answer 500 to a third question
    assert [path.name for path in Path(folder).iterdir()] == ["cml"]


def test_a_changed_program_is_replaced(server: HTTPServer) -> None:
    server.expect_request(FILE).respond_with_data(PROGRAM)
    install_cml.place().parent.mkdir(parents=True)
    install_cml.place().write_bytes(b"something else")
    assert install() == 0
    assert install_cml.place().read_bytes() == PROGRAM


def test_other_bytes_are_never_installed(
    server: HTTPServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.expect_request(FILE).respond_with_data(b"exchanged")
    assert install() == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {install_cml.address()} has the SHA-256 ")
    assert hashlib.sha256(b"exchanged").hexdigest() in said
    assert os.environ["CML_SHA256"] in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("value", "what"), [("", "is not set"), ("abc", "is not 64 hexadecimal")])
def test_without_a_pin_nothing_is_downloaded(
    value: str, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CML_SHA256", value)
    assert install() == 1
    said = capsys.readouterr().err
    assert f"The repository variable CML_SHA256 {what}" in said
    assert 'CML_SHA256 --body "$(curl -sSfL https://github.com/iterative/cml/releases' in said


def test_a_launcher_that_needs_no_cml_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VM_LAUNCHER", "gcloud")
    monkeypatch.delenv("CML_SHA256")
    assert install() == 0
    assert not install_cml.place().exists()


@pytest.mark.parametrize(("code", "asked"), [(404, 1), (503, 3)])
def test_a_release_that_cannot_be_had_is_one_sentence(
    code: int, asked: int, server: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.expect_request(FILE).respond_with_data("words of the server", code)
    assert install() == 1
    assert len(server.log) == asked
    assert f"CML could not be downloaded from {install_cml.address()}: HTTP {code}" in (
        capsys.readouterr().err
    )


def test_a_server_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install_cml, "RELEASES", "http://127.0.0.1:9")
    assert install() == 1
    assert "ConnectionRefusedError; start the run again" in capsys.readouterr().err

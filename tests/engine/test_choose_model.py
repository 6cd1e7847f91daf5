"""What a commit message or a manual run's input asks to train."""

import json
from pathlib import Path

import pytest

from modelyard.cloud import choose_model

from .tiny import MODEL, TINY, write_model, write_project


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODEL", raising=False)
    monkeypatch.delenv("MESSAGE", raising=False)
    write_project(tmp_path)
    other = json.loads(json.dumps(TINY).replace("/tiny", "/other_2"))
    Path("models/other_2").mkdir()
    Path("models/other_2/config.yaml").write_text(json.dumps(other))


@pytest.mark.parametrize(
    ("message", "model"),
    [
        ("[cml] other_2: lower rate", "other_2"),
        ("[CML] other_2: lower rate", "other_2"),
        ("[cml]other_2:", "other_2"),
        ("[cml] other_2:\n\nmore", "other_2"),
        ("[cml] lower rate", "tiny"),
        ("[cml]", "tiny"),
        ("[cml] see this: it works", "tiny"),
        ("[cml] https://example.com explains", "tiny"),
        ("[cml] fix\n\nother_2: in the body", "tiny"),
        ("", "tiny"),
        ('[cml] $(touch pwned) "; touch pwned; #', "tiny"),
    ],
)
def test_a_message_names_a_model_or_means_the_default(
    message: str, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESSAGE", message)
    assert choose_model.main([]) == 0
    assert capsys.readouterr().out == f"model={model}\n"


def test_a_manual_run_s_input_comes_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODEL", " other_2 ")
    monkeypatch.setenv("MESSAGE", "[cml] tiny: x")
    assert choose_model.main([]) == 0
    assert capsys.readouterr().out == "model=other_2\n"


@pytest.mark.parametrize("message", ["[cml] othr_2: x", "[cml] ../tiny: x", "[cml] $(date): x"])
def test_a_name_that_is_no_model_is_refused(
    message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESSAGE", message)
    assert choose_model.main([]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "which is not a model here" in captured.err
    assert "known models: other_2, tiny" in captured.err


def test_a_broken_configuration_is_refused_before_a_machine_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_model({**TINY, "params": {**TINY["params"], "epochs": 0}})
    assert choose_model.main([]) == 1
    assert f"{MODEL}/config.yaml: params.epochs is 0" in capsys.readouterr().err

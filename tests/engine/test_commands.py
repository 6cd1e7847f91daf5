"""`modelyard COMMAND`: one list, one way to refuse, completion, help at no cost."""

import shutil
import subprocess
import sys
from importlib import import_module

import pytest

from modelyard.__main__ import COMMANDS, main

from .conftest import Run

BASH = shutil.which("bash")
HELP_OF_ALL = """
import sys
from modelyard.__main__ import COMMANDS, main
for command in COMMANDS:
    try:
        status = main([*command.split(), "--help"])
    except SystemExit as end:
        status = end.code
    loaded = sorted({"tensorflow", "keras", "keras_tuner", "sklearn"} & set(sys.modules))
    print("result:", command, status or 0, loaded, flush=True)
"""


@pytest.mark.parametrize("asked", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    for command, (_, text) in COMMANDS.items():
        assert any(line.startswith(f"  {command} ") and line.endswith(text) for line in lines)
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["predicts"], "modelyard has no command 'predicts' (did you mean 'predict'?); "),
        (["cloud", "lanch"], "modelyard has no command 'cloud lanch' (did you mean 'cloud launch'"),
        (["cloud"], "modelyard has no command 'cloud'"),
        (["--version"], "modelyard has no command '--version'"),
        (["zzz", "--help"], "modelyard has no command 'zzz'; `modelyard --help` lists all."),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {sentence}")
    assert said.err.endswith("`modelyard --help` lists all.\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    assert callable(import_module(COMMANDS[command][0]).main)


def test_every_command_explains_itself_without_starting_tensorflow(python: Run) -> None:
    done = python("-c", HELP_OF_ALL)
    results = [line for line in done.stdout.splitlines() if line.startswith("result: ")]
    assert results == [f"result: {command} 0 []" for command in COMMANDS], done.stderr
    said = done.stdout.lower()
    for command in COMMANDS:  # four have a name of the seeds', which they give
        names = (f"modelyard {command} ", f"python -m ci.{command.replace('-', '_')} ")
        assert any(f"usage: {name}" in said for name in names), command


def test_a_command_that_takes_no_options_refuses_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["check", "models"])
    assert end.value.code == 2
    assert "usage: modelyard check" in capsys.readouterr().err


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("pre", ["predict"]),
        ("publish", ["publish", "publish-models"]),
        ("clo", ["cloud"]),
        ("cloud che", ["check-machine"]),
        ("cloud clean", ["cleanup"]),
        ("predict che", []),
    ],
)
def test_bash_completes(words: str, expected: list[str]) -> None:
    typed = f"modelyard {words}".split()
    script = (
        'eval "$($0 -m modelyard completion bash)"\n'
        f"COMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1}\n"
        '_modelyard; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [str(BASH), "-u", "-c", script, sys.executable],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == expected


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_script_is_valid(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    done = subprocess.run(
        [str(BASH), "-n"], input=script, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes_the_commands_and_those_of_cloud(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fish"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "-a 'check doctor adopt zoo convert models predict " in first
    assert "__fish_seen_subcommand_from cloud' -a 'bootstrap " in second

"""Programs that only record what they are asked, and answer what a test wants."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = """\
#!{python}
import json, sys
from pathlib import Path
folder = Path({folder!r})
with (folder / "calls.jsonl").open("a") as file:
    file.write(json.dumps([{name!r}, *sys.argv[1:]]) + "\\n")
said = " ".join(sys.argv[1:])
for program, part, stdout, stderr, code in json.loads((folder / "answers.json").read_text()):
    if program == {name!r} and part in said:
        sys.stdout.write(stdout)
        sys.stderr.write(stderr)
        sys.exit(code)
"""


@dataclass(frozen=True)
class Stubs:
    """Stand-ins for programs, first on PATH."""

    folder: Path

    def answer(
        self, program: str, part: str = "", stdout: str = "", stderr: str = "", code: int = 0
    ) -> None:
        """Answer a call whose arguments contain a text; the first answer that fits counts."""
        path = self.folder / "answers.json"
        answers = json.loads(path.read_text())
        path.write_text(json.dumps([*answers, [program, part, stdout, stderr, code]]))

    def calls(self, program: str, *parts: str) -> list[list[str]]:
        """Return the arguments of every call of a program that contains all parts."""
        path = self.folder / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [call[1:] for call in map(json.loads, lines) if call[0] == program]
        return [call for call in found if all(part in " ".join(call) for part in parts)]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> Stubs:
    """Put stand-ins for programs first on PATH."""
    folder.mkdir(parents=True)
    (folder / "answers.json").write_text("[]")
    for name in programs:
        path = folder / name
        path.write_text(SCRIPT.format(python=sys.executable, folder=str(folder), name=name))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return Stubs(folder)

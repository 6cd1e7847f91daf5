"""Programs of a runner: stand-ins for `gcloud` and `gh` that record, and `cml` to be installed."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.cloud.install_cml import VERSION

CML = Path(__file__).parent / "programs/cml"
# The real program would rent a machine: launching stays with the double.
REAL_CML = """\
#!/bin/sh
case "$1 $2" in "runner launch") exec '{double}' "$@" ;; esac
exec '{real}' "$@"
"""
RECORDER = """\
#!{python}
import json, os, sys
from pathlib import Path
folder = Path({folder!r})
with (folder / "{name}.jsonl").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
said = " ".join(sys.argv[1:])
for program, part, stdout in json.loads((folder / "answers.json").read_text()):
    if program == "{name}" and part in said:
        sys.stdout.write(stdout)
        break
"""


@dataclass(frozen=True)
class Programs:
    """A folder of programs, first on a job's PATH."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead to them."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        tools = str(self.folder / "tools")
        return {"PATH": path, "CML_DOUBLE": str(self.folder), "RUNNER_TOOL_CACHE": tools}

    @property
    def cml(self) -> Path:
        """`cml`, where `modelyard cloud install-cml` has put it on another day."""
        return self.folder / "tools/cml" / VERSION / "cml"

    def answer(self, program: str, part: str, document: Any) -> None:
        """Answer calls of a recorder whose arguments contain a text with JSON."""
        path = self.folder / "answers.json"
        known = json.loads(path.read_text())
        path.write_text(json.dumps([*known, [program, part, json.dumps(document)]]))

    def calls(self, program: str, part: str = "") -> list[list[str]]:
        """Return the arguments of a recorder's calls that contain a text."""
        return [call for call in self._lines(f"{program}.jsonl") if part in " ".join(call)]

    def launched(self) -> list[list[str]]:
        """Return the flags of every `cml runner launch`."""
        return self._lines("launched.jsonl")

    def _lines(self, name: str) -> list[list[str]]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def install(folder: Path) -> Programs:
    """Put `gcloud`, `gh` and, as a tool, `cml` into a folder: the real one if CML_BIN names it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "answers.json").write_text("[]")
    for name in ("gcloud", "gh"):
        path = folder / "bin" / name
        path.write_text(RECORDER.format(python=sys.executable, folder=str(folder), name=name))
        path.chmod(0o755)
    programs = Programs(folder)
    programs.cml.parent.mkdir(parents=True)
    if real := os.environ.get("CML_BIN"):
        programs.cml.write_text(REAL_CML.format(double=CML, real=real))
        programs.cml.chmod(0o755)
    else:
        shutil.copy(CML, programs.cml)
    return programs

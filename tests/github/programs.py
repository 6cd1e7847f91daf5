"""Programs that a runner has: `cml`, and stand-ins for `gcloud` and `gh` that record."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        return {"PATH": path, "CML_DOUBLE": str(self.folder)}

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
    """Put `cml` (the real one if CML_BIN names it), `gcloud` and `gh` into a folder."""
    (folder / "bin").mkdir(parents=True)
    (folder / "answers.json").write_text("[]")
    for name in ("gcloud", "gh"):
        path = folder / "bin" / name
        path.write_text(RECORDER.format(python=sys.executable, folder=str(folder), name=name))
        path.chmod(0o755)
    cml = folder / "bin/cml"
    if real := os.environ.get("CML_BIN"):
        cml.write_text(REAL_CML.format(double=CML, real=real))
        cml.chmod(0o755)
    else:
        shutil.copy(CML, cml)
    return Programs(folder)

"""The files through which a step hands on outputs, variables, paths and its summary."""

from collections.abc import Mapping
from pathlib import Path

KINDS = ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY")


class StepFiles:
    """GITHUB_ENV, GITHUB_OUTPUT, GITHUB_PATH and GITHUB_STEP_SUMMARY of one job."""

    def __init__(self, folder: Path) -> None:
        """Begin with empty files."""
        self.folder = folder
        self._paths: list[str] = []
        for kind in KINDS:
            self._file(kind).touch()

    def variables(self) -> dict[str, str]:
        """Return the variables that lead a step to its files."""
        return {f"GITHUB_{kind}": str(self._file(kind)) for kind in KINDS}

    def outputs(self) -> dict[str, str]:
        """Return what the step wrote as its outputs."""
        return _pairs(self._file("OUTPUT").read_text(encoding="utf-8"))

    def environment(self) -> dict[str, str]:
        """Return what the steps so far wrote for later ones."""
        return _pairs(self._file("ENV").read_text(encoding="utf-8"))

    def paths(self) -> list[str]:
        """Return what the steps so far put first on PATH, the latest first."""
        return self._file("PATH").read_text(encoding="utf-8").split("\n")[-2::-1]

    def summary(self) -> str:
        """Return the job's summary."""
        return self._file("STEP_SUMMARY").read_text(encoding="utf-8")

    def add_outputs(self, outputs: Mapping[str, str]) -> None:
        """Write the outputs of an action."""
        with self._file("OUTPUT").open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in outputs.items())

    def add_path(self, path: Path) -> None:
        """Put a folder first on PATH for later steps."""
        with self._file("PATH").open("a", encoding="utf-8") as file:
            file.write(f"{path}\n")

    def next_step(self) -> None:
        """Forget the outputs: they are the last step's."""
        self._file("OUTPUT").write_text("")

    def _file(self, kind: str) -> Path:
        return self.folder / f"github-{kind.lower()}"


def _pairs(text: str) -> dict[str, str]:
    """Read NAME=VALUE lines, and NAME<<END blocks."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, equals, value = line.partition("=")
        if "<<" in name:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        elif not equals:
            raise ValueError(f"{line!r} is no NAME=VALUE; GitHub refuses it")
        found[name] = value
    return found

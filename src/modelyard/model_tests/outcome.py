"""What became of a test: for people, for result.json, and for CI as JUnit XML."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from modelyard.errors import UserError
from modelyard.files import whole_file
from modelyard.terminal import print_table

from .definition import Case

NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Check:
    """One metric: what was expected, and what was observed."""

    metric: str
    expected: str
    observed: str
    passed: bool


@dataclass
class CaseOutcome:
    """What became of one test in one environment.

    Attributes:
        failures: a sentence each without its full stop; none: it passed.
        inference: by file of the model what parity said, or why it was not asked.
        log: the last lines of the training, where they say why it failed.
    """

    case: Case
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    inference: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def record(self) -> dict[str, Any]:
        """Return it for result.json."""
        return {
            "test": self.case.test,
            "env": self.case.env,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "failures": self.failures,
            "metrics": [asdict(check) for check in self.checks],
            "inference": self.inference,
        }


def print_outcomes(outcomes: Sequence[CaseOutcome]) -> None:
    """Print one table per test, one row per metric, and the last lines of trainings that failed."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for one in outcomes:
        result = "passed" if one.passed else "FAILED"
        table = Table("", "expected", "observed", box=None, pad_edge=False)
        for row in _rows(one) or [["no results"]]:
            table.add_row(*map(escape, row))
        console.print(f"\n[bold]{escape(one.case.name)}[/bold] {result} in {one.seconds:.0f} s")
        print_table(table)
    for one in outcomes:
        for line in one.log:
            print(f"{one.case.name} | {line}")


def _rows(one: CaseOutcome) -> list[list[str]]:
    wanted = f"within {one.case.asked.tolerance:g}"
    rows = [[check.metric, check.expected, check.observed] for check in one.checks]
    rows += [
        [file, "" if said.startswith(NOT_ASKED) else wanted, said]
        for file, said in one.inference.items()
    ]
    return [[*row, said.partition(":")[0]] for *row, said in rows]  # failures tell the rest


def remove_junit(path: Path) -> None:
    """Remove the results of a run before: a run that ends early must not leave them.

    Raises:
        UserError: no results can be written there.
    """
    if path.is_dir():
        raise UserError(f"--junit {path} is a folder; name a file.")
    try:
        with whole_file(path) as temporary:
            temporary.touch()
        path.unlink()
    except OSError as error:
        raise UserError(
            f"--junit {path} cannot be written ({error.strerror}); name another file."
        ) from None


def write_junit(path: Path, outcomes: Sequence[CaseOutcome]) -> None:
    """Write JUnit XML, a case each test and environment."""
    from junitparser import JUnitXml, TestCase, TestSuite

    suite = TestSuite("model tests")
    for one in outcomes:
        case = TestCase(one.case.test, f"model_tests.{one.case.env}", one.seconds)
        if one.failures:  # one element: readers count elements as tests
            case.result = [_failure(one.failures)]
        if one.log:
            case.system_out = "\n".join(map(_printable, one.log))
        suite.add_testcase(case)
    document = JUnitXml()
    document.add_testsuite(suite)
    with whole_file(path) as temporary:
        document.write(str(temporary), pretty=True)


def _failure(failures: Sequence[str]) -> Any:
    """Return the element of a test that failed: all that did in its text, the first in short."""
    from junitparser import Failure

    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    found = Failure(_printable(failures[0]) + more)
    found.text = "\n".join(map(_printable, failures))
    return found


def _printable(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return "".join(char for char in text if char.isprintable())

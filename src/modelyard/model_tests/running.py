"""Run one test: train in its folder, judge the metrics, and compare what was saved."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.config.requirement import Requirement
from modelyard.errors import UserError
from modelyard.files import read_json
from modelyard.report import machine

from .code import Code
from .data import stamps
from .definition import Case
from .hardware import NO_GPU, variables
from .inference import compare_forms, forms_of, read_scores
from .limits import expected, observed
from .outcome import NOT_ASKED, CaseOutcome, Check
from .perturbations import part_of
from .processes import DRIVER, Job, Processes, StoppedError
from .progress import NO_STATUS, OUTPUT, STAGE, Board, look, said_in
from .workspace import (
    brings_adapter,
    check_code,
    find_trained,
    inputs,
    make_workspace,
    predictions_folder,
    write_result,
)

LAST_LINES = 20


@dataclass(frozen=True)
class Runner:
    """What all tests of a run share.

    Attributes:
        codes: by environment what is tested there, or a sentence why there is nothing.
        train: false takes the model that is there.
        inference: false leaves the saved model alone.
    """

    codes: Mapping[str, Code | str]
    processes: Processes
    board: Board
    train: bool = True
    inference: bool = True

    def run(self, case: Case) -> CaseOutcome:
        """Return what becomes of a test; whatever goes wrong, the others go on."""
        outcome, start = CaseOutcome(case), time.monotonic()
        try:
            self._run(case, outcome)
        except UserError as error:
            outcome.failures += [line.rstrip(".") for line in str(error).splitlines()]
        except StoppedError:
            raise
        except Exception as error:
            outcome.failures.append(" ".join(f"{type(error).__name__}: {error}".split()))
        outcome.seconds = time.monotonic() - start
        write_result(case, outcome.record())
        self.board.say(case, "passed" if outcome.passed else "FAILED")
        return outcome

    def _run(self, case: Case, outcome: CaseOutcome) -> None:
        code = self.codes[case.env]
        if isinstance(code, str):
            raise UserError(code)
        if not self.train:
            root, said = find_trained(case)
            self.board.say(case, said)
        elif self._train(case, code, outcome):
            root = case.folder
        else:
            return
        judge(case, root, outcome)
        self._infer(case, code, root, outcome)

    def _train(self, case: Case, code: Code, outcome: CaseOutcome) -> bool:
        """Train and evaluate in a folder made anew; say whether that went well."""
        if case.gpu and brings_adapter(case) and machine.gpu().startswith(machine.NO_GPU):
            raise UserError(f"{NO_GPU}.")  # of another framework: TensorFlow does not know it
        make_workspace(case)
        self.board.say(case, "training")
        log, limit = case.folder / OUTPUT, case.asked.time_limit
        before = stamps(inputs(case))
        gpu = [NO_GPU] if case.gpu and not brings_adapter(case) else []
        job = _job(case, code, log, limit, "train", code.package, str(case.config.file), *gpu)
        status = self.processes.run(job, lambda: look(case, self.board))
        latest = look(case, self.board)
        outcome.failures += _damage(before, stamps(inputs(case)))
        if status == 0:
            check_code(case, code)
            return True
        outcome.log = said_in(log)[-LAST_LINES:]
        outcome.failures.append(
            f"the training took longer than time_limit, {limit:g} seconds, and was ended; last "
            f"status: {latest}"
            if status is None
            else f"the training ended with exit status {status}: {_last_words(log)}"
        )
        return False

    def _infer(self, case: Case, code: Code, root: Path, outcome: CaseOutcome) -> None:
        """Have a process that knows nothing of the training predict, and compare."""
        if not self.inference or brings_adapter(case):
            reason = "adapter.py defines what is saved" if self.inference else "--no-inference"
            outcome.inference["inference"] = f"{NOT_ASKED} ({reason})"
            return  # perturbations are not asked for either
        self.board.say(case, "predicting")
        into, log = predictions_folder(case), case.folder / "inference.txt"
        log.unlink(missing_ok=True)
        paths = (
            root / case.config.output_paths.model.root,
            root / case.config.input_paths.data,
            into,
        )
        forms = [f"{form}={file.resolve()}" for form, file in forms_of(case, root).items()]
        amounts = case.asked.perturbations.amounts()
        forms += [f"{name}={amount}" for name, amount in amounts.items()]
        limit = case.asked.inference_time_limit
        arguments = (code.package, *(str(path.resolve()) for path in paths), *forms)
        job = _job(case, code, log, limit, "predict", *arguments)
        status = self.processes.run(job, lambda: None)
        self.board.repeat(case, log, said_in(log))
        silence = (
            f"no answer within inference_time_limit, {limit:g} seconds"
            if status is None
            else f"no answer, exit status {status}: {_last_words(log)}"
        )
        outcome.inference, failures = compare_forms(case, root, into, silence)
        outcome.failures += failures
        scores, none = read_scores(into, silence)
        _judge([one for one in case.asked.metrics if part_of(one)], scores, case, outcome, none)


def judge(case: Case, root: Path, outcome: CaseOutcome) -> None:
    """Compare every metric of a project's model with its limits; all that fail are named."""
    metrics = read_json(root / case.config.output_paths.training_metrics / "metrics.json")
    _judge([one for one in case.asked.metrics if not part_of(one)], metrics, case, outcome)


def _judge(
    limits: Sequence[Requirement],
    metrics: object,
    case: Case,
    outcome: CaseOutcome,
    silence: str | None = None,
) -> None:
    """Compare metrics with their limits; `silence` says why there are none."""
    for requirement in limits:
        wanted = expected(requirement)
        found, passed = observed(requirement, metrics, case.config.exports)
        found = f"nothing: {silence}" if silence else found
        outcome.checks.append(Check(requirement.name, wanted, found, passed))
        if not passed:
            outcome.failures.append(f"{requirement.name}: expected {wanted}, observed {found}")


def _damage(before: Mapping[Path, object], now: Mapping[Path, object]) -> list[str]:
    """Say what became of data that a test shares with the checkout, and must not write into."""
    changed = [path for path in before if now.get(path) != before[path]]
    if not changed:
        return []
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return [
        f"{changed[0]}{more} was written into while the test ran, and is the checkout's own; "
        "restore it with `dvc checkout`, and have the training write only where output_paths says"
    ]


def _job(case: Case, code: Code, log: Path, limit: float, *arguments: str) -> Job:
    """Return the driver in the test's folder; -P keeps the driver's own folder off the path."""
    command = (str(code.python), "-P", str(DRIVER), *arguments)
    environment = {**code.variables, **variables(case.gpu)}
    return Job(command, case.folder, environment, log, limit, case.asked.polling_interval)


def _last_words(log: Path) -> str:
    """Return what a process ended with: its error, else its last line."""
    lines = [line for line in said_in(log) if not line.startswith(STAGE)]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or lines or [NO_STATUS])[-1].rstrip(".")

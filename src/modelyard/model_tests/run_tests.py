"""Model tests: train as model_tests.yaml says, judge the metrics, and what was saved."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from modelyard.command import finish, print_error, program
from modelyard.errors import UserError

from .code import Code, code_of, remove_installed
from .data import check_limits, prepare_data
from .definition import WORK, Case, load_cases, select
from .logs import LEVELS, shown
from .outcome import CaseOutcome, print_outcomes, remove_junit, write_junit
from .processes import Processes
from .progress import Board
from .running import Runner

ENDED = 130  # as a shell says of what Ctrl-C ended


def run_tests(options: argparse.Namespace) -> bool:
    """Run the tests selected; everything is checked before the first one trains.

    Raises:
        UserError: a mistake, or a line for everything that failed.
    """
    if options.junit:
        remove_junit(options.junit)
    cases = select(load_cases(), options.test, options.env, quick=options.quick)
    with _alone():
        prepare_data()
        check_limits(cases)
        try:
            codes = {env: _code(env) for env in dict.fromkeys(case.env for case in cases)}
            outcomes = _run(cases, codes, options)
        finally:
            remove_installed()
    print_outcomes(outcomes)
    if options.junit:
        write_junit(options.junit, outcomes)
    failures = [f"{one.case.name}: {failure}." for one in outcomes for failure in one.failures]
    if failures:
        raise UserError("\n".join(failures))
    return True


def _run(
    cases: list[Case], codes: dict[str, Code | str], options: argparse.Namespace
) -> list[CaseOutcome]:
    """Run tests side by side; whatever ends this process ends what it started."""
    processes = Processes()
    with Board(cases) as board, ThreadPoolExecutor(options.jobs) as pool:
        runner = Runner(
            codes, processes, board, train=not options.no_train, inference=not options.no_inference
        )
        futures = [pool.submit(runner.run, case) for case in cases]
        try:
            return [future.result() for future in futures]
        except BaseException:
            processes.end()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _code(env: str) -> Code | str:
    """Return what is tested in an environment; what is wrong there fails its tests only."""
    try:
        return code_of(env)
    except UserError as error:
        return str(error)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second run out of the same folders; the lock goes with the process."""
    WORK.mkdir(exist_ok=True)
    lock = FileLock(WORK / "lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"Model tests are running in this checkout already ({WORK / 'lock'} is held); "
            "wait for them."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM into what Ctrl-C is."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tests, such as 2")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests; return 0 if all passed, 1 if one failed or there is a mistake."""
    parser = argparse.ArgumentParser(prog=program("ci.run_tests"), description=__doc__)
    add: Callable[..., object] = parser.add_argument
    add("--test", action="append", default=[], metavar="NAME", help="this test; default: all")
    add("--quick", action="store_true", help="only tests with quick: true")
    add("--env", metavar="NAME", help="only in this environment; default: all that a test names")
    add("--no-train", action="store_true", help="take the model that is there")
    add("--no-inference", action="store_true", help="do not load what was saved")
    add("--jobs", type=_count, default=1, metavar="N", help="tests side by side; default: 1")
    add("--junit", type=Path, metavar="FILE", help="write the results as JUnit XML")
    add("--log-level", choices=LEVELS, default="info", help="debug: also what trainings print; "
        "warning: the results alone; default: info")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        with _ended_by_signals(), shown(options.log_level):
            return finish(lambda: run_tests(options))
    except KeyboardInterrupt:
        print_error("ended; nothing of the tests goes on running.")
        return ENDED


if __name__ == "__main__":
    sys.exit(main())

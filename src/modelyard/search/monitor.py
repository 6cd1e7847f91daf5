"""What happens whenever a trial has ended: a line, the tables, and the disk freed."""

import time
from typing import Self

from .oracle import SearchOracle
from .pace import Pace
from .record import TrialResult, drop_backups
from .report import best_result, progress_line, write_trials
from .state import Search

TABLES_SECONDS = 5.0  # the tables are written anew at most this often, and at the end


class Monitor:
    """Watches an oracle in a `with` block: prints lines, writes the tables, frees the disk."""

    def __init__(self, search: Search, oracle: SearchOracle, at_once: int) -> None:
        """Begin with the trials that ended before; `at_once` is how many run at the same time."""
        self.search, self.oracle, self.pace = search, oracle, Pace(at_once)
        self.results = {result.number: result for result in search.results()}
        self.backups = set(oracle.trials)
        self.written = -TABLES_SECONDS

    def __enter__(self) -> Self:
        """Be told of each trial that ends, and end the search when too many failed."""
        self.oracle.on_end, self.oracle.enough = self.ended, self.enough
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no longer."""
        self.oracle.unwatched()

    def enough(self) -> bool:
        """Say whether the search must propose nothing more."""
        return self.search.failed_too_often(list(self.results.values()))

    def ended(self, trial_id: str) -> None:
        """Tell how a trial ended."""
        result = self.search.record.read(trial_id) or self._unrecorded(trial_id)
        self.results[result.number] = result
        self.pace.ended(result)
        objective, results = self.search.config.tuning.objective, list(self.results.values())
        each = self.pace.seconds_each(results)
        line = progress_line(result, results, objective, self.search.total, each)
        print(line, flush=True)
        if time.monotonic() - self.written > TABLES_SECONDS:
            self._write_tables()
        self._drop_backups(trial_id)

    def _write_tables(self) -> None:
        folder = self.search.config.output_paths.training_metrics
        results = [self.results[number] for number in sorted(self.results)]
        write_trials(folder, results, self.search.space)
        self.written = time.monotonic()

    def _unrecorded(self, trial_id: str) -> TrialResult:
        """Make do with what the protocol carries when a worker could not write its result."""
        trial = self.oracle.trials[trial_id]
        values = dict(self.search.space.complete(trial.hyperparameters.values))
        result = TrialResult(number=int(trial_id), status="failed", values=values)
        if trial.score is None:
            result.reason = "its worker could not write why"
        else:
            result.status, result.score = "completed", trial.score
        self.search.record.write(trial_id, result)
        return result

    def _drop_backups(self, ended: str) -> None:
        """Keep the weights of the best trial and of those that may be continued."""
        self.backups.add(ended)
        best = best_result(self.results.values(), self.search.config.tuning.objective)
        kept = self.oracle.continued() | {i for i in self.backups if best and int(i) == best.number}
        running = {trial.trial_id for trial in self.oracle.ongoing_trials.values()}
        for trial_id in self.backups - kept - running:
            drop_backups(self.search.record.trial_folder(trial_id))
            self.backups.discard(trial_id)

"""One search from its configuration to its best trial: what it may try, has tried, found."""

from collections.abc import Sequence
from functools import cached_property

from modelyard.adapter import AdapterModel
from modelyard.adapter.listed import check_listed
from modelyard.adapter.loading import adapter_class
from modelyard.config.schema import Config
from modelyard.data.manifest import read_manifest
from modelyard.errors import UserError

from .outlook import outlook
from .record import SearchRecord, TrialResult
from .report import best_result, write_trials
from .space import Space


class Search:
    """A search for the best hyperparameters of one model.

    Attributes:
        total: trials it will have at most: max_trials, or all combinations of a small space.
    """

    def __init__(self, config: Config, adapter: type[AdapterModel]) -> None:
        """Read everything a search depends on; nothing is written yet.

        `adapter` trains one trial, unless the model brings one of its own.
        """
        read_manifest(config.input_paths.data).check_batch_size(config)
        self.config, tuning = config, config.tuning
        self.record = SearchRecord(config)
        self._adapter = adapter
        self.space = Space(tuning.hyperparams)
        # Hyperband trains the same combination again, for more epochs.
        self.total = tuning.max_trials
        if tuning.oracle != "hyperband":
            self.total = self.space.count(tuning.max_trials, grid=tuning.oracle == "grid")

    @cached_property
    def adapter(self) -> type[AdapterModel]:
        """What trains one trial; importing an adapter.py may take its time."""
        check_listed(self.config, "tune")
        return adapter_class(self.config, self._adapter)

    def begin(self) -> str:
        """Claim the search for this process; say whether it is new and why, or how far it is."""
        reason = self.record.begin()
        done = len(self.results())
        what = outlook(self.config, self.space, self.total)
        line = f"Search {self.record.id} of {self.config.name}: {what}"
        return f"{line}; new: {reason}." if reason else f"{line}; continues after {done}."

    def results(self) -> list[TrialResult]:
        """Return all ended trials, in order."""
        return list(self.record.results(self.config.tuning.max_trials).values())

    def failed_too_often(self, results: Sequence[TrialResult]) -> bool:
        """Say whether more trials failed than the configuration allows."""
        failed = sum(result.score is None for result in results)
        return failed > self.config.tuning.max_failed_share * self.total

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to try."""
        results = self.results()
        return len(results) >= self.total or self.failed_too_often(results)

    def write_tables(self, results: Sequence[TrialResult]) -> None:
        """Write the tables of all trials."""
        write_trials(self.config.output_paths.training_metrics, results, self.space)

    def best(self, results: Sequence[TrialResult]) -> TrialResult:
        """Return the best trial.

        Raises:
            UserError: none succeeded, or too many failed.
        """
        best = best_result(results, self.config.tuning.objective)
        failed = [result for result in results if result.score is None]
        if best is None or self.failed_too_often(results):
            raise UserError(self._failure(results, failed))
        return best

    def _failure(self, results: Sequence[TrialResult], failed: Sequence[TrialResult]) -> str:
        first = failed[0]
        share = self.config.tuning.max_failed_share
        why = first.reason.rstrip(".")
        return (
            f"{self.config.file}: {len(failed)} of {len(results)} trials of search "
            f"{self.record.id} failed (tuning.max_failed_share is {share:g}); trial "
            f"{first.number}: {why}. Mend that, or remove {self.record.path} to try the same again."
        )

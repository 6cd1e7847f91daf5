"""What KerasTuner's oracles lack.

The defaults are the first trial; no combination is tried twice; a small space is tried to its end;
the state on disk cannot be torn by a kill; no trial is forgotten when a search is reloaded.
"""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner import HyperParameters

from modelyard.config.choices import BooleanTuning, ChoiceTuning
from modelyard.config.ranges import FloatTuning, IntTuning
from modelyard.config.tuning_section import Tuning

from .internals import OpenOracle, write_state
from .space import MOST_LISTED, Space

MOST_EQUAL_DRAWS = 100  # equal draws in a row after which the rest of a finite space is listed
STOPPED = {"status": "STOPPED", "values": None}
INTERNAL = "tuner/"  # prefix of what Hyperband adds to a trial's values


class SearchOracle(OpenOracle):
    """What all oracles of this project share; an oracle of KerasTuner draws the values.

    Attributes:
        on_end: called with a trial's id after it has ended and is saved.
        enough: says whether the search must propose nothing more.
    """

    on_end: Callable[[str], None]
    enough: Callable[[], bool]
    trials: dict[str, Any]
    ongoing_trials: dict[str, Any]

    def __init__(self, space: Space, tuning: Tuning, **options: Any) -> None:
        """Search a space for the objective of a configuration."""
        self.search_space = space
        super().__init__(
            objective=keras_tuner.Objective(tuning.objective.metric, tuning.objective.direction),
            hyperparameters=declare(space),
            allow_new_entries=False,
            seed=tuning.seed + 1,  # KerasTuner takes 0 for no seed
            **options,
        )
        self.max_trials = tuning.max_trials
        self.verbose = 0
        self.unwatched()

    def unwatched(self) -> None:
        """Tell nobody how trials end, and propose as long as there is something to try."""
        self.on_end, self.enough = lambda _: None, lambda: False

    def open(self, folder: Path, search_id: str, results: Collection[int] | None = None) -> None:
        """Keep the state in folder/search_id, and continue from what is there.

        A trial that has ended, but is not among the `results`, is repeated.
        """
        self.keep_in(folder, search_id)
        if self.state_file.is_file():
            self.reload()
        ended = [] if results is None else [i for i in self.end_order if int(i) < self.max_trials]
        for trial_id in ended:
            if int(trial_id) not in (results or ()):
                self.begin_again(self.trials[trial_id])

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Propose values: the defaults first, then what the oracle draws, never a duplicate."""
        if self.enough():
            return STOPPED
        if not self.start_order:
            return running(self._first())
        proposal: dict[str, Any] = super().populate_space(trial_id)
        if proposal.get("values") is None:
            return proposal
        values = self._completed(proposal["values"])
        unseen = self.random_values() if self.tried(values) else values
        return running(unseen) if unseen else STOPPED

    def _first(self) -> dict[str, Any]:
        return dict(self.search_space.defaults)

    def _completed(self, drawn: dict[str, Any]) -> dict[str, Any]:
        internal = {name: value for name, value in drawn.items() if name.startswith(INTERNAL)}
        return {**self.search_space.complete(drawn), **internal}

    def random_values(self) -> dict[str, Any] | None:
        """Draw values that were not tried, None when there are none left."""
        for _ in range(MOST_EQUAL_DRAWS):
            values = self._completed(self.draw())
            if not self.tried(values):
                return values
        if not self.search_space.finite:
            return None
        rest = (dict(values) for values in self.search_space.combinations())
        return next((values for values in rest if not self.tried(values)), None)

    def end_trial(self, trial: Any) -> None:
        """End a trial; of two workers that report the same one, the second changes nothing."""
        if trial.trial_id in self.end_order:
            ongoing = self.ongoing_trials.items()
            self.ongoing_trials = {i: t for i, t in ongoing if t.trial_id != trial.trial_id}
            return
        self.queue = [i for i in self.queue if i != trial.trial_id]
        super().end_trial(trial)
        self.on_end(trial.trial_id)

    @property
    def waiting(self) -> bool:
        """Whether a trial of a dead worker waits for another one."""
        return bool(self.queue)

    def continued(self) -> set[str]:
        """Return the trials whose training a later trial may continue."""
        return set()

    def requeue(self, tuner_id: str) -> None:
        """Give the trial of a dead worker to the next one that asks."""
        trial = self.ongoing_trials.pop(tuner_id, None)
        self.tuner_ids.discard(tuner_id)
        if trial is not None:
            self.queue.append(trial.trial_id)
            self.save()

    def end_lost(self, trial_id: str, score: float | None, reason: str) -> None:
        """End the trial of a dead worker, whose result is known; without a score it has failed."""
        trial = self.trials[trial_id]
        if score is not None:
            self.update_trial(trial_id, {self.objective.name: score})
        trial.status, trial.message = ("FAILED", reason) if score is None else ("COMPLETED", None)
        self.end_trial(trial)

    def save(self) -> None:
        """Write the state whole or not at all."""
        write_state(self.state_file, self.get_state())

    def reload(self) -> None:
        """Continue a killed search: keep what ended, queue what ran, drop what never began."""
        super().reload()
        begun = set(self.start_order)
        kept = sorted((t for t in self.trials.values() if t.trial_id in begun), key=_number)
        self.trials = {trial.trial_id: trial for trial in kept}
        for trial in kept:
            self.note_values(trial)
        unfinished = [t.trial_id for t in kept if t.status in {"RUNNING", "INVALID"}]
        # The queue is emptied from its end.
        self.queue = [i for i in reversed(unfinished) if int(i) < self.max_trials]
        self.end_order += sorted(begun - {*self.end_order, *unfinished})


def declare(space: Space) -> HyperParameters:
    """Tell KerasTuner what to search; conditions are applied to what it draws."""
    hyperparameters = HyperParameters()
    for name, tuning in space.searched.items():
        default = space.declared[name].default_value
        if isinstance(tuning, BooleanTuning):
            hyperparameters.Boolean(name, default=default)
        elif isinstance(tuning, ChoiceTuning):
            hyperparameters.Choice(name, list(tuning.candidates()), default=default)
        elif (steps := _few_steps(tuning)) is not None:
            hyperparameters.Choice(name, steps, default=default)
        else:
            kind = hyperparameters.Int if isinstance(tuning, IntTuning) else hyperparameters.Float
            kind(name, tuning.min, tuning.max, sampling=tuning.sampling, default=default)
    return hyperparameters


def _few_steps(tuning: IntTuning | FloatTuning) -> list[int] | list[float] | None:
    """Return a range's steps; None for very many: then `typed` finds the nearest one."""
    values = None if tuning.step is None else tuning.candidates()
    return None if values is None or len(values) > MOST_LISTED else list(values)


def running(values: dict[str, Any]) -> dict[str, Any]:
    """Propose these values."""
    return {"status": "RUNNING", "values": values}


def _number(trial: Any) -> int:
    return int(trial.trial_id)

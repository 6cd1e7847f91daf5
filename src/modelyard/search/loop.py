"""The search loop: KerasTuner proposes values, an adapter trains them, the result is recorded."""

import math
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.errors import FailedTrialError, FatalError

from modelyard.adapter import ModelSpecs, checked_metrics, run_steps
from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.own_code import reason
from modelyard.damage import read_state
from modelyard.errors import UserError
from modelyard.faults import machine_fault
from modelyard.files import read_csv, whole_folder, write_json

from .internals import QuietTuner
from .pruning import Watch, fixed_limits
from .record import TakenOverError, TrialResult
from .state import Search
from .worker import Pulse

MOST_ATTEMPTS = 3  # a trial that ended its process so often without finishing an epoch has failed
IDLE_SECONDS = 0.2  # between two requests for a trial while an oracle waits for others


class SearchTuner(QuietTuner):
    """Runs trials one after the other; in a worker, those that the chief gives it."""

    def __init__(
        self,
        search: Search,
        oracle: keras_tuner.Oracle,
        pulse: Pulse | None = None,
    ) -> None:
        """Ask `oracle` for trials; with a pulse this is a worker, which asks its chief instead."""
        self.config, self.record, self.pulse = search.config, search.record, pulse
        self.alone = pulse is None
        self.space, self.adapter = search.space, search.adapter
        self._waiting = False
        super().__init__(
            oracle, directory=str(self.record.model_folder), project_name=self.record.id
        )

    def save(self) -> None:
        """Save nothing: the oracle saves itself."""

    def pre_create_trial(self) -> None:
        """Wait a moment when the last request brought no trial."""
        if self._waiting:
            time.sleep(IDLE_SECONDS)
        self._waiting = True

    def on_trial_begin(self, trial: Any) -> None:
        """Note that the oracle had a trial."""
        self._waiting = False
        if self.pulse:
            self.pulse.trial_id = trial.trial_id

    def on_trial_end(self, trial: Any) -> None:
        """Report to the oracle."""
        self.oracle.end_trial(trial)
        if self.pulse:
            self.pulse.trial_id = None

    def run_trial(self, trial: Any) -> dict[str, float]:
        """Return the objective of a trial; one that ended before is not trained again."""
        try:
            result = self._ended(trial) or self._run(trial)
        except TakenOverError as error:
            raise FatalError(str(error)) from None
        if result.score is None:
            raise FailedTrialError(result.reason)
        return {self.config.tuning.objective.metric: result.score}

    def _ended(self, trial: Any) -> TrialResult | None:
        """Return the result of a trial that ended before; one of other values is of another."""
        result = self.record.read(trial.trial_id)
        values = self.space.complete(trial.hyperparameters.values)
        return result if result and result.values == dict(values) else None

    def _run(self, trial: Any) -> TrialResult:
        """Train, and record the result or why there is none."""
        values = self.space.complete(trial.hyperparameters.values)
        result = TrialResult(number=int(trial.trial_id), status="failed", values=dict(values))
        began = time.monotonic()
        try:
            self._count_attempt(trial.trial_id)
            scored = self._train(trial, values)
        except FatalError:
            raise
        except Exception as error:
            if said := machine_fault(error):  # no other trial would escape it
                raise FatalError(said) from error
            self.record.check_owner()
            (self.record.trial_folder(trial.trial_id) / "error.txt").write_text(
                traceback.format_exc(), "utf-8"
            )
            scored = {"reason": reason(error)}
        seconds = round(time.monotonic() - began, 3)
        result = result.model_copy(update={**scored, "seconds": seconds})
        self.record.check_owner()
        self.record.write(trial.trial_id, result)
        return result

    def _train(self, trial: Any, values: Hyperparameters) -> dict[str, Any]:
        """Train as often as configured; return the mean score and the sum of epochs.

        The first training has the same seed in every trial, so it alone is compared and pruned; a
        pruned trial has no further ones.
        """
        watch, scores, epochs = self._watch(trial), [], 0
        for execution in range(self.config.tuning.executions_per_trial):
            adapter = self.adapter(self._specs(trial, execution, watch), values)
            run_steps(adapter, explain=False)
            scores.append(self._score(adapter.get_metrics()))
            epochs += adapter.epochs_trained
            if watch.pruned:
                break
        self._check_watched(watch)
        mean = math.fsum(scores) / len(scores)
        status = "pruned" if watch.pruned else "completed"
        return {"status": status, "score": mean, "epochs": epochs, "curve": watch.curve}

    def _watch(self, trial: Any) -> Watch:
        tuning, folder = self.config.tuning, self.record.trial_folder(trial.trial_id)
        if tuning.pruning is None:
            return Watch(tuning.objective)
        others = self.record.results(tuning.max_trials).values()
        epochs = self.config.params.epochs
        limits = fixed_limits(folder, tuning.pruning, tuning.objective, epochs, others)
        return Watch(tuning.objective, limits)

    def _check_watched(self, watch: Watch) -> None:
        """End the search if nothing can be pruned: every trial would be trained to its end."""
        if self.config.tuning.pruning is None or any(value is not None for value in watch.curve):
            return
        what = f"{self.config.file}: tuning.pruning"
        if watch.reported is None:
            raise FatalError(
                f"{what} is set, but {self.config.adapter or 'src/tuner.py'} never hands its "
                "history to model_specs.prune; call it after each epoch and stop when it returns "
                "true, or remove tuning.pruning."
            )
        raise FatalError(
            f"{what} compares {self.config.tuning.objective.metric!r} epoch by epoch, but training "
            f"reports {', '.join(watch.reported)}; choose one of them as tuning.objective.metric, "
            "or remove tuning.pruning."
        )

    def _specs(self, trial: Any, execution: int, watch: Watch) -> ModelSpecs:
        params, drawn = self.config.params, trial.hyperparameters.values
        name = f"execution-{execution}"
        logs = self.record.path / "tensorboard" / trial.trial_id / name
        folder = self.record.trial_folder(trial.trial_id) / name
        if "tuner/trial_id" in drawn:  # of Hyperband: continue where that trial ended
            _inherit(self.record.trial_folder(drawn["tuner/trial_id"]) / name, folder)
        return ModelSpecs(
            config=self.config,
            seed=params.seed + execution,
            epochs=drawn.get("tuner/epochs", params.epochs),
            folder=folder,
            verbose=self.alone and sys.stdout.isatty(),
            tensorboard=logs if self.config.tuning.tensorboard else None,
            prune=watch if execution == 0 else None,
        )

    def _score(self, returned: Any) -> float:
        metric = self.config.tuning.objective.metric
        try:  # every trial would make the same mistake; one that diverged fails alone
            metrics = checked_metrics(returned, self.config, finite=False)
        except UserError as error:
            raise FatalError(str(error)) from None
        if metric not in metrics:
            raise FatalError(
                f"{self.config.file}: tuning.objective.metric is {metric!r}, which the adapter "
                f"does not report; reported: {', '.join(metrics)}."
            )
        score = metrics[metric]
        if not math.isfinite(score):
            raise UserError(f"{metric} is {score}, which cannot be compared.")
        return score

    def _count_attempt(self, trial_id: str) -> None:
        """Refuse a trial that ended its process again and again, as one that needs too much."""
        folder = self.record.trial_folder(trial_id)
        saved = folder / "attempts.json"
        none = {"attempts": 0, "rows": 0}
        before = read_state(saved, _attempts, "its attempts are counted anew") or none
        rows = sum(map(_rows, folder.glob("execution-*/history.csv")))
        attempts = 1 if rows > before["rows"] else before["attempts"] + 1
        if attempts > MOST_ATTEMPTS:
            raise UserError(
                f"It ended its process {MOST_ATTEMPTS} times; it may need too much memory."
            )
        write_json(saved, {"attempts": attempts, "rows": rows})


def _attempts(document: Any) -> dict[str, int]:
    return {key: int(document[key]) for key in ("attempts", "rows")}


def _rows(history: Path) -> int:
    """Return how many epochs a training had; it writes the file anew, damaged or not."""
    try:
        return len(read_csv(history))
    except (UserError, OSError):
        return 0


def _inherit(past: Path, folder: Path) -> None:
    """Copy the backup of another trial; without one the training begins anew."""
    if past.is_dir() and not folder.exists():
        with whole_folder(folder) as temporary:
            shutil.copytree(past, temporary, dirs_exist_ok=True)

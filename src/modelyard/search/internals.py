"""What the search uses of KerasTuner that KerasTuner does not document.

The rest of this room reads and overrides it by the names given here. A test names every member and
says which one a newer KerasTuner lacks; these are of version 1.4.8.
"""

import json
import traceback
from pathlib import Path
from typing import Any

import grpc
import keras_tuner
import numpy as np
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.errors import FailedTrialError, FatalError
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from modelyard.files import whole_file

__all__ = [
    "CHECKED", "OpenBayesian", "OpenHyperband", "OpenOracle", "OracleServicer", "QuietTuner",
    "add_servicer", "messages", "stub", "write_state",
]  # fmt: skip

CHECKED = "1.4.8"  # the version of keras-tuner
RECOMPUTED = ("tried_so_far", "id_to_hash", "run_times")  # of the state: grow with every trial


class OpenOracle(keras_tuner.Oracle):
    """An oracle whose inner state has names: where it is kept, what waits, what was tried."""

    end_order: list[str]
    _retry_queue: list[str]
    _seed_state: int

    @property
    def queue(self) -> list[str]:
        """The trials that wait for a worker, emptied from the end."""
        return self._retry_queue

    @queue.setter
    def queue(self, trial_ids: list[str]) -> None:
        self._retry_queue = trial_ids

    @property
    def state_file(self) -> Path:
        """Where the state is kept."""
        return Path(self._get_oracle_fname())

    def keep_in(self, folder: Path, name: str) -> None:
        """Keep the state in folder/name."""
        self._set_project_dir(str(folder), name)

    def get_state(self) -> dict[str, Any]:
        """Return the state without what the trials' own files tell."""
        state: dict[str, Any] = super().get_state()
        return state | {key: {} for key in RECOMPUTED}

    def tried(self, values: dict[str, Any]) -> bool:
        """Say whether a trial had these values."""
        found: bool = self._duplicate(values)
        return found

    def note_values(self, trial: Any) -> None:
        """Count the values of a trial as tried."""
        self._record_values(trial)

    def draw(self) -> dict[str, Any]:
        """Draw a value for every hyperparameter, whether or not its condition holds."""
        values = {}
        for hyperparameter in self.hyperparameters.space:
            values[hyperparameter.name] = hyperparameter.random_sample(self._seed_state)
            self._seed_state += 1
        return values

    def random_values(self) -> dict[str, Any] | None:
        """Draw values that were not tried, None when there are none left."""
        raise NotImplementedError

    def _random_values(self) -> dict[str, Any] | None:
        return self.random_values()

    def _save_trial(self, trial: Any) -> None:
        write_state(Path(self._get_trial_dir(trial.trial_id), "trial.json"), trial.get_state())

    def _check_consecutive_failures(self) -> None:
        """Go on after any number of failures: how many may fail, our own oracles decide."""

    def begin_again(self, trial: Any) -> None:
        """Forget how a trial ended."""
        trial.status, trial.message, trial.score = "RUNNING", None, None
        trial.metrics = type(trial.metrics)()
        self.end_order.remove(trial.trial_id)
        self.queue.insert(0, trial.trial_id)  # emptied from its end: what was running comes first


class OpenBayesian(BayesianOptimizationOracle):
    """KerasTuner's Bayesian search, with what it draws from and what it is fitted to."""

    def draw_from(self, generator: np.random.RandomState) -> None:
        """Draw the next proposal from a generator."""
        self._random_state = generator

    def scored_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the trials to fit as points (trials, hyperparameters), and their scores."""
        found: tuple[np.ndarray, np.ndarray] = super()._vectorize_trials()
        return found

    def _vectorize_trials(self) -> tuple[np.ndarray, np.ndarray]:
        return self.scored_points()


class OpenHyperband(HyperbandOracle):
    """KerasTuner's Hyperband, with its brackets."""

    @property
    def brackets(self) -> list[dict[str, Any]]:
        """The brackets that have begun and are not complete."""
        found: list[dict[str, Any]] = self._brackets
        return found

    def bracket_count(self) -> int:
        """Return how many brackets there are."""
        found: int = super()._get_num_brackets()
        return found

    def round_count(self, bracket: int) -> int:
        """Return how many rounds a bracket has."""
        found: int = self._get_num_rounds(bracket)
        return found

    def round_size(self, bracket: int, number: int) -> int:
        """Return how many trials a round of a bracket has."""
        found: int = self._get_size(bracket, number)
        return found

    def _get_num_brackets(self) -> int:
        return self.bracket_count()


class QuietTuner(BaseTuner):
    """A tuner that leaves it to us to say how a trial failed; KerasTuner prints the traceback."""

    def _try_run_and_update_trial(self, trial: Any, *_: Any, **__: Any) -> None:
        try:
            self._run_and_update_trial(trial)
            trial.status = "COMPLETED"
        except FatalError:
            raise
        except FailedTrialError as error:
            trial.status, trial.message = "FAILED", str(error)
        except Exception:
            trial.status, trial.message = "INVALID", traceback.format_exc()


def write_state(path: Path, document: dict[str, Any]) -> None:
    """Write JSON on one line, whole or not at all: it is written after every trial."""
    with whole_file(path, durable=True) as temporary:
        temporary.write_text(json.dumps(document))


def stub(channel: grpc.Channel) -> Any:
    """Return what asks a chief over a channel."""
    return protos.get_service_grpc().OracleStub(channel)


def messages() -> Any:
    """Return the module of the protocol's messages."""
    return protos.get_service()


def add_servicer(servicer: OracleServicer, server: grpc.Server) -> None:
    """Let a server answer the protocol."""
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)

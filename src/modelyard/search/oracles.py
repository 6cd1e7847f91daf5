"""The four oracles: KerasTuner's random, Bayesian and Hyperband search, and a grid."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras_tuner.oracles import RandomSearchOracle
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import Matern

from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.schema import Config

from .internals import OpenBayesian, OpenHyperband
from .oracle import STOPPED, SearchOracle, running
from .outlook import initial_points
from .space import Space

# Of ranges that are 0 to 1 wide. KerasTuner begins at 1e-5, which fits few points best and says
# nothing of what lies between them: the search is random again.
LENGTH_SCALES = (0.05, 20.0)
# Standard deviations by which a proposal may be better than the model expects. KerasTuner's 2.6
# spends a dozen trials on the corners of the space.
BETA = 1.0
MOST_POINTS = 100  # trials that a Gaussian process is fitted to: its cost grows with their cube


class RandomOracle(SearchOracle, RandomSearchOracle):
    """Draws every hyperparameter independently."""

    def __init__(self, space: Space, config: Config) -> None:
        """Search the space of a configuration."""
        super().__init__(space, config.tuning)


class GridOracle(SearchOracle):
    """Tries every combination in order; KerasTuner's own cannot be resumed.

    Where `max_trials` cuts the grid, its trials are spread over all of it.
    """

    _rest: Iterator[Hyperparameters] | None = None

    def __init__(self, space: Space, config: Config) -> None:
        """Search the space of a configuration."""
        super().__init__(space, config.tuning)

    def populate_space(self, trial_id: str) -> dict[str, Any]:  # noqa: ARG002
        """Propose the next combination that was not tried."""
        if self.enough():
            return STOPPED
        if self._rest is None:
            cut = self.search_space.size(grid=True) > self.max_trials
            space = self.search_space
            self._rest = space.spread() if cut else space.combinations(grid=True)
        return next((running(dict(v)) for v in self._rest if not self.tried(v)), STOPPED)


class BayesianOracle(SearchOracle, OpenBayesian):
    """Fits a Gaussian process to the scores so far and proposes what may beat them."""

    def __init__(self, space: Space, config: Config) -> None:
        """Search the space of a configuration."""
        super().__init__(space, config.tuning)
        self._fit_to_few()

    def reload(self) -> None:
        """Continue a killed search; one with more trials than before may draw more at random."""
        super().reload()
        self._fit_to_few()

    def _fit_to_few(self) -> None:
        """Let the model propose as soon as it can, and generalise from few trials."""
        total = self.search_space.count(self.max_trials, grid=False)
        self.num_initial_points = initial_points(total, len(self.search_space.searched))
        self.gpr.kernel = Matern(nu=2.5, length_scale_bounds=LENGTH_SCALES)
        self.beta = BETA

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Propose values that depend on seed and trials only, not on when the search was killed."""
        self.draw_from(np.random.RandomState([self.seed, len(self.trials)]))
        with warnings.catch_warnings():  # that a length scale is at its bound
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().populate_space(trial_id)

    def scored_points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the best and the latest trials, as many as can be fitted in reasonable time."""
        points, scores = super().scored_points()
        if len(scores) <= MOST_POINTS:
            return points, scores
        half = MOST_POINTS // 2
        kept = sorted({*np.argsort(scores)[:half], *range(len(scores) - half, len(scores))})
        return points[kept], scores[kept]


class HyperbandBracketsOracle(SearchOracle, OpenHyperband):
    """Gives many trials few epochs and the best of them more, in brackets that fit max_trials."""

    def __init__(self, space: Space, config: Config) -> None:
        """Search the space of a configuration, with `params.epochs` for those who survive."""
        self._affordable = config.tuning.max_trials - 1  # the defaults have a trial of their own
        super().__init__(
            space, config.tuning, max_epochs=config.params.epochs, hyperband_iterations=0
        )

    def _first(self) -> dict[str, Any]:
        epochs = {"tuner/epochs": self.max_epochs, "tuner/initial_epoch": 0}
        return {**super()._first(), **epochs}

    def bracket_count(self) -> int:
        """Leave out brackets so large that max_trials would end them before their last round."""
        possible = super().bracket_count()
        fitting = [n for n in range(possible) if self._bracket_size(n) <= self._affordable]
        return max(fitting, default=0) + 1

    def continued(self) -> set[str]:
        """Return the best trials of each round, as many as the next round has places."""
        kept: set[str] = set()
        for bracket in self.brackets:
            for number, trials in enumerate(bracket["rounds"][:-1], 1):
                places = self.round_size(bracket["bracket_num"], number)
                kept |= self._best([info["id"] for info in trials], places)
        return kept

    def _best(self, trial_ids: list[str], count: int) -> set[str]:
        ended = [self.trials[i] for i in trial_ids if self.trials[i].status == "COMPLETED"]
        sign = 1 if self.objective.direction == "min" else -1
        ended.sort(key=lambda trial: sign * trial.score)
        return {trial.trial_id for trial in ended[:count]}

    def _bracket_size(self, bracket: int) -> int:
        return sum(self.round_size(bracket, n) for n in range(self.round_count(bracket)))


ORACLES: dict[str, Callable[[Space, Config], SearchOracle]] = {
    "random": RandomOracle,
    "grid": GridOracle,
    "bayesian": BayesianOracle,
    "hyperband": HyperbandBracketsOracle,
}

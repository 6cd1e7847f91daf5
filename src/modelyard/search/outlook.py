"""What a search will do with its trials, as the line says that is printed when it begins."""

from modelyard.config.schema import Config
from modelyard.config.tuning_section import Pruning

from .space import Space

POINTS_BY_DIMENSION = 3  # random trials that KerasTuner has for each searched hyperparameter
MOST_RANDOM = 3  # a third of the trials at most
FEWEST_POINTS = 2  # that a Gaussian process can be fitted to


def initial_points(trials: int, dimensions: int) -> int:
    """Return how many trials of a Bayesian search must have completed before its model proposes."""
    return max(FEWEST_POINTS, min(POINTS_BY_DIMENSION * dimensions, trials // MOST_RANDOM))


def outlook(config: Config, space: Space, total: int) -> str:
    """Return the oracle, how many trials it has at most, and how it spends them."""
    parts = [_trials(config, space, total)]
    if config.tuning.oracle == "bayesian":
        parts.append(_model(initial_points(total, len(space.searched)), total))
    if config.tuning.pruning:
        parts.append(_pruning(config.tuning.pruning, config.params.epochs, total))
    return f"{config.tuning.oracle}, {', '.join(parts)}"


def _trials(config: Config, space: Space, total: int) -> str:
    tuning = config.tuning
    if total < tuning.max_trials:
        what = "the only combination" if total == 1 else f"all {total} combinations"
        return f"{what} (max_trials is {tuning.max_trials})"
    combinations = space.size(grid=True) if tuning.oracle == "grid" else total
    if combinations > total:
        return f"{total} of {combinations} combinations, spread over the grid"
    return f"{total} trial{'s' if total > 1 else ''}"


def _model(points: int, total: int) -> str:
    if total <= points:
        return "too few for its model to propose one: all are random"
    return f"its model proposes once {points} have completed"


def _pruning(pruning: Pruning, epochs: int, total: int) -> str:
    if pruning.after_trials >= total:
        return f"too few to prune one (pruning.after_trials is {pruning.after_trials})"
    if pruning.after_epochs >= epochs:
        return f"too short to prune one (pruning.after_epochs is {pruning.after_epochs})"
    return f"pruned once {pruning.after_trials} have completed"

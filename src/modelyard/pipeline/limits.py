"""Are limits of metrics that `evaluate` measures? Asked before a training, not after it."""

from collections.abc import Iterator

from modelyard.config.loading import ROOT_CONFIG, load_config, load_project
from modelyard.config.measured import heads_of, why_unmeasured
from modelyard.config.models import config_paths
from modelyard.config.requirement import Requirement
from modelyard.config.schema import Config
from modelyard.errors import UserError

from .metrics import measured_before


def check_limits() -> None:
    """Refuse an `acceptance`, or a `summary.metric`, of what no `evaluate` measures.

    Raises:
        UserError: one line per limit.
    """
    configs = [load_config(path) for path in config_paths()]
    problems = [line for config in configs for line in _acceptance(config)]
    metric, direction = load_project().summary.metric, load_project().summary.direction
    ranked = Requirement(metric=metric, direction=direction, min=0)
    reasons = [_why_not(ranked, config) for config in configs]
    if reasons and all(reasons):  # a model without it is ranked last
        problems.append(f"{ROOT_CONFIG}: summary.metric is {metric!r}: {reasons[0]}.")
    if problems:
        raise UserError("\n".join(problems))


def _acceptance(config: Config) -> Iterator[str]:
    for number, wanted in enumerate(config.acceptance):
        if why := _why_not(wanted, config):
            yield f"{config.file}: acceptance[{number}]: {wanted.name}: {why}."


def _why_not(wanted: Requirement, config: Config) -> str | None:
    return why_unmeasured(wanted, config, heads_of(config.task), measured_before(config))

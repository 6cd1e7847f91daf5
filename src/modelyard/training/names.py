"""Names of metrics in the configuration: refuse unknown ones before training."""

from pathlib import Path

from modelyard.errors import UserError, did_you_mean


def check_reported(file: Path, key: str, metric: str, reported: list[str]) -> None:
    """Refuse a metric that the model does not report, with the nearest one and all others."""
    if metric not in reported:
        raise UserError(
            f"{file}: {key} is {metric!r}, which the model does not report"
            f"{did_you_mean(metric, reported)}; reported: {', '.join(reported)}."
        )

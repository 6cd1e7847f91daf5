"""What a stage is asked to do: the command line of `python -m src.run`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from modelyard.documents import flat, gaps

from .data_section import SPLITS
from .hyperparameters import Hyperparameters, chosen_hyperparameters
from .loading import load_config, load_project, parse_overrides
from .schema import ProjectConfig


@dataclass(frozen=True)
class Options:
    """One stage and how to run it; files are read when they are first asked for.

    Attributes:
        stage: its name.
        module: runs the stages; a search starts it again for each of its workers.
        file: the model's configuration, None for the root's `model`.
        overrides: KEY=VALUE, which beat the files' values.
        dry_run: check with one batch, write nothing.
        remote: be a chief or worker of a search over several machines.
    """

    stage: str
    module: str = "src.run"
    file: Path | None = None
    overrides: Sequence[str] = ()
    dry_run: bool = False
    remote: bool = False

    @cached_property
    def project(self) -> ProjectConfig:
        """The root config.yaml."""
        return load_project(parse_overrides(self.overrides))

    @cached_property
    def config(self) -> Any:
        """The model's configuration, of the project's own class `Config`.

        To `evaluate` it says to read examples from disk, as each is needed once or twice.
        """
        config = load_config(self.file, parse_overrides(self.overrides))
        if self.stage != "evaluate":
            return config
        params = config.params.model_copy(update={"cache_mb": 0})
        return config.model_copy(update={"params": params})

    @cached_property
    def hyperparameters(self) -> Hyperparameters:
        """The values that `tune` chose."""
        return chosen_hyperparameters(self.config)

    def report(self, metrics: Mapping[str, Any]) -> None:
        """Print the numbers of a stage on one line; of several splits on a line each, and the gap.

        The gap is train minus test: how much better a model does on what it has learned from.
        """
        sections = {key: value for key, value in metrics.items() if key in SPLITS}
        if not sections:
            print(_line(metrics))
        for split, values in sections.items():
            print(f"{split}: {_line(values) or 'nothing to measure'}")
        if found := {key: train - test for key, (train, test) in gaps(metrics).items()}:
            print(f"train minus test: {_line(found)}")


def _line(metrics: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4f}" for name, value in flat(metrics) if isinstance(value, float)
    )

"""The stages of a project as a command line: `python -m src.run STAGE`."""

import argparse
from collections.abc import Callable
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Protocol

from . import RESULTS
from .adapter.listed import check_adapters
from .adapter.stages import own_stage
from .command import finish, program
from .config import Config, Options, check_all
from .config.project import Project, hand_over, source_folder
from .config.skeleton import check_skeleton
from .config.templates import is_template
from .errors import UserError
from .pipeline.limits import check_limits
from .pipeline.model_inputs import check_inputs
from .startup import import_tensorflow

__all__ = ["Options", "stages"]

Stage = Callable[[Options], None]
CHECK = "validate every configuration file and print the model that run.sh trains"
TRAINS = ("train", "evaluate")  # they need TensorFlow, unless an adapter of another framework runs


class Main(Protocol):
    """Runs the stages of a project."""

    def __call__(self, arguments: list[str] | None = None) -> int:
        """Run the stage that the arguments name, by default those of the process."""


def stages(
    spec: ModuleSpec | None, config: type[Config], *, results: int = RESULTS, **handed: Stage
) -> Main:
    """Hand a project's stages over to the engine; return the function that runs them.

    Args:
        spec: the `__spec__` of the module that calls; the workers of a search start that module.
        config: the class of a model's configuration, with the team's own keys.
        results: raised when equal inputs give other outputs; every stage depends on this file.
        handed: what each stage does, by its name; the first line of its docstring is its help.

    Returns:
        A function of the command line's arguments, which returns 0, or 1 after one sentence on
        what to mend.
    """
    module = spec.name if spec else "src.run"
    hand_over(Project(module, config, results))

    def main(arguments: list[str] | None = None) -> int:
        options = _options(module, handed, arguments)
        return finish(lambda: _run(options, handed))

    return main


def _run(options: Options, handed: dict[str, Stage]) -> None:
    check_skeleton()
    if options.remote and options.stage != "tune":
        raise UserError(f"command line: --remote belongs to tune, not to {options.stage}.")
    if options.stage == "check":
        check_all()
        check_inputs()
        check_limits()
        check_adapters()
        print(options.config.name)
        return
    if is_template(options.file):
        from .zoo.train_template import train_template

        train_template(options, {name: partial(_stage, stage) for name, stage in handed.items()})
        return
    _stage(handed[options.stage], options)


def _stage(stage: Stage, options: Options) -> None:
    """Run one stage, by the model's own adapter where it brings one."""
    own = own_stage(options, stage) if options.stage in TRAINS else stage
    if own is stage and options.stage in TRAINS:
        import_tensorflow(source_folder())
    own(options)


def _options(module: str, handed: dict[str, Stage], arguments: list[str] | None) -> Options:
    helps = {"check": CHECK} | {name: _help(stage) for name, stage in handed.items()}
    parser = argparse.ArgumentParser(
        prog=program(module),
        description="Run one stage of the pipeline.",
        epilog="stages: " + "; ".join(f"{name}: {text}" for name, text in helps.items()),
    )
    parser.add_argument("stage", choices=helps, metavar="{" + ",".join(helps) + "}")
    parser.add_argument(
        "--config", type=Path, help="models/<model>/config.yaml; train: or a filled-in template"
    )
    parser.add_argument("--dry-run", action="store_true", help="run one batch, write nothing")
    parser.add_argument(
        "--remote", action="store_true", help="tune: be a chief or worker of several machines"
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="beats the files' values")
    found = parser.parse_intermixed_args(arguments)
    return Options(found.stage, module, found.config, found.overrides, found.dry_run, found.remote)


def _help(stage: Stage) -> str:
    return (stage.__doc__ or "").strip().partition("\n")[0].rstrip(".")

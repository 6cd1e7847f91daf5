"""Does every model read and write what this project prepares, makes and keeps?"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from modelyard.config.loading import ROOT_CONFIG, load_config
from modelyard.config.models import config_paths
from modelyard.config.schema import Config
from modelyard.config.skeleton import names_results
from modelyard.errors import UserError
from modelyard.files import read_yaml

from .definitions import PIPELINE, UNKNOWN, Stage, holds, stages
from .own_paths import path_problems
from .tracked import Tracked

STAGES = ("tune", "train", "evaluate")
VARIABLE = "${input_paths.data}"
RESULTS = "tool.modelyard.results"  # in dvc.yaml files of version 1.0


def check_inputs() -> None:
    """Refuse models whose inputs are nothing that a stage writes or DVC or Git tracks.

    That a folder merely lies there is not enough: the old one does after `data.processed` was
    renamed.

    Raises:
        UserError: one line per model, with what to write where.
    """
    if not Path(PIPELINE).is_file():
        return  # a project without DVC
    kept = cache(Tracked)  # looked up once, and only if a model has inputs of its own
    problems = [one for path in config_paths() for one in _problems(load_config(path), kept)]
    if problems:
        raise UserError("\n".join(problems))


def _problems(config: Config, kept: Callable[[], Tracked]) -> Iterator[str]:
    pipeline = config.file.with_name(PIPELINE)
    listed = stages(pipeline) if pipeline.is_file() else []
    yield from _data_problems(config, pipeline, listed, kept)
    yield from path_problems(config, pipeline, listed, kept)
    if pipeline.is_file() and RESULTS in pipeline.read_text("utf-8") and not names_results():
        yield (
            f"{pipeline}: `params` names {RESULTS} of pyproject.toml, which is `results` in "
            "src/run.py now; drop it, with its `pyproject.toml:`, from tune, train and evaluate."
        )


def _data_problems(
    config: Config, pipeline: Path, listed: list[Stage], kept: Callable[[], Tracked]
) -> Iterator[str]:
    data, prepared = config.input_paths.data.as_posix(), config.data.processed.as_posix()
    if _asks_in_vain(config, pipeline, listed):
        yield (
            f"{pipeline}: {VARIABLE} has no value, because {config.file} leaves it out; write "
            f"`input_paths: {{data: {prepared}}}` there."
        )
    elif data == prepared:
        return
    elif data not in kept():
        yield (
            f"{config.file}: input_paths.data is {data}, but no stage writes that: `prepare` "
            f"writes {prepared}, data.processed of {ROOT_CONFIG}; write {prepared} here."
        )
    elif lacking := [
        stage.name for stage in listed if stage.name in STAGES and not _reads(stage.deps, data)
    ]:
        yield (
            f"{pipeline}: {', '.join(lacking)} must depend on {data}, which input_paths.data of "
            f"{config.file} names; write it in `deps` in place of ${{data.processed}}."
        )


def _asks_in_vain(config: Config, pipeline: Path, listed: list[Stage]) -> bool:
    """Say whether dvc.yaml uses `input_paths.data` and config.yaml, which DVC reads, lacks it."""
    return (
        any(UNKNOWN in path for stage in listed for path in stage.deps)
        and VARIABLE in pipeline.read_text(encoding="utf-8")
        and "data" not in (read_yaml(config.file).get("input_paths") or {})
    )


def _reads(deps: list[str], data: str) -> bool:
    return any(holds(path, data) or holds(data, path) for path in deps)

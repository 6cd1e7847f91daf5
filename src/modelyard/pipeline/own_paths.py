"""Do the stages of a model use the paths that it adds to `input_paths` and `output_paths`?"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from modelyard.config.schema import Config
from modelyard.git import run_git

from .definitions import Stage, holds
from .tracked import Tracked

NAMED = re.compile(r"\$\{\s*((input|output)_paths\.[\w.]+)\s*\}")
OWNER = "tune"  # writes hyperparameters.yaml


def path_problems(
    config: Config, pipeline: Path, listed: Sequence[Stage], kept: Callable[[], Tracked]
) -> Iterator[str]:
    """Yield a sentence for each entry that nothing makes or uses, and each that has no value."""
    yield from _without_value(config, pipeline)
    for name, path in own_inputs(config):
        if not _is_kept(path, kept):
            yield _untracked(config, name, path)
        if listed and not any(_touch(path, dep) for stage in listed for dep in stage.deps):
            yield (
                f"{pipeline}: no stage depends on {path}, which {name} of {config.file} names; "
                f"write ${{{name}}} in `deps` of the stages that read it (often train and "
                "evaluate), and `config.yaml:input_paths` under `vars`."
            )
    for name, path in own_outputs(config):
        outs = [out for stage in listed for out in stage.outs]
        if not any(holds(out, path) for out in outs):
            yield (
                f"{pipeline}: no stage writes {path}, which {name} of {config.file} names; write "
                f"${{{name}}} under `outs` of the stage that does (often train), and "
                "`config.yaml:output_paths` under `vars`."
            )
    yield from _second_owners(config, pipeline, listed)


def own_inputs(config: Config) -> list[tuple[str, str]]:
    """Return the paths that the team added to `input_paths`, by dotted key."""
    return [(f"input_paths.{name}", path.as_posix()) for name, path in
            config.input_paths.own.items()]  # fmt: skip


def own_outputs(config: Config) -> list[tuple[str, str]]:
    """Return the paths that the team added to `output_paths`, by dotted key."""
    outputs = config.output_paths
    sections = {"output_paths": outputs.own, "output_paths.model": outputs.model.own}
    return [(f"{prefix}.{name}", path.as_posix()) for prefix, found in sections.items()
            for name, path in found.items()]  # fmt: skip


def _without_value(config: Config, pipeline: Path) -> Iterator[str]:
    """Name what dvc.yaml asks for and config.yaml, which DVC reads, does not have."""
    if not pipeline.is_file():
        return
    text = pipeline.read_text(encoding="utf-8")
    values = config.record("input_paths", "output_paths")
    for dotted, section in dict.fromkeys(NAMED.findall(text)):
        found: Any = values
        for key in dotted.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            yield (
                f"{pipeline}: ${{{dotted}}} has no value, because {config.file} has no such key; "
                f"write it there, under {section}_paths."
            )


def _touch(path: str, other: str) -> bool:
    return holds(path, other) or holds(other, path)


def _untracked(config: Config, name: str, path: str) -> str:
    effect = "so a clone would lack it" if Path(path).exists() else "and it is not here"
    ignored = run_git("check-ignore", "--quiet", path).returncode == 0  # as all of data/ is
    small = "" if ignored else f"`git add {path}` if it is small, "
    large = "" if ignored else " if it is large"
    return (
        f"{config.file}: {name} is {path}, which no stage writes and neither DVC nor Git tracks, "
        f"{effect}; {small}`dvc add {path}`{large}."
    )


def _is_kept(path: str, kept: Callable[[], Tracked]) -> bool:
    """Say whether a clone would have a path; without a repository there is nothing to clone."""
    repository = run_git("rev-parse", "--git-dir").returncode == 0
    return path in kept() or (not repository and Path(path).exists())


def _second_owners(config: Config, pipeline: Path, listed: Sequence[Stage]) -> Iterator[str]:
    """Name stages that list hyperparameters.yaml as theirs, as a train stage without `tune` did."""
    file = (config.output_paths.model.root / "hyperparameters.yaml").as_posix()
    writers = [stage.name for stage in listed if file in stage.outs]
    for name in writers:
        if OWNER in writers and name != OWNER:
            yield (
                f"{pipeline}: {name} lists {file} as its output, but {OWNER} writes it and keeps "
                "it in Git (`cache: false` under its metrics); drop it from the outputs of "
                f"{name}, whose `deps` name it."
            )

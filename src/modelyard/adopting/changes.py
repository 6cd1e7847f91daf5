"""The files of a project that learns from other data, as they will be."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from modelyard.config.data_section import SharedData
from modelyard.config.export_section import FORMATS
from modelyard.config.loading import ROOT_CONFIG
from modelyard.config.models import config_paths
from modelyard.data.manifest import Head
from modelyard.pipeline.artifacts import PIPELINE
from modelyard.yaml_text import YamlText

from .heads import USUAL, fit_model, fit_plots, fit_summary, undecided
from .kinds import Kind, Understood

MODEL_TESTS = Path("model_tests.yaml")
CARD = {
    "intended_use": "To be written: what the model is for.",
    "limits": "To be written: what it is not for, and where it errs.",
}


def root_config(kind: Kind, found: Understood) -> str:
    """Return the text of the root config.yaml with another section `data`."""
    file, data = YamlText(ROOT_CONFIG), found.data
    section = file.document["data"]
    for key in [key for key in section if key not in data and key in kind.SECTION.model_fields]:
        del section[key]
    for key in [key for key in kind.ORDER if key in data]:
        if key not in section:
            section.insert(_place(kind.ORDER, section, key), key, None)
            comment = kind.COMMENTS.get(key)
            if comment:
                section.yaml_add_eol_comment(comment, key)
        elif key in kind.RENEWED:
            section.yaml_add_eol_comment(kind.COMMENTS[key], key)
        if key not in ("splits", "task", "seed"):
            section[key] = _flow(data[key])
    fit_summary(file.document, found.head)
    return file.text()


def model_files(old: SharedData, found: Understood) -> Iterator[tuple[Path, str]]:
    """Yield each model's files: data, a batch that fits, limits to decide, a blank card."""
    for path in config_paths():
        file = YamlText(path)
        document = file.document
        _move_inputs(document.get("input_paths") or {}, old, found.data["processed"])
        params = document.get("params") or {}
        if isinstance(params.get("batch_size"), int):
            params["batch_size"] = min(params["batch_size"], found.train)
        if isinstance(params.get("class_weight"), dict):
            params["class_weight"] = None
        fit_model(document, found.head)
        _set_defaults((document.get("tuning") or {}).get("hyperparams") or {}, found)
        if isinstance(document.get("acceptance"), list):
            document["acceptance"] = undecided(document["acceptance"], found.head)
        if isinstance(document.get("card"), dict):
            for key, text in CARD.items():
                document["card"][key] = text
        yield path, file.text()
        yield from _pipeline(path.with_name(PIPELINE.name), found.head)


def _set_defaults(hyperparams: Mapping[str, Any], found: Understood) -> None:
    """Have a model begin with what suits the data; a search has other choices, too."""
    for name, (default, choices) in found.hyperparams.items():
        one = hyperparams.get(name)
        if isinstance(one, dict) and "default_value" in one:
            one["default_value"] = default
            tuning = one.get("tuning")
            if isinstance(tuning, dict) and isinstance(tuning.get("values"), list):
                tuning["values"][:] = choices


def _move_inputs(paths: dict[str, Any], old: SharedData, processed: str) -> None:
    """Have what lies in the prepared data lie in the new one."""
    for key, value in paths.items():
        path = Path(os.path.normpath(value)) if isinstance(value, str) else None
        if path and path.is_relative_to(old.processed):
            paths[key] = (processed / path.relative_to(old.processed)).as_posix()


def _pipeline(path: Path, head: Head) -> Iterator[tuple[Path, str]]:
    """Yield a model's dvc.yaml if its plots change."""
    if not path.is_file():
        return
    file = YamlText(path)
    before = file.text()
    fit_plots(file.document, head)
    if file.text() != before:
        yield path, file.text()


def model_tests(head: Head) -> str:
    """Return the text of model_tests.yaml with limits to be decided."""
    file = YamlText(MODEL_TESTS)
    for test in file.document.values():
        if isinstance(test, dict) and isinstance(test.get("metrics"), dict):
            kept = {name: limit for name, limit in test["metrics"].items() if _of_export(str(name))}
            test["metrics"] = CommentedMap(
                {name: _flow(one) for name, one in USUAL[head].tests.items()} | kept
            )
    return file.text()


def _of_export(metric: str) -> bool:
    """Whether a limit holds for any data: how far an export is from the model."""
    return metric.partition(".")[0] in FORMATS


def _place(order: Sequence[str], section: CommentedMap, key: str) -> int:
    """Return where a key stands among those that are there."""
    before = order[: order.index(key)]
    return max((number + 1 for number, one in enumerate(section) if one in before), default=0)


def _flow(value: Any) -> Any:
    """Return a mapping or a list that is written in one line."""
    if isinstance(value, dict):
        written = CommentedMap(value)
        written.fa.set_flow_style()
        return written
    if isinstance(value, list):
        row = CommentedSeq(value)
        row.fa.set_flow_style()
        return row
    return value

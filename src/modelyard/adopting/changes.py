"""The files of a project that learns from other data, as they will be."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from modelyard.config.data_section import SPLITS, DataConfig, Task
from modelyard.config.export_section import FORMATS
from modelyard.config.loading import ROOT_CONFIG
from modelyard.config.models import config_paths
from modelyard.config.requirement import DECIDE
from modelyard.data.grouping import Indices
from modelyard.yaml_text import YamlText

MODEL_TESTS = Path("model_tests.yaml")
ORDER = [
    "task", "annotation_type", "max_bad_share", "max_duplicate_share", "root", "images",
    "annotations", "columns", "delimiter", "encoding", "split_column", "split_lists",
    "group_column", "class_names", "crowds", "processed", "image_size", "channels", "resize",
    "exif", "background", "sixteen_bit_range", "splits", "seed",
]  # fmt: skip
COMMENTS = {
    "annotation_type": "folders, csv, coco, yolo, voc, labelme or via",
    "images": "inside root; where the annotations' paths start from",
    "columns": "what the columns that are used are called",
    "group_column": "what it names is never divided by splits",
    "exif": "apply the orientation that a camera noted, or ignore it",
    "sixteen_bit_range": "what becomes 0 and 255 of images with 16 bits",
}
CARD = {
    "intended_use": "To be written: what the model is for.",
    "limits": "To be written: what it is not for, and where it errs.",
}
METRICS: dict[Task, tuple[str, ...]] = {
    "image_classification": ("accuracy",),
    "object_detection": ("box.map_50",),
    "instance_segmentation": ("box.map_50", "mask.map_50"),
}


def root_config(data: Mapping[str, Any]) -> str:
    """Return the text of the root config.yaml with another section `data`."""
    file = YamlText(ROOT_CONFIG)
    section = file.document["data"]
    for key in [key for key in section if key not in data and key in DataConfig.model_fields]:
        del section[key]
    for key in [key for key in ORDER if key in data]:
        if key not in section:
            section.insert(_place(section, key), key, None)
            file_comment = COMMENTS.get(key)
            if file_comment:
                section.yaml_add_eol_comment(file_comment, key)
        elif key == "annotation_type":
            section.yaml_add_eol_comment(COMMENTS[key], key)
        if key not in ("splits", "task", "seed"):
            section[key] = _flow(data[key])
    return file.text()


def model_configs(
    old: DataConfig, data: Mapping[str, Any], indices: Indices
) -> Iterator[tuple[Path, str]]:
    """Yield each model's config.yaml: data, a batch that fits, limits to decide, a blank card."""
    for path in config_paths():
        file = YamlText(path)
        document = file.document
        paths, params = document.get("input_paths") or {}, document.get("params") or {}
        if "data" in paths and os.path.normpath(paths["data"]) == str(old.processed):
            paths["data"] = data["processed"]
        if isinstance(params.get("batch_size"), int):
            params["batch_size"] = min(params["batch_size"], len(indices["train"]))
        if isinstance(params.get("class_weight"), dict):
            params["class_weight"] = None
        if isinstance(document.get("acceptance"), list):
            document["acceptance"] = _undecided(document["acceptance"])
        if isinstance(document.get("card"), dict):
            for key, text in CARD.items():
                document["card"][key] = text
        yield path, file.text()


def model_tests(task: Task) -> str:
    """Return the text of model_tests.yaml with limits to be decided."""
    file = YamlText(MODEL_TESTS)
    for test in file.document.values():
        if isinstance(test, dict) and isinstance(test.get("metrics"), dict):
            kept = {name: limit for name, limit in test["metrics"].items() if _of_export(str(name))}
            test["metrics"] = CommentedMap(dict.fromkeys(METRICS[task], DECIDE) | kept)
    return file.text()


def _of_export(metric: str) -> bool:
    """Whether a limit holds for any data: how far an export is from the model."""
    return metric.partition(".")[0] in FORMATS


def _place(section: CommentedMap, key: str) -> int:
    """Return where a key stands among those that are there."""
    before = ORDER[: ORDER.index(key)]
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


def _undecided(acceptance: CommentedSeq) -> CommentedSeq:
    """Return the requirements with limits to decide, without those of a class of the example."""
    for number in reversed(range(len(acceptance))):
        requirement = acceptance[number]
        if str(requirement.get("metric")).partition(".")[0] not in SPLITS:
            continue
        if "of_class" in requirement:
            del acceptance[number]
            continue
        for key in ("min", "max"):
            if key in requirement:
                requirement[key] = DECIDE
    return acceptance

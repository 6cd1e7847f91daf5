"""Train as an official model was trained: `python -m src.run train --config my.yaml`.

`my.yaml` is a filled-in template. All that comes of it lies in one folder, `save_dir/MODEL`, which
`python -m ci.publish_models MODEL --from` takes.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelyard.adopting.kinds import kind_of
from modelyard.adopting.sections import nested
from modelyard.adopting.source import source_of
from modelyard.config import Options
from modelyard.config.hyperparameters import hyperparameters_path
from modelyard.config.loading import load_project
from modelyard.data.text.tokens import VOCABULARY
from modelyard.errors import UserError
from modelyard.files import PARTIAL, read_yaml, whole_file, write_yaml
from modelyard.strict_yaml import parse_yaml

from .from_template import Template, TrainTemplate, load_template
from .rendering import render

RESULTS = Path("results")  # where save_dir is not said
PREPARED = "prepared"  # in that folder
SIZE = ("height", "width")
Run = Callable[[Options], None]


def train_template(options: Options, stages: Mapping[str, Run]) -> None:
    """Prepare the data that a template names, train, and evaluate, into a folder of their own.

    Raises:
        UserError: a mistake in the template, data that cannot be used, a folder of other results.
    """
    path = Path(str(options.file))
    if options.stage != "train":
        raise UserError(
            f"{path} is the template of an official model, which only `train` takes; for "
            f"{options.stage}, make a model of it: modelyard zoo add --template {path} --name NAME."
        )
    template = load_template(path)
    with _folder(path, template.train_config, dry_run=options.dry_run) as folder:
        shared = _own_data(path, template, folder)
        _check_equal(path, template, folder)
        if shared:
            own = [one for one in options.overrides if one.startswith("data.")]
            stages["prepare"](
                replace(options, stage="prepare", overrides=[*shared, *own], dry_run=False)
            )
        _write(template, folder)
        overrides = [*shared, *options.overrides]
        asked = replace(options, file=folder / "config.yaml", overrides=overrides)
        stages["train"](asked)
        if not options.dry_run:
            stages["evaluate"](replace(asked, stage="evaluate"))
            name = template.train_config.model
            print(
                f"{folder} has the results; `modelyard predict {folder} INPUT` uses them, "
                f"`python -m ci.publish_models {name} --from {folder}` publishes them."
            )


@contextmanager
def _folder(path: Path, train: TrainTemplate, *, dry_run: bool) -> Iterator[Path]:
    """Yield the folder of the results; that of a dry run is thrown away."""
    if dry_run:
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=Path.cwd()) as temporary:
            yield Path(Path(temporary).name, train.model)
        return
    root = Path(train.save_dir) if train.save_dir else RESULTS
    if root.is_absolute() or not root.resolve().is_relative_to(Path.cwd()):
        raise UserError(
            f"{path}: train_config.save_dir is {train.save_dir!r}, which lies outside the project; "
            "write a path relative to the project's root."
        )
    yield root / train.model


def _check_equal(path: Path, template: Template, folder: Path) -> None:
    """Refuse a folder that has the results of other settings."""
    file = folder / "config.yaml"
    if file.is_file() and read_yaml(file) != _configuration(template, folder):
        raise UserError(
            f"{path}: {folder} has the results of other settings; write another folder into "
            f"train_config.save_dir, or remove {folder}."
        )


def _write(template: Template, folder: Path) -> None:
    """Write the model's configuration and hyperparameters."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / ".gitignore") as temporary:
        temporary.write_text("*\n", encoding="utf-8")  # as Git need not know what lies here
    write_yaml(hyperparameters_path(folder), template.train_config.hyperparameters)
    write_yaml(folder / "config.yaml", _configuration(template, folder))


def _configuration(template: Template, folder: Path) -> dict[str, Any]:
    """Return the config.yaml of a model whose outputs all lie in one folder."""
    train = template.train_config
    rendered = render(train.model, template.entry().described(str(folder)))["config.yaml"]
    document: dict[str, Any] = parse_yaml(rendered)
    place = folder.as_posix()
    paths = document["output_paths"]
    paths["training_metrics"] = place
    paths["model"] = {
        "root": place,
        "keras_model": f"{place}/model.keras",
        "tflite_model": f"{place}/exports/model.tflite",
        "output_mapping": f"{place}/output_mapping.json",
    }
    if _has_own_data(train) and "vocabulary" in (named := document.get("input_paths") or {}):
        named["vocabulary"] = f"{place}/{PREPARED}/{VOCABULARY}"
    return document | {"acceptance": []}


def _has_own_data(train: TrainTemplate) -> bool:
    return train.data_dir is not None and Path(train.data_dir) != load_project().data.root


def _own_data(path: Path, template: Template, folder: Path) -> list[str]:
    """Return the overrides by which the stages read the template's data; none: the project's.

    Raises:
        UserError: it lies outside the project, or cannot be understood.
    """
    train, old = template.train_config, load_project().data
    if not _has_own_data(train):
        return []
    where = f"{path}: train_config.data_dir is {train.data_dir!r}"
    source = source_of(Path(str(train.data_dir)), old)
    if source.copied:
        raise UserError(f"{where}, which lies outside the project; copy it into data/raw.")
    asked = dict(_asked(path, template, source.folder, old))
    found = kind_of(old).understand(source, old, nested(asked), asked)
    print("\n".join(found.lines))
    section = {**found.data, "root": source.root, "processed": folder / PREPARED}
    return [f"data={json.dumps(section, default=str)}"]


def _asked(path: Path, template: Template, folder: Path, old: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys of `data` that the template decides, dotted."""
    train, predict = template.train_config, template.predict_config
    taken = predict.get("input", {}) if isinstance(predict, dict) else {}
    if all(key in taken for key in (*SIZE, "channels")):  # the weights fit no other
        yield "image_size", [taken[key] for key in SIZE]
        yield "channels", taken["channels"]
    # `adopt` allows what it finds; here that is asked for.
    yield "max_bad_share", 0.99 if train.skip_load_validation else old.max_bad_share
    if train.labels is not None:
        labels = Path(train.labels)
        if not (labels.is_file() and labels.resolve().is_relative_to(folder.resolve())):
            raise UserError(
                f"{path}: train_config.labels is {train.labels!r}, which is not a file in "
                f"train_config.data_dir, {train.data_dir}; put it there."
            )
        yield "annotations", labels.resolve().relative_to(folder.resolve()).as_posix()

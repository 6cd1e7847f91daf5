"""templates/<model>.yaml: an official config with places for a user's own data."""

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from modelyard.errors import UserError
from modelyard.official.places import OFFICIAL_MODELS, official_names
from modelyard.official.record import OfficialConfig, load_official

TEMPLATES = Path("templates")
PLACES = {
    "train_config": {
        "data_dir": "your data, in data/raw; empty: data.root of config.yaml",
        "labels": "the annotations in it, where they are not found by themselves",
    },
    "predict_config": {
        "data_dir": "a folder of what is to be predicted",
        "filepaths": "or single files",
        "checkpoint": "a .keras file of yours instead of the official one",
    },
}
HEAD = """\
Made of official_models/{model}/config.yaml by `make publish_models`; copy it, and fill in the copy.
Train from the official weights: python -m src.run train --config my.yaml
In train_config you may add: batch_size, gpus, save_dir, skip_load_validation, from_scratch: true
Predict with it: modelyard predict --config my.yaml
A model of the project instead: modelyard zoo add --template my.yaml --name NAME"""


def retraining_template(model: str, official: OfficialConfig) -> str:
    """Return the text of a model's template."""
    document = CommentedMap(official.model_dump())
    for section, places in PLACES.items():
        document[section] = CommentedMap(document[section])
        for key, why in places.items():
            document[section][key] = None
            document[section].yaml_add_eol_comment(why, key, column=len(f"  {key}:  "))
    document.yaml_set_start_comment(HEAD.format(model=model))
    return dumped(document)


def check_templates() -> None:
    """Refuse templates that are not made of the official models that are here.

    Raises:
        UserError: one line for each file that differs or is missing.
    """
    problems = []
    for model in official_names():
        official, made = OFFICIAL_MODELS / model / "config.yaml", TEMPLATES / f"{model}.yaml"
        text = made.read_text("utf-8") if made.is_file() else None
        if text != retraining_template(model, load_official(official)):
            problems.append(
                f"{made} is not what {official} gives; change neither by hand, "
                "`make publish_models` writes both."
            )
    if problems:
        raise UserError("\n".join(problems))


def dumped(document: Any) -> str:
    """Return a mapping as block YAML, one value per line."""
    yaml, text = YAML(), StringIO()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.dump(document, text)
    return text.getvalue()

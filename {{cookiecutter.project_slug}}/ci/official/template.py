"""templates/<model>.yaml: an official config with places for a user's own data."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from src.official import OfficialConfig

PLACES = {
    "train_config": {
        "data_dir": "your images and annotations; put it into data.root of config.yaml",
        "labels": "the annotations in it; put them into data.annotations of config.yaml",
    },
    "predict_config": {
        "data_dir": "a folder of images to predict",
        "filepaths": "or single images",
        "checkpoint": "a .keras file of yours instead of the official one",
    },
}
HEAD = """\
Made of official_models/{model}/config.yaml by `make publish_models`; fill in what is empty only.
Train such a model: python -m src.zoo add --template templates/{model}.yaml --name NAME
Predict with it: python -m src.predict {model} DATA_DIR_OR_FILEPATHS, or CHECKPOINT for {model}"""


def template(model: str, official: OfficialConfig) -> str:
    """Return the text of a model's template."""
    document = CommentedMap(official.model_dump())
    for section, places in PLACES.items():
        document[section] = CommentedMap(document[section])
        for key, why in places.items():
            document[section][key] = None
            document[section].yaml_add_eol_comment(why, key, column=len(f"  {key}:  "))
    document.yaml_set_start_comment(HEAD.format(model=model))
    return dumped(document)


def dumped(document: Any) -> str:
    """Return a mapping as block YAML, a value a line."""
    yaml, text = YAML(), StringIO()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.dump(document, text)
    return text.getvalue()

"""The entries of `artifacts` in the root dvc.yaml: the names by which DVC knows the models.

They stand there, not in models/<model>/dvc.yaml, so that a version's Git tag is <model>@v1.0.0.
"""

import tomllib
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.util import load_yaml_guess_indent

from modelyard.errors import UserError

PIPELINE = Path("dvc.yaml")


def with_artifact(name: str, file: str) -> str:
    """Return the text of the root dvc.yaml with an entry for a model; all else stays as it is.

    Raises:
        UserError: it is not YAML, or its `artifacts` are not a section.
    """
    text = PIPELINE.read_text(encoding="utf-8") if PIPELINE.is_file() else ""
    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        document, indent, dash = load_yaml_guess_indent(text, yaml=yaml)
    except YAMLError as error:
        raise UserError(f"{PIPELINE} is not valid YAML: {' '.join(str(error).split())}.") from None
    document = CommentedMap() if document is None else document
    if not isinstance(document, CommentedMap) or not isinstance(
        document.get("artifacts") or {}, dict
    ):
        raise UserError(f"{PIPELINE}: artifacts is not a section with names of models; correct it.")
    if not document.get("artifacts"):
        document["artifacts"] = CommentedMap()
        if len(document) > 1:
            document.yaml_set_comment_before_after_key("artifacts", before="\n")
    document["artifacts"][name] = {"path": file, "type": "model", "desc": project_name()}
    yaml.width = 4096
    if indent is not None and dash is not None:
        yaml.indent(mapping=2, sequence=indent, offset=dash)
    dumped = StringIO()
    yaml.dump(document, dumped)
    return dumped.getvalue()


def project_name() -> str:
    """Return the title of README.md, without one the name in pyproject.toml, or of the folder."""
    readme, packaging = Path("README.md"), Path("pyproject.toml")
    first = readme.read_text(encoding="utf-8").partition("\n")[0] if readme.is_file() else ""
    if first.startswith("# "):
        return first.removeprefix("# ").strip()
    document = tomllib.loads(packaging.read_text("utf-8")) if packaging.is_file() else {}
    return str(document.get("project", {}).get("name", Path.cwd().name))

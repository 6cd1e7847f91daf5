"""The entries of `artifacts` in the root dvc.yaml: the names by which DVC knows the models.

They stand there, not in models/<model>/dvc.yaml, so that a version's Git tag is <model>@v1.0.0.
"""

import tomllib
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from modelyard.errors import UserError
from modelyard.yaml_text import YamlText

PIPELINE = Path("dvc.yaml")


def with_artifact(name: str, file: str) -> str:
    """Return the text of the root dvc.yaml with an entry for a model; all else stays as it is.

    Raises:
        UserError: it is not YAML, or its `artifacts` are not a section.
    """
    pipeline = YamlText(PIPELINE)
    document = pipeline.document
    if not isinstance(document, CommentedMap) or not isinstance(
        document.get("artifacts") or {}, dict
    ):
        raise UserError(f"{PIPELINE}: artifacts is not a section with names of models; correct it.")
    if not document.get("artifacts"):
        document["artifacts"] = CommentedMap()
        if len(document) > 1:
            document.yaml_set_comment_before_after_key("artifacts", before="\n")
    document["artifacts"][name] = {"path": file, "type": "model", "desc": project_name()}
    return pipeline.text()


def project_name() -> str:
    """Return the title of README.md, without one the name in pyproject.toml, or of the folder."""
    readme, packaging = Path("README.md"), Path("pyproject.toml")
    first = readme.read_text(encoding="utf-8").partition("\n")[0] if readme.is_file() else ""
    if first.startswith("# "):
        return first.removeprefix("# ").strip()
    document = tomllib.loads(packaging.read_text("utf-8")) if packaging.is_file() else {}
    return str(document.get("project", {}).get("name", Path.cwd().name))

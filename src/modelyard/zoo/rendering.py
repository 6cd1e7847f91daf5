"""The files of a model's folder, rendered as the template renders those of the first one."""

import re
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from modelyard.config import load_project
from modelyard.config.project import source_folder

HERE = Path(__file__).parent
# In a checkout of the engine the files lie where the template renders a first model with them.
TEMPLATE = next(
    folder for folder in (HERE / "template", HERE.parents[2] / "templates/model") if folder.is_dir()
)
FILES = ("config.yaml", "dvc.yaml", "hparam_config_example.yaml", "hyperparameters.yaml")
IMPORTED = re.compile(r"^from \.(\w+) import", re.MULTILINE)


def render(name: str, entry: dict[str, Any]) -> dict[str, str]:
    """Return the text of each of FILES for a model of the given name."""
    data = load_project().data
    variables = {
        "model_name": name,
        "task": data.task,
        "processed": data.processed.as_posix(),
        "entry": {"modules": modules(entry["architecture"]), **entry},
    }
    environment = _environment()
    return {file: environment.get_template(f"{file}.jinja").render(variables) for file in FILES}


def modules(architecture: str) -> list[str]:
    """Return what an architecture imports from its own folder, for `deps` in dvc.yaml."""
    found: list[str] = []
    waiting = [architecture]
    while waiting:
        file = source_folder() / "models" / f"{waiting.pop()}.py"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        new = [name for name in IMPORTED.findall(text) if name not in found]
        found += new
        waiting += new
    return [f"src/models/{name}.py" for name in sorted(found)]


def _environment() -> Environment:
    """Return an environment with cookiecutter's options, which finds templates by file name."""

    def load(name: str) -> str:
        return (TEMPLATE / PurePosixPath(name).name).read_text(encoding="utf-8")

    environment = Environment(  # noqa: S701  (YAML, which needs no HTML escapes)
        loader=FunctionLoader(load), keep_trailing_newline=True, undefined=StrictUndefined
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment

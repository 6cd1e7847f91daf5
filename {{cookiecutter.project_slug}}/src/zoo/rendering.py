"""The files of a model's folder, rendered as the template renders those of the first one."""

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ..utils.config import ARCHITECTURES, load_project

TEMPLATE = Path(__file__).with_name("template")
FILES = ("config.yaml", "dvc.yaml", "hparam_config_example.yaml", "hyperparameters.yaml")
ADAPTER = "adapter.py"
IMPORTED = re.compile(r"^from \.(\w+) import", re.MULTILINE)


def render(name: str, entry: dict[str, Any]) -> dict[str, str]:
    """Return the text of each of FILES for a model of the given name."""
    project = load_project().data
    variables = {
        "model_name": name,
        "task": project.task,
        "processed": project.processed.as_posix(),
        "entry": {"modules": modules(entry["architecture"]), **entry},
    }
    environment = _environment()
    return {file: environment.get_template(f"{file}.jinja").render(variables) for file in FILES}


def project_name() -> str:
    """Return the title of README.md, without one the name in pyproject.toml, or of the folder."""
    readme, packaging = Path("README.md"), Path("pyproject.toml")
    first = readme.read_text(encoding="utf-8").partition("\n")[0] if readme.is_file() else ""
    if first.startswith("# "):
        return first.removeprefix("# ").strip()
    document = tomllib.loads(packaging.read_text("utf-8")) if packaging.is_file() else {}
    return str(document.get("project", {}).get("name", Path.cwd().name))


def modules(architecture: str) -> list[str]:
    """Return what an architecture imports from its own folder, for `deps` in dvc.yaml."""
    found: list[str] = []
    waiting = [architecture]
    while waiting:
        file = ARCHITECTURES / f"{waiting.pop()}.py"
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

"""Write docs/reference/configuration.md: every key of every configuration file, from the schema.

Types, defaults and limits are those of the pydantic classes. Why a key exists is said once, beside
it: in the `Attributes:` of its class, or in the comment that a rendered project has on its line.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from schema_rows import Row, rows

from modelyard.config.schema import Config, ProjectConfig
from modelyard.config.section import Section
from modelyard.model_tests.definition import ModelTest
from modelyard.publishing.environment_file import EnvironmentSection
from modelyard.zoo.entries import Entry

ROOT = Path(__file__).resolve().parents[1]
SKELETON = ROOT / "{{cookiecutter.project_slug}}"
PAGE = ROOT / "docs/reference/configuration.md"
MODEL = "models/{{cookiecutter.model_name}}"
ANSWERS = {
    "task": "image_classification",
    "model_name": "digits_classifier",
    "project_name": "Digits",
    "project_slug": "digits",
}
# Title, where the comments are, the class, and what stands before a key of that file.
FILES: tuple[tuple[str, str, type[Section], str], ...] = (
    ("config.yaml", "config.yaml", ProjectConfig, ""),
    ("models/&lt;model&gt;/config.yaml", f"{MODEL}/config.yaml", Config, ""),
    ("model_tests.yaml", "model_tests.yaml", ModelTest, "NAME."),
    ("environments.yaml", "environments.yaml", EnvironmentSection, "NAME."),
    ("src/models/zoo.yaml", "src/models/zoo.yaml", Entry, "NAME."),
)
HEAD = """\
# Configuration keys

*Written by `scripts/reference.py` from the schema; `make docs` renews it.*

A key that is not listed here is refused with the nearest one that is, before anything runs. A team
adds keys of its own to `params` [in one place](../model.md#keys-of-your-own). `NAME` stands for a
name that you choose, `[]` for an entry of a list.
"""
TAIL = """\
## pyproject.toml

| key | type | default | why |
|---|---|---|---|
| `tool.modelyard.skeleton` | whole number | that of the engine | the major version of the engine \
that the project was made for; another one refuses to start and names the command that mends it |
| `tool.modelyard.results` | whole number | `results` in `src/run.py` | as projects of version 1.0 \
have it: raise it, and `tune`, `train` and `evaluate` run again ([Updates](../updates.md)) |
"""
LINE = re.compile(r"^(?P<indent> *)(?P<entry>- )?(?P<key>[\w.<>]+):(?P<rest>.*)$")


def page() -> str:
    """Return the text of the page."""
    sections = [HEAD]
    for title, source, section, prefix in FILES:
        sections.append(f"## {title}\n\n{table(rows(section, prefix), comments(source))}\n")
    return "\n".join([*sections, TAIL])


def table(found: Iterator[Row], why: dict[str, str]) -> str:
    """Return rows as a table of Markdown."""
    lines = ["| key | type and limits | default | why |", "|---|---|---|---|"]
    for row in found:
        reason = (why.get(row.key) or row.why).replace("|", "\\|")
        lines.append(f"| `{row.key}` | {row.kind} | {row.default} | {reason} |")
    return "\n".join(lines)


def comments(name: str) -> dict[str, str]:
    """Return the comments of a rendered file by the key on their line."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in _rendered(name).splitlines():
        if not (match := LINE.match(line)):
            continue
        indent = len(match["indent"]) + len(match["entry"] or "")
        above = [one for one in above if one[0] < indent - 2 * bool(match["entry"])]
        parent = above[-1][1] if above else ""
        parent = f"{parent.rstrip('.')}[]." if match["entry"] else parent
        key = match["key"]
        if match["entry"]:
            above.append((indent - 1, parent))
        above.append((indent, f"{parent}{key}."))
        _, _, comment = match["rest"].partition("  # ")
        if comment:
            found.setdefault(f"{parent}{key}", comment)
    return found


def _rendered(name: str) -> str:
    loader = FileSystemLoader([SKELETON, ROOT / "templates"])
    environment = Environment(loader=loader, undefined=StrictUndefined)  # noqa: S701  (YAML)
    return environment.get_template(name).render(cookiecutter=ANSWERS)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")

"""Write docs/reference/configuration.md: every key of every configuration file, from the schema.

Types, defaults and limits are those of the pydantic classes. Why a key exists is said once, beside
it: in the `Attributes:` of its class, or in the comment that a rendered project has on its line.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from schema_rows import Row, rows

from modelyard.config.data_section import ImageData, SharedData, TableData, TextData
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
    "model_name": "digits_classifier",
    "project_name": "Digits",
    "project_slug": "digits",
}


class Table(NamedTuple):
    """Keys of one section: title, class, what stands before a key, and who has the comments.

    Attributes:
        title: of the page's part.
        section: the class.
        prefix: of the keys.
        source: the file of a rendered project that has comments; empty: docstrings alone.
        task: that the project was rendered for.
        leave: a section whose keys are in another table.
    """

    title: str
    section: type[Section]
    prefix: str = ""
    source: str = ""
    task: str = "image_classification"
    leave: type[Section] | None = None


TABLES = (
    Table("## config.yaml", ProjectConfig, "", "config.yaml"),
    Table("### data, whatever an example is", SharedData, "data."),
    Table("### data of images", ImageData, "data.", "config.yaml", leave=SharedData),
    Table("### data of texts", TextData, "data.", leave=SharedData),
    Table("### data of a table", TableData, "data.", "config.yaml", "tabular", SharedData),
    Table("## models/&lt;model&gt;/config.yaml", Config, "", f"{MODEL}/config.yaml"),
    Table("## model_tests.yaml", ModelTest, "NAME.", "model_tests.yaml"),
    Table("## environments.yaml", EnvironmentSection, "NAME.", "environments.yaml"),
    Table("## src/models/zoo.yaml", Entry, "NAME.", "src/models/zoo.yaml"),
)
HEAD = """\
# Configuration keys

*Written by `scripts/reference.py` from the schema; `make docs` renews it.*

A key that is not listed here is refused with the nearest one that is, before anything runs. A team
adds keys of its own to `params` [in one place](../model.md#keys-of-your-own). `NAME` stands for a
name that you choose, `[]` for an entry of a list. Which keys `data` has depends on `data.task`: the
tasks of images, `text_classification` and `tabular` have tables of their own; `custom` has none.
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
    parts = [f"{one.title}\n\n{_written(one)}\n" for one in TABLES]
    return "\n".join([HEAD, *parts, TAIL])


def _written(one: Table) -> str:
    """Return a table of keys, without those that are in another one."""
    others = {row.key for row in rows(one.leave, one.prefix)} if one.leave else set()
    found = (row for row in rows(one.section, one.prefix) if row.key not in others)
    return table(found, comments(one.source, one.task) if one.source else {})


def table(found: Iterator[Row], why: dict[str, str]) -> str:
    """Return rows as a table of Markdown."""
    lines = ["| key | type and limits | default | why |", "|---|---|---|---|"]
    for row in found:
        reason = (why.get(row.key) or row.why).replace("|", "\\|")
        lines.append(f"| `{row.key}` | {row.kind} | {row.default} | {reason} |")
    return "\n".join(lines)


def comments(name: str, task: str) -> dict[str, str]:
    """Return the comments of a rendered file by the key on their line."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in _rendered(name, task).splitlines():
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


def _rendered(name: str, task: str) -> str:
    loader = FileSystemLoader([SKELETON, ROOT / "templates"])
    environment = Environment(loader=loader, undefined=StrictUndefined)  # noqa: S701  (YAML)
    return environment.get_template(name).render(cookiecutter=ANSWERS | {"task": task})


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")

"""Every answer reaches the files it is meant for, as it was written."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from answers import LICENSES, REMOTES, TEXTS
from ruamel.yaml import YAML
from support import ROOT, TEMPLATE, Bake, clean_template, files

DECLARED: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
PROMPTS = [name for name in DECLARED if not name.startswith("_")]


def packaging(project: Path) -> dict[str, Any]:
    document = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(document["project"])


def used(name: Path, path: Path) -> set[str]:
    text = name.as_posix()
    if path.suffix not in {".py", ".ipynb", ".whl"}:
        text += path.read_text(encoding="utf-8")
    return set(re.findall(r"cookiecutter\.(\w+)", text))


def test_every_declared_variable_is_used_and_every_used_one_declared() -> None:
    inside = clean_template() / TEMPLATE.name
    anywhere = set().union(*(used(path.relative_to(inside), path) for path in files(inside)))
    derived = [value for name, value in DECLARED.items() if name.startswith("__")]
    for_others = set(re.findall(r"cookiecutter\.(\w+)", json.dumps(derived)))
    rendered = {name for name in DECLARED if name.startswith("__") and name != "__prompts__"}
    assert anywhere <= {*PROMPTS, *rendered}
    assert {*PROMPTS, *rendered} <= anywhere | for_others


def test_every_prompt_and_choice_is_labelled() -> None:
    labels = DECLARED["__prompts__"]
    assert list(labels) == PROMPTS
    assert set(labels["license"]) == {"__prompt__", *DECLARED["license"]}


def test_the_answer_sets_cover_every_license() -> None:
    assert list(LICENSES) == DECLARED["license"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_free_text_arrives_as_it_was_written(bake: Bake, text: str) -> None:
    project = bake(project_slug="digits", project_name=text, description=text, author_name=text)
    assert packaging(project)["description"] == text
    assert packaging(project)["authors"] == [{"name": text}]
    for name in ("README.md", "LICENSE"):
        assert text in (project / name).read_text(encoding="utf-8"), name


@pytest.mark.parametrize(("url", "extra", "configured"), REMOTES.values(), ids=list(REMOTES))
def test_the_remote_reaches_dvc_with_its_extra(
    bake: Bake, url: str, extra: str, configured: str
) -> None:
    project = bake(dvc_remote_url=url)
    settings = (project / ".dvc/config").read_text(encoding="utf-8")
    assert re.findall(r"url = (.*)", settings) == [configured]
    required = (project / "requirements.txt").read_text(encoding="utf-8")
    assert re.findall(r"^dvc\[(\w+)\]>=", required, re.MULTILINE) == ([extra] if extra else [])


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("MIT", "MIT License"),
        ("Apache-2.0", "Apache License"),
        ("BSD-3-Clause", "BSD 3-Clause License"),
        ("Proprietary", "Copyright (c) Ada O'Neil. All rights reserved."),
    ],
)
def test_the_license_is_named_and_owned(bake: Bake, name: str, title: str) -> None:
    project = bake(license=name, author_name="Ada O'Neil")
    text = (project / "LICENSE").read_text(encoding="utf-8")
    assert text.lstrip().startswith(title)
    assert re.search(r"Copyright (\(c\) )?Ada O'Neil", text)
    spdx = "LicenseRef-Proprietary" if name == "Proprietary" else name
    assert packaging(project)["license"] == spdx


def test_the_names_are_where_the_pipeline_looks(bake: Bake) -> None:
    project = bake(project_slug="digits", model_name="reader")
    assert YAML(typ="safe").load(project / "config.yaml")["model"] == "reader"
    model = YAML(typ="safe").load(project / "models/reader/config.yaml")
    assert model["output_paths"]["training_metrics"] == "training_metrics/reader"
    pipeline = (project / "models/reader/dvc.yaml").read_text(encoding="utf-8")
    assert "digits_classifier" not in pipeline

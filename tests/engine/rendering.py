"""Manifests of the tiny project's search."""

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from modelyard.cloud.k8s.command import main

from .searching import SPACE
from .tiny import TINY, write_model

Document = dict[str, Any]

CONFIG = "models/tiny/config.yaml"
IMAGE = "registry.example/team/tiny:1a2b3c4"
ASKED = {"--config": CONFIG, "--image": IMAGE, "--bucket": "searches"}


def configure(**tuning: Any) -> None:
    """Write the configuration of a search."""
    section = {"tune": True, "max_trials": 6, "hyperparams": SPACE, **tuning}
    write_model(TINY | {"tuning": section})


def command(**options: str) -> list[str]:
    """Return a complete command line, with the given options instead of the usual ones."""
    given = {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    return [word for option in (ASKED | given).items() for word in option]


def rendered(**options: str) -> dict[str, Document]:
    """Return the documents by kind, the Jobs by component."""
    with redirect_stdout(StringIO()) as printed:
        assert main(command(**options)) == 0
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)  # as kubectl reads it
    return {_key(document): document for document in yaml.load_all(printed.getvalue())}


def pod(job: Document) -> Document:
    """Return the specification of a Job's pods."""
    return dict(job["spec"]["template"]["spec"])


def selects(selector: dict[str, str], job: Document) -> bool:
    """Say whether a selector finds the pods of a Job."""
    return bool(selector.items() <= job["spec"]["template"]["metadata"]["labels"].items())


def _key(document: Document) -> str:
    labels = document["metadata"]["labels"]
    job = document["kind"] == "Job"
    return str(labels["app.kubernetes.io/component"] if job else document["kind"])

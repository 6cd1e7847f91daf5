"""A cluster would accept the manifests that are written for a bake."""

import re
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from answers import LONGEST
from ruamel.yaml import YAML
from support import Bake, run

Document = dict[str, Any]

VERSIONS = ("1.32", kubernetes_validate.latest_version())
IMAGE = "registry.example/team/digits:1a2b3c4"
QUANTITY = re.compile(r"\d+(\.\d+)?(m|[kMGT]i?)?")
# The schemas let any text pass where only these words are legal.
WORDS = {
    "action": {"Ignore"},
    "completionMode": {"Indexed"},
    "podReplacementPolicy": {"Failed"},
    "protocol": {"TCP"},
    "restartPolicy": {"Never", "OnFailure"},
}
SMALLEST: tuple[str, ...] = ()
LARGEST = (
    *("--prefix", "some/searches", "--gpus", "2"),
    *("--service-account", "searcher", "--queue", "team.gpus"),
)


def searching(project: Path, workers: int) -> Path:
    """Switch the search of a bake on; return its configuration."""
    (path,) = project.glob("models/*/config.yaml")
    text = path.read_text(encoding="utf-8")
    for before, after in (
        ("tune: false", "tune: true"),
        ("max_instances_at_once: 1", f"max_instances_at_once: {workers}"),
    ):
        assert text.count(f"\n  {before}") == 1
        text = text.replace(f"\n  {before}", f"\n  {after}")
    path.write_text(text, encoding="utf-8")
    return path.relative_to(project)


def manifests(project: Path, *options: str) -> list[Document]:
    config = searching(project, workers=3).as_posix()
    asked = ("--config", config, "--image", IMAGE, "--bucket", "searches", *options)
    printed = run(project, sys.executable, "-m", "modelyard", "k8s", *asked)
    return list(YAML(typ="safe").load_all(printed))


def values(document: Any, key: str = "") -> list[tuple[str, Any]]:
    """Return every value with its key."""
    if isinstance(document, dict):
        return [pair for key, value in document.items() for pair in values(value, key)]
    if isinstance(document, list):
        return [pair for value in document for pair in values(value, key)]
    return [(key, document)]


@pytest.fixture(
    params=[({}, SMALLEST), ({}, LARGEST), (LONGEST, LARGEST)],
    ids=["smallest", "largest", "longest names"],
    name="documents",
)
def _documents(request: pytest.FixtureRequest, bake: Bake) -> list[Document]:
    answers, options = request.param
    return manifests(bake(**answers), *options)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_passes_the_schema_of_kubernetes(
    documents: list[Document], version: str
) -> None:
    assert [d["kind"] for d in documents] == ["NetworkPolicy", "Service", "Job", "Job"]
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schema_refuses_a_misspelt_key(documents: list[Document]) -> None:
    documents[-1]["spec"]["backoffLimitPerindex"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(documents[-1], VERSIONS[0], strict=True)


def test_words_and_quantities_are_legal_where_the_schema_takes_any(
    documents: list[Document],
) -> None:
    found = values(documents)
    for key, value in found:
        if key in WORDS:
            assert value in WORDS[key], (key, value)
        if key in {"cpu", "memory", "nvidia.com/gpu"}:
            assert QUANTITY.fullmatch(str(value)), (key, value)
    assert {"completionMode", "cpu", "memory", "protocol", "restartPolicy"} <= dict(found).keys()


def test_no_limit_is_below_what_is_requested(documents: list[Document]) -> None:
    for job in documents[2:]:
        pod = job["spec"]["template"]["spec"]
        for container in pod["initContainers"] + pod["containers"]:
            size = container["resources"]
            assert size["limits"]["memory"] == size["requests"]["memory"]


def test_names_are_short_enough_for_the_pods_that_are_made_of_them(
    documents: list[Document],
) -> None:
    for document in documents:
        name = document["metadata"]["name"]
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name)
        assert len(f"{name}-99999") <= 63
        for label in document["metadata"]["labels"].values():
            assert re.fullmatch(r"[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?", label), label


def test_volumes_are_mounted_once_and_all_exist(documents: list[Document]) -> None:
    for job in documents[2:]:
        pod = job["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["initContainers"] + pod["containers"]:
            mounts = container["volumeMounts"]
            assert {mount["name"] for mount in mounts} <= volumes
            assert len({mount["mountPath"] for mount in mounts}) == len(mounts)

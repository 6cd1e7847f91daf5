"""Names that a cluster accepts, and arguments that it would not."""

import re
import shutil
from pathlib import Path

import pytest

from modelyard.cloud.k8s.command import main

from .rendering import CONFIG, Document, command, configure, pod, rendered

LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")  # of a Service; pods allow more
MAY_FOLLOW = "-worker-99999"
NASTY = ["a", "model_1", "3d_net", "UPPER_case", "_a__b_", "naïve modèle.v2", "数字", "m" * 100]
SIMILAR = ["a_b", "a-b", "a__b", "a b", "a.b", "m" * 99, "m" * 100]


@pytest.fixture(autouse=True)
def _searched(workspace: Path) -> None:
    assert workspace == Path.cwd()
    configure()


def rendered_as(model: str) -> dict[str, Document]:
    shutil.copytree("models/tiny", Path("models", model))
    return rendered(config=f"models/{model}/config.yaml")


@pytest.mark.parametrize("model", NASTY, ids=range(len(NASTY)))
def test_every_name_is_legal_whatever_the_model_is_called(model: str) -> None:
    documents = rendered_as(model)
    for document in documents.values():
        name = document["metadata"]["name"]
        instance = document["metadata"]["labels"]["app.kubernetes.io/instance"]
        assert LABEL.fullmatch(name), name
        assert LABEL.fullmatch(instance), instance
        assert len(instance + MAY_FOLLOW) <= 63  # a pod's host name
    ran = pod(documents["worker"])["containers"][0]["command"]
    assert f"models/{model}/config.yaml" in ran


def test_models_with_similar_names_have_objects_of_their_own() -> None:
    names = {rendered_as(model)["Service"]["metadata"]["name"] for model in SIMILAR}
    assert len(names) == len(SIMILAR)
    assert "tune-a-b-chief" in names  # a name that the template allows stays readable


@pytest.mark.parametrize("word", ["on", "yes", "null", "1e3", "0x1f", "123"])
def test_a_name_stays_a_name_whatever_yaml_makes_of_the_word(word: str) -> None:
    documents = rendered(service_account=word, queue=word)
    assert pod(documents["chief"])["serviceAccountName"] == word
    assert documents["chief"]["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == word


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("image", "registry.example:5000/tiny", "write NAME:TAG"),
        ("image", "a b:1", "write NAME:TAG"),
        ("bucket", "gs://searches", "without gs://"),
        ("bucket", "searches/tiny", "without a folder"),
        ("prefix", "a,allow_other", "searches/digits"),
        ("prefix", "/a", "searches/digits"),
        ("prefix", "a/../b", "searches/digits"),
        ("service_account", "Team_A", "lower-case letters"),
        ("queue", "Team_A", "write the name of a LocalQueue"),
        ("queue", "team/gpus", "write the name of a LocalQueue"),
        ("queue", "", "write the name of a LocalQueue"),
        ("queue", "gpus-", "write the name of a LocalQueue"),
        ("queue", "q" * 64, "at most 63 lower-case letters"),
        ("gpus", "-1", "0 or more"),
        ("config", "models/tiny/../tiny/other.yaml", "does not exist"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(
    option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(**{option: value})) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("error: ")
    assert value in line
    assert said in line


def test_a_model_that_searches_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    configure(tune=False)
    assert main(command()) == 1
    assert (
        capsys.readouterr().err == f"error: {CONFIG}: tuning.tune is false; write true to search.\n"
    )


def test_a_configuration_that_no_image_holds_is_refused(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "tiny.yaml").write_bytes(Path(CONFIG).read_bytes())
    assert main(command(config="tiny.yaml")) == 1
    assert "write models/<model>/config.yaml" in capsys.readouterr().err

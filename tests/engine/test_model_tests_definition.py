"""model_tests.yaml: what it may hold, and that each mistake is named before anything trains."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.config.loading import load_config
from modelyard.errors import UserError
from modelyard.files import write_yaml
from modelyard.model_tests.definition import Case, load_cases, select
from modelyard.model_tests.limits import expected, observed, requirements
from modelyard.model_tests.workspace import make_workspace

from .model_testing import ENVIRONMENTS, QUICK, TESTS, failed, write_tests
from .tiny import MODEL, TINY, snapshot, write_model

DOGFOOD = {"host": "file://..", "path": "packages"}


@pytest.fixture(autouse=True)
def _project(workspace: Path) -> Path:
    return workspace


def case(**changes: Any) -> Case:
    """Return the only case of a file with one test."""
    write_tests(Quick=changes)
    [found] = load_cases()
    return found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tme_limit": 5}, "tme_limit is not a known key (did you mean 'time_limit'?)"),
        ({"time_limit": 0}, "time_limit is 0: input should be greater than 0"),
        ({"time_limit": "20 minutes"}, "time_limit is '20 minutes'"),
        ({"model": "tinny"}, "Quick.model is 'tinny', but models/tinny/config.yaml does not exist "
         "(did you mean 'tiny'?); known models: tiny"),
        ({"env": []}, "env is []"),
        ({"env": 5}, "env is 5"),
        ({"metrics": {}}, "metrics: names no metric; a test must check something"),
        ({"metrics": None}, "metrics is None: names no metric"),
        ({"metrics": {"accuracy": "high"}}, "accuracy is 'high', which is not a number"),
        ({"metrics": {"accuracy": "0.9"}}, "accuracy is '0.9', which is not a number"),
        ({"metrics": {"accuracy": True}}, "accuracy is True, which is not a number"),
        ({"metrics": {"accuracy": float("nan")}}, "accuracy is nan, which is not a number"),
        ({"metrics": {"accuracy": {}}}, "accuracy is {}; write a minimum such as 0.9"),
        ({"metrics": {"accuracy": {"min": 0.9, "max": 0.8}}}, "min 0.9 is above max 0.8"),
        ({"metrics": {"recall": {"min": 0.9, "8": 0.9}}}, "recall mixes limits with classes"),
        ({"metrics": {"recall": {"8": {"least": 1}}}}, "recall of '8' is {'least': 1}"),
        ({"metrics": {"recall": {"8": {"7": 1}}}}, "recall of '8' is {'7': 1}"),
        ({"metrics": {"accuracy": 0, "recall": {"8": 0.0}}}, "every model reaches a minimum of 0"),
        ({"tolerance": -1}, "tolerance is -1"),
        ({"config": {"params.epochz": 5}}, "Quick.config: params.epochz is not a known key (did "
         "you mean 'epochs'?)"),
        ({"config": {"params": {"epochs": 0}}}, "Quick.config: params.epochs is 0"),
        ({"config": {"params.epochs": "5e"}}, "Quick.config: params.epochs is '5e'"),
        ({"config": {"learning_rate": 5e-5}}, "Quick.config: learning_rate is not a known key; "
         "write tuning.hyperparams.learning_rate.default_value"),
        ({"config": {"upload": False}}, "Quick.config: upload is not a known key; remove it"),
        ({"config": {"use_gpu": "yes"}}, "Quick.config: use_gpu is 'yes'; write true or false"),
        ({"config": {"use_gpus": True}}, "Quick.config: use_gpus is not a known key"),
        ({"config": {"data.seed": 5}}, "Quick.config: data is not a known key"),
        ({"config": {"architecture": "densse"}}, "Quick.config.architecture is 'densse'"),
        ({"config": {"task": "text"}}, "Quick.config: task is 'text'"),
        ({"config": {"tuning.tune": True}}, "no hyperparameter may be tuned"),
        ({"env": "dog"}, "Quick.env names 'dog', which is not an environment (did you mean "
         "'dogfood'?); known: local, dogfood"),
        ({"env": ["local", "dogfood2"]}, "Quick.env names 'dogfood2'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_key_and_value(
    changes: dict[str, Any], said: str, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_yaml(ENVIRONMENTS, {"dogfood": DOGFOOD})
    write_tests(Good={}, Quick=changes)
    before = snapshot(workspace)
    lines = failed(capsys, "--test", "Good")
    assert lines[0].startswith("model_tests.yaml: Quick")
    assert said in lines[0]
    assert snapshot(workspace) == before


def test_all_mistakes_of_all_tests_are_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    write_tests(A={"metrics": {}, "tme_limit": 1}, B={"model": "other"})
    assert len(failed(capsys)) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty or not a mapping"),
        ("- Quick", "is empty or not a mapping"),
        ("5: {}", "is empty or not a mapping"),
        (".shared: {}", "No tests found in model_tests.yaml"),
        ("Quick: 5", "Quick must be a section"),
        ("a/b: {env: local}", "'a/b' names a test; use letters"),
        ("Quick: {}\nQuick: {}", "the key 'Quick' stands twice"),
        ("Quick: [", "is not valid YAML"),
    ],
)
def test_a_file_that_holds_no_tests_is_refused(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    TESTS.write_text(text)
    assert said in failed(capsys)[0]


def test_without_the_file_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert failed(capsys)[0].startswith("model_tests.yaml does not exist")


def test_anchors_merges_and_numbers_are_read_as_yaml_1_2_has_them() -> None:
    TESTS.write_text(
        ".shared: &shared {env: local, model: tiny, time_limit: 60, metrics: {accuracy: 1}}\n"
        "Small: {<<: *shared, tolerance: 5e-5}\n"
        "Other: {<<: *shared, time_limit: 5}\n"
    )
    small, other = load_cases()
    assert small.asked.tolerance == 5e-5
    assert (small.asked.time_limit, other.asked.time_limit) == (60, 5)
    assert small.asked.metrics == other.asked.metrics


def test_values_of_a_test_replace_those_of_the_model_nested_or_dotted() -> None:
    nested = {"params": {"epochs": 2, "early_stopping.patience": 9}}
    dotted = {"params.epochs": 2, "params.early_stopping.patience": 9}
    config = case(config=nested).config
    assert config == case(config=dotted).config
    assert (config.params.epochs, config.params.early_stopping.patience) == (2, 9)
    assert config.params.batch_size == TINY["params"]["batch_size"]


def test_the_machine_of_a_test_is_said_beside_its_values() -> None:
    found = case(config={"use_gpu": False, "use_mixed_precision": True, "params.epochs": 2})
    assert found.gpu is False
    assert found.config.params.mixed_precision == "float16"
    assert found.config.params.epochs == 2
    assert (case().gpu, case(config={"use_gpu": True}).gpu) == (None, True)
    assert case(config={"use_mixed_precision": False}).config.params.mixed_precision is False


def test_the_configuration_of_a_test_is_stored_complete_and_can_be_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tuning = {
        "rate": {"default_value": 0.1, "tuning": {"tune": True, "param_type": "float", "min": 0.01,
                                                  "max": 1.0, "sampling": "log"}},
        "units": {"default_value": 4, "tuning": {"tune": True, "param_type": "choice",
                                                 "values": [2, 4]}},
    }  # fmt: skip
    found = case(config={"params.epochs": 3, "tuning": {"tune": True, "hyperparams": tuning}})
    make_workspace(found)
    monkeypatch.chdir(found.folder)
    again = load_config(MODEL / "config.yaml")
    assert again == found.config
    text = (MODEL / "config.yaml").read_text()
    assert "allow" not in text
    assert all(key in text for key in ("oracle: random", "param_type: float", "max_failed_share"))


def test_a_test_of_a_model_whose_own_configuration_is_broken_blames_that_file() -> None:
    write_model(TINY | {"architecture": "densse"})
    with pytest.raises(UserError, match=r"^models/tiny/config\.yaml: architecture is 'densse'"):
        case()


def limit(metrics: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one.name, one.min, one.max) for one in requirements(metrics)]


def test_a_metric_is_of_the_test_split_unless_its_name_says_otherwise() -> None:
    assert limit({"accuracy": 1, "box.map": 0.5}) == [
        ("test.accuracy", 1, None),
        ("test.box.map", 0.5, None),
    ]
    names = ("train.loss", "validation.loss", "test.loss", "tflite.x", "latency_ms.keras")
    assert [name for name, _, _ in limit(dict.fromkeys(names, 1))] == list(names)


def test_a_limit_to_be_decided_passes_and_shows_what_was_observed() -> None:
    [accuracy, recall] = requirements({"accuracy": "decide", "recall": {"cat": {"min": "decide"}}})
    assert expected(accuracy) == expected(recall) == "min to be decided"
    assert observed(accuracy, {"test": {"accuracy": 0.5}}, []) == ("0.5", True)
    assert observed(accuracy, {"test": {}}, [])[1] is False


def test_limits_of_classes_and_of_classes_named_like_limits() -> None:
    assert limit({"recall": {"8": 0.9, 3: {"max": 0.5}}}) == [
        ("test.recall of '8'", 0.9, None),
        ("test.recall of '3'", None, 0.5),
    ]
    assert limit({"recall": {"min": 0.1, "max": 0.9}}) == [("test.recall", 0.1, 0.9)]
    assert limit({"recall": {"per_class": {"min": 0.1, "max": 0.9}}}) == [
        ("test.recall of 'min'", 0.1, None),
        ("test.recall of 'max'", 0.9, None),
    ]


def test_selection_by_name_environment_and_quickness() -> None:
    write_yaml(ENVIRONMENTS, {"dogfood": DOGFOOD, "dog": DOGFOOD})
    write_tests(A={"quick": True}, B={"env": ["local", "dogfood"]}, C={"env": "dog"})
    cases = load_cases()

    def names(*tests: str, env: str | None = None, quick: bool = False) -> list[str]:
        return [one.name for one in select(cases, tests, env, quick=quick)]

    assert names() == ["A@local", "B@local", "B@dogfood", "C@dog"]
    assert names(quick=True) == ["A@local"]
    assert names("B", "C") == ["B@local", "B@dogfood", "C@dog"]
    assert names(env="dog") == ["C@dog"]
    assert names("B", env="dogfood") == ["B@dogfood"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--test", "Quik"], "no test 'Quik' (did you mean 'Quick'?); known tests: Quick"),
        (["--env", "dogfod"], "--env names 'dogfod', which is not an environment (did you mean"),
        (
            ["--env", "dogfood"],
            "No test is selected, so none ran; model_tests.yaml has Quick@local",
        ),
        (["--quick"], "No test is selected, so none ran"),
    ],
)
def test_selecting_nothing_is_an_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_yaml(ENVIRONMENTS, {"dogfood": DOGFOOD})
    write_tests(Quick=QUICK)
    assert said in failed(capsys, *arguments)[0]

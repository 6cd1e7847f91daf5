"""Model tests end as they should: what is not proven has failed, and exit codes say so."""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from modelyard.config.export_section import NOT_RUN
from modelyard.data.manifest import read_manifest
from modelyard.files import write_yaml
from modelyard.model_tests.data import records

from .model_testing import (
    ENVIRONMENTS,
    METRICS,
    failed,
    model_of,
    result,
    run,
    write_stub,
    write_tests,
)
from .tiny import CLASSES, MODEL, PROCESSED, snapshot

NAN, INFINITE = '{"test": {"accuracy": NaN}}', '{"test": {"accuracy": Infinity}}'
LACKS = "raise RuntimeError('Select TensorFlow op(s) are not supported')"
LACKING = f"self.resize_tensor_input = lambda *_: exec({LACKS!r})"
TEXT, TRUTH = '{"test": {"accuracy": "0.95"}}', '{"test": {"accuracy": true}}'


@pytest.fixture(autouse=True)
def _project(workspace: Path) -> Path:
    write_stub()
    write_tests(Quick={"quick": True})
    return workspace


def test_a_test_that_reaches_its_limits_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    printed = capsys.readouterr().out
    assert "Quick@local: passed" in printed
    assert "0 apart" in printed
    stored = result("Quick@local")
    assert stored["passed"]
    assert stored["metrics"][0]["observed"] == "0.95"
    assert stored["config"]["params"]["epochs"] > 0


def test_the_checkout_is_left_as_it_was(workspace: Path) -> None:
    before = snapshot(workspace)
    assert run() == 0
    after = snapshot(workspace)
    new = {name for name in after if ".model_tests" in name or "__pycache__" in name}
    assert {name: after[name] for name in after if name not in new} == before


@pytest.mark.parametrize("options", [(), ("--no-inference",)])
def test_a_training_that_fails_fails_the_test(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN", "print('error: no more memory.'); status = 3")
    assert failed(capsys, *options) == [
        "Quick@local: the training ended with exit status 3: no more memory."
    ]
    assert not result("Quick@local")["inference"]


def test_the_last_lines_of_a_failed_training_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TRAIN", "[print('counted', n) for n in range(99)]; raise OSError('\\x1b full')"
    )
    assert run() == 1
    captured = capsys.readouterr()
    assert "Quick@local | counted 98" in captured.out
    assert "counted 50" not in captured.out
    assert "exit status 1: OSError:  full." in captured.err


@pytest.mark.parametrize(
    ("metrics", "observed"),
    [
        ('{"test": {"accuracy": 0.899}}', "0.899"),
        (NAN, "nan"),
        (INFINITE, "inf"),
        (TEXT, "'0.95', which is not a number"),
        (TRUTH, "True, which is not a number"),
        ('{"test": {"accuracy": null}}', "None, which is not a number"),
        ('{"test": {"loss": 1}}', "nothing: there is no 'accuracy' among loss"),
        ('{"test": {}}', "nothing: there is no 'accuracy' among nothing"),
        ("{}", "nothing: there is no 'test' among nothing"),
    ],
)
def test_what_is_no_sufficient_number_fails(
    metrics: str,
    observed: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METRICS", metrics)
    expected = f"Quick@local: test.accuracy: expected at least 0.9, observed {observed}."
    assert failed(capsys) == [expected]


@pytest.mark.parametrize("value", ["0.9", "1"])
def test_a_value_equal_to_its_minimum_passes_and_so_does_a_whole_number(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS", f'{{"test": {{"accuracy": {value}}}}}')
    assert run() == 0


def test_every_failure_of_every_test_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = CLASSES[0], CLASSES[1]
    limits = {"accuracy": 0.99, "recall": {first: 0.5, second: 0.5}, "loss": {"max": 0.1}}
    write_tests(A={"metrics": limits}, B={"metrics": {"tflite.max_difference": {"max": 1e-6}}})
    per_class = {first: {"recall": 0.4}, second: {"recall": 0.6}}
    metrics = {"test": {"accuracy": 0.9, "loss": 0.2, "per_class": per_class}}
    monkeypatch.setenv("METRICS", json.dumps(metrics))
    assert failed(capsys, "--jobs", "2") == [
        "A@local: test.accuracy: expected at least 0.99, observed 0.9.",
        f"A@local: test.recall of {first!r}: expected at least 0.5, observed 0.4.",
        "A@local: test.loss: expected at most 0.1, observed 0.2.",
        "B@local: tflite.max_difference: expected at most 1e-06, observed nothing: there is no "
        "'tflite' among test.",
    ]


def test_a_training_over_its_limit_fails_and_its_last_status_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tests(Slow={"time_limit": 3, "polling_interval": 0.2})
    curves = (
        'METRICS.mkdir(parents=True); (METRICS / "history.csv").write_text("epoch,loss\\n1,2\\n")'
    )
    monkeypatch.setenv("TRAIN", f"{curves}; time.sleep(60)")
    [line] = failed(capsys)
    assert line.startswith("Slow@local: the training took longer than time_limit, 3 seconds")
    assert line.endswith("loss 2.")
    assert "last status: train: epoch 1 of at most" in line
    assert not result("Slow@local")["inference"]


def test_a_training_over_its_limit_that_never_said_anything_fails_like_others(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    write_tests(Slow={"time_limit": 0.5})
    run_py = workspace / "stub/standin/__init__.py"
    run_py.write_text("import time\ntime.sleep(60)\n")
    [line] = failed(capsys)
    assert line.endswith("was ended; last status: nothing was said yet.")


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("keras", "0.5", "of more than"),
        ("tflite", "0.5", "of more than"),
        ("keras", "raise OSError('damaged')", "OSError: damaged"),
        ("tflite", "import os; os._exit(9)", "no answer, exit status 9"),
        (
            "keras",
            "import time; time.sleep(60)",
            "no answer within inference_time_limit, 2 seconds",
        ),
    ],
)
def test_a_saved_model_that_predicts_otherwise_or_not_at_all_fails(
    form: str, content: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tests(Quick={"polling_interval": 0.1})
    assert run() == 0
    if "seconds" in said:
        write_tests(Quick={"inference_time_limit": 2, "polling_interval": 0.1})
    (model_of("Quick@local") / f"model.{form}").write_text(content)
    path = model_of("Quick@local") / "train_configuration.yaml"
    _as_trained(path)
    lines = failed(capsys, "--no-train")
    found = [line for line in lines if f"inference with model.{form}: " in line]
    assert len(found) == 1
    if said == "of more than":
        images = len(records(PROCESSED))
        assert f"{images} of {images} predictions differ" in found[0]
        assert "at most by 0.5; the first is of images/" in found[0]
    else:
        assert said in found[0]


def _as_trained(path: Path, **changes: Any) -> None:
    """Write what a training writes of itself, for the configuration asked."""
    config = result("Quick@local")["config"]
    values = {name: one["default_value"] for name, one in config["tuning"]["hyperparams"].items()}
    record = {"hyperparameters": values, "data_hash": read_manifest(PROCESSED).data_hash}
    started = datetime.now(UTC).isoformat(timespec="microseconds")
    write_yaml(path, record | {"config": config, "training_start_time": started} | changes)


def test_onnx_predicts_as_well_where_it_was_exported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN", "(MODEL / 'model.onnx').write_text('0')")
    assert run() == 0
    assert result("Quick@local")["inference"]["model.onnx"].endswith(" apart")
    monkeypatch.setenv("TRAIN", "(MODEL / 'model.onnx').write_text('0.25')")
    [line] = failed(capsys)
    assert "inference with model.onnx: " in line
    assert "at most by 0.25; the first is of images/" in line


def test_a_test_runs_with_a_gpu_or_without_as_it_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "TRAIN", "import tensorflow; print(tensorflow.config.list_physical_devices('G'))"
    )
    write_tests(Gpu={"config": {"use_gpu": True}}, Cpu={"config": {"use_gpu": False}})
    assert failed(capsys) == [
        "Gpu@local: the training ended with exit status 1: config.use_gpu is true, but this "
        "machine has no GPU that it can train on; run the test on a machine with one, or write "
        "use_gpu: false."
    ]
    monkeypatch.setenv("GPUS", "2")
    assert run() == 0
    logs = {name: Path(f".model_tests/{name}@local/log.txt").read_text() for name in ("Gpu", "Cpu")}
    assert "['G', 'G']" in logs["Gpu"]
    assert "[]" in logs["Cpu"]


def test_what_is_tested_follows_the_list_of_exports(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"accuracy": 0.9, "tflite.max_difference": {"max": 1e-5}}
    write_tests(Quick={"config": {"params.export": []}, "metrics": limits})
    assert run() == 0
    assert set(result("Quick@local")["inference"]) == {"model.keras"}
    [_, check] = result("Quick@local")["metrics"]
    assert check["observed"] == "not judged: params.export has no tflite"
    write_tests(Quick={"config": {"params.export": ["onnx"]}})
    [line] = failed(capsys)
    assert line.startswith("Quick@local: inference with model.onnx: UserError: ")
    monkeypatch.setenv("TRAIN", "(MODEL / 'model.onnx').write_text('0')")
    assert run() == 0
    assert set(result("Quick@local")["inference"]) == {"model.keras", "model.onnx"}


@pytest.mark.parametrize(
    ("precision", "apart", "status"),
    [("float16", 0.01, 0), ("float16", 0.03, 1), ("int8", 0.3, 0), ("dynamic", 0.3, 0)],
)
def test_a_smaller_form_may_differ_more(
    precision: str, apart: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"format": "tflite", "precision": precision}
    write_tests(Quick={"config": {"params.export": [form]}})
    monkeypatch.setenv("TRAIN", f"(MODEL / 'model.tflite').write_text('{apart}')")
    assert run() == status
    assert result("Quick@local")["inference"]["model.tflite"] == f"{apart:g} apart"


def test_a_form_whose_operators_are_not_here_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAIN", f"(MODEL / 'model.tflite').write_text({LACKING!r})")
    assert run() == 0
    assert result("Quick@local")["inference"]["model.tflite"] == NOT_RUN


def test_without_inference_it_says_that_it_was_not_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("--no-inference") == 0
    assert "(--no-inference)" in capsys.readouterr().out


def test_a_model_with_an_adapter_is_judged_by_its_metrics_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (MODEL / "adapter.py").write_text("# another framework\n")
    assert run() == 0
    assert "(adapter.py" in capsys.readouterr().out
    assert (model_of("Quick@local") / "adapter.py").is_file()


def test_what_lies_beside_an_adapter_comes_along_and_what_was_trained_does_not(
    workspace: Path,
) -> None:
    files = ("adapter.py", "words/list.txt", "new.txt", "model.pkl", "hyperparameters.yaml")
    for name in files:
        (MODEL / name).parent.mkdir(exist_ok=True)
        (MODEL / name).write_text("content")
    (workspace / ".gitignore").write_text("*.pkl\n.model_tests\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "add", str(MODEL / "words"), str(MODEL / "adapter.py")], check=True)
    assert run() == 0
    there = {name for name in files if (model_of("Quick@local") / name).exists()}
    assert there == {"adapter.py", "words/list.txt", "new.txt"}


def test_a_training_that_writes_into_the_checkout_s_data_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = PROCESSED / "test_images.npy"
    monkeypatch.setenv("EVALUATE", f"open({str(images)!r}, 'ab').write(b'more')")
    [line] = failed(capsys)
    assert line == (
        f"Quick@local: {images} was written into while the test ran, and is the checkout's own; "
        "restore it with `dvc checkout`, and have the training write only where output_paths says."
    )


def test_stored_predictions_that_are_gone_fail(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALUATE", "(MODEL / 'test_predictions.npy').unlink()")
    lines = failed(capsys)
    assert len(lines) == 2
    assert "test_predictions.npy is missing or damaged" in lines[0]


def test_without_training_a_model_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = failed(capsys, "--no-train")
    assert line == (
        "Quick@local: there is no trained model: no train_configuration.yaml in "
        ".model_tests/Quick@local/models/tiny or models/tiny; run it without --no-train, or "
        "`dvc pull` the model."
    )


def test_the_model_of_an_environment_is_never_the_checkout_s(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    shutil.copytree(model_of("Quick@local"), MODEL, dirs_exist_ok=True)
    _as_trained(MODEL / "train_configuration.yaml")
    write_yaml(ENVIRONMENTS, {"dogfood": {"host": "file://..", "path": "packages"}})
    write_tests(Quick={"env": "dogfood"})
    [line] = failed(capsys, "--no-train")
    assert line.endswith("in .model_tests/Quick@dogfood/models/tiny; run it without --no-train.")


def test_the_model_that_was_trained_last_is_judged_and_said_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    shutil.copytree(model_of("Quick@local"), MODEL, dirs_exist_ok=True)
    metrics = Path("training_metrics")
    shutil.copytree(Path(".model_tests/Quick@local") / metrics, metrics, dirs_exist_ok=True)
    record = Path("train_configuration.yaml")
    for older, newer in ((MODEL, model_of("Quick@local")), (model_of("Quick@local"), MODEL)):
        _as_trained(older / record, git_commit="a" * 40)
        _as_trained(newer / record, git_commit="b" * 40)
        capsys.readouterr()
        assert run("--no-train") == 0
        said = capsys.readouterr().out
        assert f"Quick@local: judging {newer}, trained 20" in said
        assert f" at {'b' * 10}" in said
        assert ("by other code than there is now" in said) == (newer != MODEL)


def test_without_training_a_model_of_other_data_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    _as_trained(model_of("Quick@local") / "train_configuration.yaml", data_hash="another")
    [line] = failed(capsys, "--no-train")
    assert "was trained otherwise: the data was another, now it is " in line


def test_without_training_a_model_trained_otherwise_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    _as_trained(model_of("Quick@local") / "train_configuration.yaml")
    assert run("--no-train") == 0
    write_tests(
        Quick={"config": {"params.epochs": 77, "tuning.hyperparams.filters": {"default_value": 9}}}
    )
    [line] = failed(capsys, "--no-train")
    assert "was trained otherwise: params.epochs was" in line
    assert "the test asks for 77; hyperparameters.filters was" in line


def test_each_environment_has_its_own_code_and_one_that_fails_leaves_the_others_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"host": "file://..", "path": "packages"}
    write_yaml(ENVIRONMENTS, {"dogfood": entry, "broken": entry})
    write_tests(Everywhere={"env": ["local", "broken", "dogfood"]})
    monkeypatch.setenv("TRAIN", "print(os.environ['ENV'], 'trains')")
    assert failed(capsys) == ["Everywhere@broken: broken: version 0.1.0 is not there."]
    for env in ("local", "dogfood"):
        assert f"{env} trains" in Path(f".model_tests/Everywhere@{env}/log.txt").read_text()
        assert result(f"Everywhere@{env}")["passed"]
    assert run("--env", "dogfood") == 0
    assert failed(capsys, "--env", "broken")


def test_junit_has_a_case_for_each_test_with_its_time_and_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tests(Good={}, Bad={"metrics": {"accuracy": 0.96, "loss": {"max": 1}}})
    file = tmp_path / "results/junit.xml"
    assert run("--junit", str(file)) == 1
    [suite] = JUnitXml.fromfile(str(file))
    assert (suite.tests, suite.failures) == (2, 1)
    good, bad = suite
    assert (good.name, good.classname) == ("Good", "model_tests.local")
    assert good.time > 0
    assert good.is_passed
    [failure] = bad.result
    first = "test.accuracy: expected at least 0.96, observed 0.95"
    assert failure.message == f"{first} (and 1 more)"
    said = "test.loss: expected at most 1, observed nothing: there is no 'loss' among accuracy"
    assert failure.text.splitlines() == [first, said]
    monkeypatch.setenv("TRAIN", "print('why'); status = 1")
    assert run("--junit", str(file), "--test", "Good") == 1
    [suite] = JUnitXml.fromfile(str(file))
    assert "why" in next(iter(suite)).system_out


def test_the_log_level_chooses_how_much_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN", "print('a line of the training')")
    said = {}
    for level in ("debug", "warning"):
        assert run("--log-level", level) == 0
        said[level] = capsys.readouterr().out
    assert said["debug"].count("Quick@local | a line of the training") == 1
    assert "Quick@local | # keras" in said["debug"]
    assert said["warning"].startswith("\nQuick@local passed in ")


def test_a_run_that_ends_early_leaves_no_results_of_one_before(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    assert run("--junit", str(file)) == 0
    assert file.is_file()
    write_tests(Quick={"time_limit": "soon"})
    assert run("--junit", str(file)) == 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "--junit . is a folder; name a file."),
        ("models", "--junit models is a folder; name a file."),
        (
            "config.yaml/junit.xml",
            "--junit config.yaml/junit.xml cannot be written (File exists); name another file.",
        ),
    ],
)
def test_results_that_cannot_be_written_are_refused_before_any_training(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failed(capsys, "--junit", name) == [said]
    assert not Path(".model_tests").exists()


def test_a_class_that_the_data_lacks_is_refused_before_any_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_tests(Quick={"metrics": {"recall": {"nobody": 0.5}}})
    [line] = failed(capsys)
    assert "test.recall of 'nobody': the data has no such class" in line
    assert not Path(".model_tests/Quick@local").exists()


def test_inputs_are_linked_not_copied() -> None:
    assert run() == 0
    file = PROCESSED / "test_images.npy"
    assert (Path(".model_tests/Quick@local") / file).samefile(file)


def test_the_metrics_of_a_run_before_do_not_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run() == 0
    monkeypatch.setenv("METRICS", METRICS.replace("accuracy", "loss"))
    assert "observed nothing" in failed(capsys)[0]

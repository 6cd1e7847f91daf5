"""Bad input on the real pipeline: a sentence, an exit code, and the way on."""

from pipeline.stages import MODEL, Project

CONFIG = f"models/{MODEL}/config.yaml"


def test_a_failing_stage_fails_run_sh_and_the_same_command_goes_on(finished: Project) -> None:
    image = finished.path / "data/raw/digits/images/0000.png"
    pixels = image.read_bytes()
    image.write_bytes(b"no image")
    finished.run("dvc", "commit", "--force", "example_data")
    done = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert "error: data/raw/digits/images/0000.png cannot be read as an image" in done
    assert "the same command continues" in done
    assert "status 255" in done
    image.write_bytes(pixels)
    finished.run("dvc", "commit", "--force", "example_data")
    assert "status 0" in finished.run("sh", "-c", "sh run.sh; echo status $?")


def test_a_misspelt_key_stops_before_anything_runs(finished: Project) -> None:
    finished.replace(CONFIG, "epochs: 40", "epoch: 40")
    before = finished.run("git", "status", "--porcelain")
    log = finished.run("sh", "-c", "sh run.sh; echo status $?")
    assert f"error: {CONFIG}: params.epoch is not a known key (did you mean 'epochs'?)" in log
    assert log.endswith("status 1\n")
    assert "Running stage" not in log
    assert finished.run("git", "status", "--porcelain") == before


def test_an_unknown_model_is_refused_with_the_known_ones(finished: Project) -> None:
    log = finished.run("sh", "-c", "sh run.sh digits; echo status $?")
    assert log == (
        f"error: models/digits/config.yaml does not exist; known models: {MODEL}.\nstatus 1\n"
    )

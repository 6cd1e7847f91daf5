"""What publishing writes here: the model card and the template."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.checking import main as check
from modelyard.files import read_yaml
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import load_official
from modelyard.publishing.official.template import retraining_template

from .official import publish, ready
from .tiny import CLASSES, MODEL

OFFICIAL = OFFICIAL_MODELS / "tiny"


@pytest.fixture(name="published", autouse=True)
def _published(workspace: Path) -> None:
    """Publish the tiny model of a project with a licence of its own."""
    Path("pyproject.toml").write_text('[project]\nlicense = "LicenseRef-Proprietary"\n')
    ready(workspace.parent / "bucket")
    assert publish() == 0


def test_the_card_has_front_matter_that_reads_back_and_says_what_people_ask(
    tmp_path: Path,
) -> None:
    _, front, page = (OFFICIAL / "README.md").read_text().split("---\n", 2)
    (tmp_path / "front.yaml").write_text(front)
    found: dict[str, Any] = read_yaml(tmp_path / "front.yaml")
    assert (found["library_name"], found["license"]) == ("keras", "other")
    assert found["license_name"] == "proprietary"
    (result,) = found["model-index"][0]["results"]
    assert result["task"]["type"] == found["pipeline_tag"] in found["tags"]
    # What is no number is left out: the hub refuses it.
    assert {one["type"]: one["value"] for one in result["metrics"]} == {
        "loss": 0.25,
        "odd|name": 0.75,
    }
    assert "## Intended use\n\nTell stripes from dots.\n" in page
    assert "## Limits\n\nKnows *nothing* else.\n" in page
    assert "| odd&#124;name |  |  | 0.75 |" in page
    assert page.count("| 0.5 | 1 |") == len(CLASSES)  # a row a class
    assert "| latency_ms.keras | 1.5 |" in page
    manifest = read_yaml(MODEL / "train_configuration.yaml")["data_hash"]
    assert f"| SHA-256 of the prepared data | {manifest} |" in page


def test_check_refuses_a_template_that_is_not_made_of_its_official_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check([]) == 0
    made = Path("templates/tiny.yaml")
    for change in (lambda: made.write_text("drifted"), made.unlink):
        change()
        capsys.readouterr()
        assert check([]) == 1
        assert capsys.readouterr().err == (
            "error: templates/tiny.yaml is not what official_models/tiny/config.yaml gives; change "
            "neither by hand, `make publish_models` writes both.\n"
        )


def test_a_template_is_the_official_config_with_places_to_fill_in() -> None:
    made = Path("templates/tiny.yaml")
    official, found = read_yaml(OFFICIAL / "config.yaml"), read_yaml(made)
    assert found["train_config"].pop("data_dir", 0) is None
    assert found["train_config"].pop("labels", 0) is None
    for key in ("data_dir", "filepaths", "checkpoint"):
        assert found["predict_config"].pop(key, 0) is None
    assert found == official
    made.write_text("drifted")
    assert publish() == 0
    assert made.read_text() == retraining_template("tiny", load_official(OFFICIAL / "config.yaml"))

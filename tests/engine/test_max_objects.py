"""How many objects a saved model tells of one image, and what is said where images have more."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from modelyard.config.loading import load_config
from modelyard.config.params import MOST_OBJECTS
from modelyard.errors import UserError
from modelyard.files import write_yaml
from modelyard.tasks import finished, meaning
from modelyard.tasks.centers import BOX
from modelyard.tasks.crowded import warning
from modelyard.training import rehearsal

from . import tiny_scenes
from .tiny import MODEL

CLASSES, CELLS = 2, 16
DATA: Any = SimpleNamespace(classes=["one", "two"])


@pytest.mark.parametrize(
    ("most", "told"), [(3, 3), (MOST_OBJECTS, 50), (300, 300), (10**6, CELLS * CELLS * CLASSES)]
)
def test_a_saved_model_tells_the_likeliest_objects_up_to_the_key(most: int, told: int) -> None:
    keras.utils.set_random_seed(1)
    images = keras.Input((CELLS, CELLS, 1))
    network = keras.Model(images, keras.layers.Conv2D(CLASSES + BOX, 3, padding="same")(images))
    model = finished(meaning("boxes"), network, DATA, most)
    assert model.output_shape == (None, told, 6)
    found = model.predict_on_batch(np.random.default_rng(0).random((2, CELLS, CELLS, 1)))
    assert (np.diff(found[..., 4]) <= 0).all()
    every = finished(meaning("boxes"), network, DATA, 10**6)
    first = every.predict_on_batch(np.random.default_rng(0).random((2, CELLS, CELLS, 1)))[:, :told]
    assert found[..., :5] == pytest.approx(first[..., :5], abs=1e-5)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the configuration of a detector; some of its images have 4 objects, the others 1."""
    monkeypatch.chdir(tmp_path)
    task = tiny_scenes.TASK
    write_yaml(Path("config.yaml"), tiny_scenes.project(task))
    write_yaml(MODEL / "config.yaml", tiny_scenes.model(task))
    tiny_scenes.PROCESSED.mkdir(parents=True)
    for split, counts in {"train": [1, 4, 4], "validation": [1], "test": [4, 0]}.items():
        boxes = np.full((len(counts), max(counts), 5), -1, np.float32)
        for image, count in enumerate(counts):
            boxes[image, :count] = (0, 0, 1, 1, 1)
        np.save(tiny_scenes.PROCESSED / f"{split}_boxes.npy", boxes)
    return load_config()


def test_images_with_more_objects_are_counted_and_the_key_is_named(config: Any) -> None:
    assert config.params.max_objects == 50
    assert warning(config) is None
    assert warning(load_config(overrides={"params.max_objects": 4})) is None
    assert warning(load_config(overrides={"params.max_objects": 3})) == (
        "models/tiny/config.yaml: params.max_objects is 3, but 3 of 6 images in "
        "data/processed/scenes have more objects, up to 4, of which the model will not tell all; "
        "write 4 or more."
    )


def test_it_is_said_before_the_first_epoch(
    config: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = load_config(overrides={"params.max_objects": 3})
    recipe: Any = SimpleNamespace(config=few, manifest=None, own_callbacks=lambda: 1 / 0)
    monkeypatch.setattr(rehearsal, "check_defined", lambda *_: None)
    monkeypatch.setattr(rehearsal, "task_of", lambda _: meaning("boxes"))
    with pytest.raises(ZeroDivisionError):  # what comes next
        rehearsal.rehearse(None, recipe, config)
    assert capsys.readouterr().err.startswith("warning: models/tiny/config.yaml: params.max_obj")


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("value", [0, -1, 2.5, "many"])
def test_another_value_is_refused_by_name(value: object) -> None:
    with pytest.raises(UserError, match=r"params\.max_objects"):
        load_config(overrides={"params.max_objects": value})


@pytest.mark.usefixtures("config")
def test_no_search_may_choose_it() -> None:
    document = tiny_scenes.model(tiny_scenes.TASK)
    document["tuning"]["hyperparams"]["params.max_objects"] = {"default_value": 60}
    write_yaml(MODEL / "config.yaml", document)
    with pytest.raises(UserError, match=r"params\.max_objects"):
        load_config()

"""`data.resize`, `exif`, `background`, `sixteen_bit_range`: checked, recorded, and kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modelyard.adapter.description import predict_configuration
from modelyard.config.image_section import ImageReading
from modelyard.config.loading import load_config, load_project
from modelyard.data.images import read_image
from modelyard.data.manifest import read_manifest
from modelyard.data.preparing import prepare_data
from modelyard.errors import UserError
from modelyard.files import read_csv, write_yaml
from modelyard.official.record import predict_config
from modelyard.serving.predicting import described
from modelyard.tasks.kinds.image import KIND as IMAGES

from .tiny import PROCESSED

OTHERS: dict[str, Any] = {
    "resize": "pad",
    "exif": "apply",
    "background": "#102030",
    "sixteen_bit_range": [0, 4095],
}
CHOSEN = {f"data.{key}": value for key, value in OTHERS.items()}


@pytest.fixture(autouse=True)
def _here(workspace: Path) -> None:
    """Work in the tiny project, which is prepared."""
    assert Path.cwd() == workspace


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("background", "whit", "is 'whit': not a colour (did you mean 'white'?); write a name"),
        ("background", None, '"#ffffff" in quotes, as YAML takes # for the beginning of a comment'),
        ("background", "#fff", "is '#fff': not a colour"),
        ("background", 0, "is 0: not a colour"),
        ("exif", "yes", "'apply' or 'ignore'"),
        ("resize", "fit", "'stretch', 'pad' or 'crop'"),
        ("sixteen_bit_range", [4095, 0], "must rise, such as [0, 4095]"),
        ("sixteen_bit_range", [0, 65536], "less than or equal to 65535"),
        ("sixteen_bit_range", [0], "at least 2 items"),
    ],
)
def test_a_mistake_is_one_sentence(key: str, value: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load_project({f"data.{key}": value})
    assert message in str(caught.value)
    assert f"data.{key}" in str(caught.value) or "data: " in str(caught.value)


@pytest.mark.parametrize("colour", ["white", "Tomato", "#00ff7F", "rebeccapurple"])
def test_colours_are_names_or_hexadecimal(colour: str) -> None:
    data: Any = load_project({"data.background": colour}).data
    assert data.background == colour


def test_defaults_leave_the_manifest_as_it_always_was() -> None:
    document = json.loads((PROCESSED / "manifest.json").read_text())
    assert [*document] == [
        "kind",
        "head",
        "inputs",
        "targets",
        "classes",
        "examples",
        "counts",
        "files",
    ]
    before = read_manifest(PROCESSED).data_hash
    defaults = ImageReading.of((8, 8, 1), {}).settings()
    prepare_data(load_project({f"data.{key}": value for key, value in defaults.items()}).data)
    assert read_manifest(PROCESSED).data_hash == before
    assert read_manifest(PROCESSED).reading.settings() == defaults


@pytest.mark.parametrize("key", OTHERS)
def test_another_setting_is_another_data_and_recorded(key: str) -> None:
    before = read_manifest(PROCESSED)
    prepare_data(load_project({f"data.{key}": OTHERS[key]}).data)
    after = read_manifest(PROCESSED)
    assert after.files == before.files  # these images are alike in all of them
    assert after.data_hash != before.data_hash
    assert getattr(after.reading, key) == OTHERS[key]


def test_a_model_s_description_says_how_to_read_images_and_publishing_keeps_it() -> None:
    prepare_data(load_project(CHOSEN).data)
    about = predict_configuration(load_config(), read_manifest(PROCESSED), object)
    assert about["input"] == {
        "kind": "image", "height": 8, "width": 8, "channels": 1, "pixel_range": [0, 255], **OTHERS
    }  # fmt: skip
    assert predict_config(about)["input"] == about["input"]
    write_yaml(Path("about.yaml"), about)
    assert (
        IMAGES(described(Path("about.yaml"))["input"], {}).reading
        == read_manifest(PROCESSED).reading
    )


def test_an_old_description_means_the_defaults() -> None:
    about = predict_configuration(load_config(), read_manifest(PROCESSED), object)
    about["input"] = {"height": 8, "width": 6, "channels": 3, "pixel_range": [0, 255]}
    write_yaml(Path("about.yaml"), about)
    reading = IMAGES(described(Path("about.yaml"))["input"], {}).reading
    assert (reading.shape, reading.settings()) == (
        (8, 6, 3),
        ImageReading.of((8, 6, 3), {}).settings(),
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("resize", "fit"), ("background", "whit"), ("channels", 2), ("exif", None), ("height", 0)],
)
def test_a_description_of_impossible_settings_is_refused(key: str, value: object) -> None:
    about = predict_configuration(load_config(), read_manifest(PROCESSED), object)
    about["input"][key] = value
    write_yaml(Path("about.yaml"), about)
    with pytest.raises(UserError, match=rf"does not describe a model \(input.{key}: "):
        described(Path("about.yaml"))


def photo(file: Path, seed: int) -> None:
    """Write a photo that is turned, half transparent and of no square shape."""
    exif = Image.Exif()
    exif[0x0112] = 8
    values = np.random.default_rng(seed).integers(0, 255, (20, 44, 4)).astype(np.uint8)
    Image.fromarray(values).save(file, exif=exif)


def test_prepare_predict_and_an_upload_see_the_same_pixels() -> None:
    project = load_project(CHOSEN).data
    for number, row in enumerate(read_csv(project.root / "annotations.csv")):
        photo(project.root / row["path"], seed=number)
    prepare_data(project)
    prepared = np.load(PROCESSED / "train_images.npy")[0]
    reading = read_manifest(PROCESSED).reading
    file = project.root / read_csv(PROCESSED / "train.csv")[0]["path"]
    uploaded = IMAGES(reading.described(), {}).decode(file.read_bytes(), "image/png")
    assert uploaded.size == (44, 20)
    assert (uploaded.values["images"] == prepared).all()
    assert (read_image(file, reading) == prepared).all()


def test_prepare_names_a_better_range_for_dark_images_of_16_bits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = load_project().data
    for number, row in enumerate(read_csv(project.root / "annotations.csv")):
        values = np.random.default_rng(number).integers(0, 1000 + number, (8, 8), np.uint16)
        values[0, 0] = 1000 + number
        Image.fromarray(values).save(project.root / row["path"])
    prepare_data(project)
    highest = 1000 + number
    assert capsys.readouterr().err == (
        f"warning: the highest value of all images of 16 bits is {highest}, so they become nearly "
        "black: data.sixteen_bit_range is [0, 65535]; set data.sixteen_bit_range: "
        f"[0, {highest}].\n"
    )
    prepare_data(load_project({"data.sixteen_bit_range": [0, highest]}).data)
    assert capsys.readouterr().err == ""
    assert np.load(PROCESSED / "train_images.npy").max() > 240

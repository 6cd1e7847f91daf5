"""Perturbed test images: units, what is drawn, and that boxes found come back to their places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

from modelyard.data.manifest import ArraySpec, Manifest
from modelyard.model_tests.perturbations import Perturbations, not_possible
from modelyard.model_tests.perturbing import PERTURBING, moved_back, perturbed

from .model_testing import failed, run, write_stub, write_tests

IMAGES = np.random.default_rng(1).integers(60, 190, (40, 9, 12, 3), np.uint8)


def test_brightness_is_a_share_of_the_range_lighter_or_darker() -> None:
    apart = perturbed("brightness", 0.2, IMAGES).astype(int) - IMAGES
    assert {tuple(np.unique(one)) for one in apart} == {(51,), (-51,)}
    assert set(np.unique(perturbed("brightness", 1, IMAGES))) == {0, 255}


def test_blur_is_a_gaussian_in_pixels_with_the_edge_repeated() -> None:
    sigma = (0, 1.5, 1.5, 0)
    expected = gaussian_filter(IMAGES.astype(float), sigma, mode="nearest", truncate=3.1)
    assert np.abs(perturbed("blur", 1.5, IMAGES) - expected).max() < 1


def test_noise_is_a_share_of_the_range() -> None:
    apart = perturbed("noise", 0.05, IMAGES).astype(int) - IMAGES
    assert apart.std() == pytest.approx(0.05 * 255, rel=0.05)
    assert abs(apart.mean()) < 1


def test_a_shift_moves_by_pixels_along_both_axes_and_repeats_the_edge() -> None:
    ramp = np.zeros((40, 9, 12, 1), np.uint8)
    ramp[:] = (np.arange(9)[:, None] * 12 + np.arange(12))[..., None]
    moved = perturbed("shift", 2, ramp)
    assert {int(one[4, 6, 0]) - (4 * 12 + 6) for one in moved} == {-26, -22, 22, 26}
    for one in moved:
        by = (4 * 12 + 6) - int(one[4, 6, 0])
        down, right = round(by / 12), by - 12 * round(by / 12)
        rows = np.clip(np.arange(9) - down, 0, 8)
        columns = np.clip(np.arange(12) - right, 0, 11)
        assert (one[..., 0] == ramp[0, ..., 0][rows][:, columns]).all()


@pytest.mark.parametrize("name", PERTURBING)
def test_what_is_drawn_depends_on_an_images_place_alone(name: str) -> None:
    whole = perturbed(name, 2 if name == "shift" else 0.3, IMAGES)
    assert whole.dtype == np.uint8
    assert whole.shape == IMAGES.shape
    part = perturbed(name, 2 if name == "shift" else 0.3, IMAGES[32:], 32)
    assert (part == whole[32:]).all()


def test_boxes_that_are_found_in_shifted_images_come_back() -> None:
    images = np.zeros((20, 40, 80, 1), np.uint8)
    images[:, 10:20, 30:50] = 255
    shifted = perturbed("shift", 5, images, start=7)
    found = np.zeros((20, 1, 6), np.float32)
    for at, one in enumerate(shifted[..., 0]):
        rows, columns = np.flatnonzero(one.any(axis=1)), np.flatnonzero(one.any(axis=0))
        box = (columns[0] / 80, rows[0] / 40, (columns[-1] + 1) / 80, (rows[-1] + 1) / 40)
        found[at, 0, :4] = box
    assert len(np.unique(found, axis=0)) > 1
    back = moved_back(found, 5, 7, (40, 80))
    assert back[:, 0, :4] == pytest.approx(np.tile([30 / 80, 10 / 40, 50 / 80, 20 / 40], (20, 1)))


def manifest(kind: str, head: Any) -> Manifest:
    inputs = {"images": ArraySpec(shape=(8, 8, 1), dtype="uint8")}
    return Manifest(kind=kind, head=head, inputs=inputs, examples={}, files={})


@pytest.mark.parametrize(
    ("kind", "head", "asked", "said"),
    [
        ("text", "class", {"noise": 0.1}, "of images only, and the prepared data is of the kind"),
        ("image", "masks", {"shift": 1}, "perturbations.shift does not move masks"),
        ("image", "boxes", {"shift": 8}, "shift is 8, but the images are 8 pixels; write less"),
    ],
)
def test_what_the_data_cannot_be_perturbed_by_is_told(
    kind: str, head: str, asked: dict[str, Any], said: str
) -> None:
    [found] = not_possible(Perturbations(**asked), manifest(kind, head))
    assert said in found
    assert not [*not_possible(Perturbations(), manifest(kind, head))]


@pytest.mark.parametrize(
    ("asked", "limits", "said"),
    [
        ({"blur": 1}, {"accuracy": 0.5}, "perturbations.blur has no limit; write one in metrics"),
        ({}, {"blur.accuracy": 0.5}, "metrics limits blur, but perturbations does not say how far"),
        ({"blur": 1}, {"blur.acuracy": 0.5}, "there is no 'acuracy' of perturbed images (did you"),
        ({"blur": 1}, {"blur.loss": {"max": 1}}, "there is no 'loss' of perturbed images, only ac"),
        ({"blurr": 1}, {"accuracy": 0.5}, "blurr is not a known key (did you mean 'blur'?)"),
        ({"noise": 5}, {"noise.accuracy": 0.5}, "perturbations.noise is 5"),
    ],
)
def test_mistakes_of_perturbations_are_named_before_any_training(
    asked: dict[str, Any],
    limits: dict[str, Any],
    said: str,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_stub()
    write_tests(Quick={"perturbations": asked, "metrics": limits})
    [line] = failed(capsys)
    assert line.startswith("model_tests.yaml: Quick")
    assert said in line
    assert not (workspace / ".model_tests/Quick@local").exists()


@pytest.mark.usefixtures("workspace")
def test_a_model_that_only_bears_clean_images_fails(capsys: pytest.CaptureFixture[str]) -> None:
    write_stub()
    Path("stub/stand_in.py").write_text(
        "import modelyard.model_tests.perturbing as real\n"
        "real.scores = lambda _, model, amounts: {'noise': {'exact_match': amounts['noise']}}\n"
    )
    Path("stub/standin/__init__.py").write_text("import stand_in\n")
    limits = {"accuracy": 0.9, "noise.exact_match": 0.5}
    write_tests(Quick={"perturbations": {"noise": 0.25}, "metrics": limits})
    expected = "Quick@local: noise.exact_match: expected at least 0.5, observed 0.25."
    assert failed(capsys) == [expected]
    assert run("--no-inference") == 0
    Path("stub/stand_in.py").write_text(
        "import sys\nsys.modules['modelyard.model_tests.perturbing'] = None  # an older engine\n"
    )
    [line] = failed(capsys)
    assert "noise.exact_match: expected at least 0.5, observed nothing: ModuleNotFound" in line

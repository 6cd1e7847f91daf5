"""Predictions of what was saved against those at training time: every number of every image."""

from pathlib import Path

import numpy as np
import pytest

from modelyard.files import write_json
from modelyard.model_tests.data import link, records
from modelyard.model_tests.parity import difference, read_predictions

TOLERANCE = 1e-5
IMAGES, OBJECTS = 20, 50


def probabilities() -> np.ndarray:
    return np.random.default_rng(0).random((IMAGES, 3)).astype(np.float32)


def objects() -> np.ndarray:
    """Return objects as a task compares them: box, score, class, and a mask's sum above 1."""
    random = np.random.default_rng(0)
    found = random.random((IMAGES, OBJECTS, 7)).astype(np.float32)
    found[..., 4] = np.sort(found[..., 4])[:, ::-1]  # from 1 to 0, so that the last are unsure
    found[..., 5] = random.integers(0, 10, (IMAGES, OBJECTS))
    found[..., 6] *= 600
    return found


def test_equal_predictions_have_no_difference() -> None:
    for values in (probabilities(), objects()):
        assert difference(values, values.copy(), TOLERANCE).largest == 0


def test_a_difference_in_the_last_number_of_the_last_image_is_found() -> None:
    other = probabilities()
    other[-1, -1] += 1
    found = difference(probabilities(), other, TOLERANCE)
    assert (found.record, found.examples) == (IMAGES - 1, 1)
    assert found.largest == pytest.approx(1)


def test_differences_up_to_the_tolerance_pass_and_above_it_fail() -> None:
    stored = np.zeros((IMAGES, 3), np.float32)
    assert difference(stored, stored + np.float32(0.9e-5), TOLERANCE).record is None
    assert difference(stored, stored + np.float32(1.1e-5), TOLERANCE).record == 0
    assert difference(stored, stored + np.float32(1.1e-5), 1e-4).record is None


def test_numbers_above_one_may_differ_by_a_share_of_them() -> None:
    stored = np.full((IMAGES, 3), 600, np.float32)
    assert difference(stored, stored + np.float32(0.005), TOLERANCE).record is None
    assert difference(stored, stored + np.float32(0.05), TOLERANCE).record == 0


def test_objects_may_change_places() -> None:
    stored = objects()
    other = stored[:, np.random.default_rng(1).permutation(OBJECTS)]
    assert difference(stored, other, TOLERANCE).record is None


def test_an_object_that_moved_in_every_image_is_a_difference() -> None:
    stored = objects()
    other = stored.copy()
    other[:, 3, 0] += 0.01
    found = difference(stored, other, TOLERANCE)
    assert (found.record, found.examples) == (0, IMAGES)
    assert found.largest == pytest.approx(0.01, rel=1e-3)


def test_one_unsure_peak_that_rounding_decided_is_no_difference_and_more_are() -> None:
    stored = objects()
    other = stored.copy()
    other[7, 45, :2] += 0.5
    found = difference(stored, other, TOLERANCE)
    assert (found.record, found.alone) == (None, 2)
    other[8, 45, :2] += 0.5
    found = difference(stored, other, TOLERANCE)
    assert (found.record, found.examples, found.alone) == (7, 2, 0)


def test_a_sure_object_that_moved_is_a_difference_even_if_it_is_the_only_one() -> None:
    stored = objects()
    other = stored.copy()
    other[7, 20, 0] += 0.5
    found = difference(stored, other, TOLERANCE)
    assert (found.record, found.examples) == (7, 1)
    assert found.largest == pytest.approx(0.5, rel=0.2)  # from the object that is nearest now


@pytest.mark.parametrize("which", ["stored", "found"])
def test_a_sure_object_that_one_list_lacks_is_a_difference(which: str) -> None:
    values = {"stored": objects(), "found": objects()}
    values[which][3, 0, 4] = 0.01
    assert difference(values["stored"], values["found"], TOLERANCE).record == 3


def test_an_object_of_another_class_is_a_difference() -> None:
    stored = objects()
    other = stored.copy()
    other[..., 5] = (other[..., 5] + 1) % 10
    assert difference(stored, other, TOLERANCE).examples == IMAGES


@pytest.mark.parametrize("shape", [(IMAGES - 1, 3), (IMAGES, 4), (IMAGES, 3, 1)])
def test_another_shape_fails(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at training time \(20, 3\)"):
        difference(probabilities(), np.zeros(shape, np.float32), TOLERANCE)


def test_nothing_to_compare_fails() -> None:
    nothing = np.zeros((0, 3), np.float32)
    with pytest.raises(ValueError, match="no predictions"):
        difference(nothing, nothing, TOLERANCE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_predictions_that_are_no_numbers_fail(value: float, tmp_path: Path) -> None:
    values = probabilities()
    values[4, 1] = value
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(ValueError, match="NaN or infinite for example 5 of 20"):
        read_predictions(tmp_path / "a.npy")


@pytest.mark.parametrize("content", [None, b"", b"not numpy's"])
def test_predictions_that_are_missing_or_damaged_fail(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="missing or damaged"):
        read_predictions(path)


def test_records_are_named_by_what_the_data_has_of_them(tmp_path: Path) -> None:
    write_json(tmp_path / "test.json", {"images": [{"file_name": "a.png"}, {"file_name": "b.png"}]})
    assert records(tmp_path) == ["a.png", "b.png"]
    (tmp_path / "test.csv").write_text("path,class\nc.png,x\n")
    assert records(tmp_path) == ["c.png"]


def test_links_lead_to_the_file_itself_also_through_dvc_s_links(tmp_path: Path) -> None:
    cached, data = tmp_path / "cache/1a", tmp_path / "data"
    cached.parent.mkdir()
    cached.write_text("content")
    (data / "inner").mkdir(parents=True)
    (data / "inner/file").symlink_to(cached)
    link(data, tmp_path / "linked")
    linked = tmp_path / "linked/inner/file"
    assert not linked.is_symlink()
    assert linked.samefile(cached)

"""Judging batch by batch: the numbers of all at once, and never more than a batch in memory."""

import contextlib
import io
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pycocotools.mask import area, encode, toBbox

from modelyard.config import Options
from modelyard.data.manifest import ArraySpec, Manifest, write_manifest
from modelyard.data.rows import open_rows
from modelyard.files import read_csv, write_csv, write_json, write_yaml
from modelyard.model_tests import driver, parity
from modelyard.saved.rows import write_rows
from modelyard.serving import predict
from modelyard.tasks import Judged, objects, single_label
from modelyard.tasks.batches import in_batches
from modelyard.tasks.coco_metrics import KINDS, CocoMetrics
from modelyard.tasks.detections import Detection

from . import tiny_stripes

SIDE, IMAGES, CLASSES = 48, 75, 3
KEPT = 2  # of small outputs: a batch, and the one before


def random_truth(random: np.random.Generator) -> dict[str, Any]:
    """Return annotations with masks of up to four objects an image, some of them crowds."""
    annotations: list[dict[str, Any]] = []
    for image in range(1, IMAGES + 1):
        for _ in range(int(random.integers(0, 5))):
            mask = encode(np.asfortranarray(blob(random)))
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "bbox": toBbox(mask).tolist(),
                 "category_id": int(random.integers(1, CLASSES + 1)), "area": float(area(mask)),
                 "iscrowd": int(random.random() < 0.1), "segmentation": mask}
            )  # fmt: skip
    names = [{"id": n + 1, "name": f"class {n}"} for n in range(CLASSES + 1)]  # one has no object
    sizes = {"height": SIDE, "width": SIDE}
    images = [{"id": n + 1, "file_name": f"{n}.png", **sizes} for n in range(IMAGES)]
    return {"images": images, "annotations": annotations, "categories": names}


def blob(random: np.random.Generator) -> np.ndarray:
    x, y = random.integers(0, SIDE - 20, 2)
    width, height = random.integers(4, 20, 2)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[y : y + height, x : x + width] = random.random((height, width)) < 0.9
    return mask


def random_findings(truth: dict[str, Any], random: np.random.Generator) -> list[list[Detection]]:
    """Return objects near those annotated, and others; scores are often equal."""
    found: list[list[Detection]] = [[] for _ in truth["images"]]
    for one in truth["annotations"]:
        x, y, width, height = (np.array(one["bbox"]) + random.integers(-1, 2, 4)).tolist()
        box = (x, y, x + width, y + height)
        score = round(float(random.random()), 1)
        mask = one["segmentation"] if random.random() < 0.7 else encode_blob(random)
        found[one["image_id"] - 1].append(Detection(one["category_id"] - 1, score, box, mask))
    for objects_of_one in found[::3]:
        box = (1.0, 2.0, 9.0, 12.0)
        objects_of_one += [Detection(n, 0.3, box, encode_blob(random)) for n in range(CLASSES)]
    found[5] = []
    return found


def encode_blob(random: np.random.Generator) -> Any:
    return encode(np.asfortranarray(blob(random)))


def at_once(truth: dict[str, Any], found: list[list[Detection]], kind: str) -> np.ndarray:
    """Return the precision (IoU, recall, class) as it was computed until everything streamed."""
    whole = COCO()
    whole.dataset = {"info": {}, **truth, "annotations": [dict(a) for a in truth["annotations"]]}
    results = [
        {"image_id": image["id"], "category_id": one.label + 1, "score": one.score}
        | (
            {"segmentation": one.mask}
            if kind == "mask"
            else {"bbox": [*one.box[:2], one.box[2] - one.box[0], one.box[3] - one.box[1]]}
        )
        for image, several in zip(truth["images"], found, strict=True)
        for one in several
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        whole.createIndex()
        evaluation = COCOeval(whole, whole.loadRes(results), KINDS[kind])
        evaluation.evaluate()
        evaluation.accumulate()
    precision: np.ndarray = evaluation.eval["precision"][:, :, :, 0, -1]
    return precision


@pytest.mark.parametrize("seed", range(3))
def test_cocos_precision_image_by_image_is_bit_for_bit_that_of_all_at_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = random_truth(random)
    found = random_findings(truth, random)
    metrics = CocoMetrics(truth, (iter(several) for several in found))
    summary, by_class = metrics.summary(), metrics.per_class()
    for kind in KINDS:
        expected = at_once(truth, found, kind)
        defined = expected[expected > -1]
        assert summary[kind] == {
            "map": float(defined.mean()),
            "map_50": float(expected[:1][expected[:1] > -1].mean()),
        }
        assert 0.05 < summary[kind]["map"] < 0.95
        assert by_class["class 1"][f"{kind}_ap"] == float(expected[:, :, 1].mean())
        assert (metrics._precision[kind][1] == expected).all()
    assert "class 3" not in by_class
    assert truth == random_truth(np.random.default_rng(seed))  # nothing was written into it


def test_more_objects_than_cocos_hundred_count_where_the_model_may_find_more() -> None:
    sizes = {"height": SIDE, "width": SIDE}
    boxes = [(float(n % 40), float(n // 40), n % 40 + 1.0, n // 40 + 1.0) for n in range(150)]
    truth = {
        "images": [{"id": 1, "file_name": "a.png", **sizes}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [
            {"id": n + 1, "image_id": 1, "category_id": 1, "bbox": [x, y, 1.0, 1.0], "area": 1.0,
             "iscrowd": 0}
            for n, (x, y, _, _) in enumerate(boxes)
        ],
    }  # fmt: skip
    found = [[Detection(0, 0.9, box) for box in boxes]]
    assert CocoMetrics(truth, found).summary()["box"]["map"] == pytest.approx(67 / 101)
    assert CocoMetrics(truth, found, most=150).summary()["box"]["map"] == 1


def test_what_is_stored_of_masks_image_by_image_is_bit_for_bit_that_of_all_at_once() -> None:
    outputs = np.random.default_rng(0).random((9, 50, 6 + 24 * 24)).astype(np.float32)
    cells = outputs[..., 6:]
    weights = np.arange(1, cells.shape[-1] + 1) ** 2 * objects.GOLDEN % 1
    sums = np.stack([cells.sum(axis=-1), cells @ weights], axis=-1)
    expected = np.append(outputs[..., :6], sums, axis=-1)
    assert (objects.comparable(outputs) == expected).all()
    assert (objects.comparable(outputs[:1]) == expected[:1]).all()


@pytest.mark.parametrize("write", [write_rows, driver._write])
@pytest.mark.parametrize("shape", [(70, 3), (70, 50, 8)])
def test_rows_written_batch_by_batch_are_the_bytes_that_numpy_saves(
    write: Any, shape: tuple[int, ...], tmp_path: Path
) -> None:
    rows = np.random.default_rng(0).random(shape)
    write(tmp_path / "rows.npy", (rows[at : at + 32] for at in range(0, len(rows), 32)))
    np.save(tmp_path / "whole.npy", rows.astype(np.float32))
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


def test_a_form_that_fails_midway_leaves_its_reason_and_no_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "test_images.npy", np.zeros((70, 8, 8, 1), np.uint8))
    about = {"task": "image_classification", "output": {"activation": "probabilities"}}
    write_yaml(tmp_path / "predict_configuration.yaml", about)
    images = ArraySpec(shape=(8, 8, 1), dtype="uint8")
    manifest = Manifest(
        kind="image", head="class", inputs={"images": images}, targets={}, examples={"test": 70},
        files={},
    )  # fmt: skip
    write_manifest(tmp_path, manifest)
    sizes: list[int] = []

    def predict(batch: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        if len(sizes) == 3:
            raise RuntimeError("out of memory")
        return np.zeros((len(batch), 2))

    model = SimpleNamespace(predict_on_batch=predict, layers=[])
    monkeypatch.setitem(driver.LOADERS, "keras", lambda _: model)
    driver.predict("src", *[str(tmp_path)] * 3, "keras=a.keras")
    assert sizes == [32, 32, 6]
    assert (tmp_path / "keras.txt").read_text() == "RuntimeError: out of memory"
    assert not (tmp_path / "keras.npy").exists()


def test_predictions_compared_in_parts_differ_as_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    stored = random.random((23, 50, 8)).astype(np.float32)
    for moved, expected_alone in ((0, 0), (1, 2), (6, 0)):
        found = stored[:, random.permutation(50)]
        unsure = np.argwhere(found[..., 4] < 0.2)[: moved * 40 : 40]
        found[unsure[:, 0], unsure[:, 1], 0] += 3
        monkeypatch.setattr(parity, "ROWS", 10**6)
        whole = parity.difference(stored, found, 1e-5)
        monkeypatch.setattr(parity, "ROWS", 4)
        assert parity.difference(stored, found, 1e-5) == whole
        assert whole.alone == expected_alone
        assert whole.examples == (moved if moved == 6 else 0)


@pytest.mark.parametrize("sizes", [[32, 32, 7], [5] * 14 + [1], [71], [64, 7], [32, 32]])
def test_batches_of_any_sizes_become_batches_of_32(sizes: list[int]) -> None:
    whole = np.arange(sum(sizes) * 2).reshape(-1, 2)
    parts = np.split(whole, np.cumsum(sizes)[:-1])
    found = list(in_batches(parts))
    assert [len(one) for one in found[:-1]] == [32] * (len(found) - 1)
    assert (np.concatenate(found) == whole).all()


class Watched:
    """A model, of which it is known how many of its outputs are alive."""

    def __init__(self, outputs: np.ndarray) -> None:
        self.outputs, self.most, self._given = outputs, 0, list[Any]()

    def __call__(self, images: np.ndarray) -> np.ndarray:
        first = int(images.flat[0])
        given = self.outputs[first : first + len(images)].copy()
        self._given = [one for one in self._given if one() is not None] + [weakref.ref(given)]
        self.most = max(self.most, len(self._given))
        return given

    predict_on_batch = __call__


def judged(root: Path, model: Watched, **more: Any) -> Judged:
    """Return what judges 640 images, each of which holds its number; batches are of 20."""
    numbers = np.arange(len(model.outputs))
    batches = [(some[:, None, None, None], None) for some in np.split(numbers, len(numbers) // 20)]
    paths: Any = SimpleNamespace(training_metrics=root)
    config: Any = SimpleNamespace(
        input_paths=SimpleNamespace(data=root), output_paths=paths,
        params=SimpleNamespace(max_objects=50), data=SimpleNamespace(root=root),
    )  # fmt: skip
    data: Any = SimpleNamespace(config=config, test=batches, **more)
    return Judged(config, data, model)


def test_no_more_than_a_batch_of_probabilities_is_in_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    outputs = random.dirichlet([1, 1, 1], 640).astype(np.float32)
    exported = outputs + random.normal(0, 1e-4, outputs.shape).astype(np.float32)
    write_csv(tmp_path / "test.csv", [{"path": str(n), "class": "a"} for n in range(640)])
    for split in ("train", "test"):
        np.save(tmp_path / f"{split}_labels.npy", np.arange(640) % 3)
    model, export = Watched(outputs), Watched(exported)
    subject = judged(tmp_path, model, classes=["a", "b", "c"])
    by_class = single_label.details(subject)["per_class"]
    expected = single_label._per_class(["a", "b", "c"], np.arange(640) % 3, outputs.argmax(axis=1))
    assert by_class == expected
    rows = read_csv(tmp_path / "predictions.csv")
    assert [row["predicted"] for row in rows] == ["abc"[n] for n in outputs.argmax(axis=1)]
    assert [float(row["probability"]) for row in rows] == [
        round(float(one), 6) for one in outputs.max(axis=1)
    ]
    largest = single_label.compare(subject, export)
    assert largest == {"max_difference": float(np.abs(exported - outputs).max())}
    assert max(model.most, export.most) <= KEPT


def test_no_more_than_a_batch_of_masks_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    outputs = random.random((640, 4, 6 + 24 * 24)).astype(np.float32)
    outputs[..., 2:4] = np.maximum(outputs[..., 2:4], outputs[..., :2] + 0.1)
    outputs[..., 5] = random.integers(0, CLASSES, (640, 4))
    truth = random_truth(random)
    truth["images"] = [truth["images"][0] | {"id": n + 1} for n in range(640)]
    for one in truth["annotations"]:
        counts = one["segmentation"]["counts"].decode()
        one["segmentation"] = one["segmentation"] | {"counts": counts}
    write_json(tmp_path / "test.json", truth)
    write_manifest(
        tmp_path,
        Manifest(
            kind="image", head="masks", classes=["class 0"], examples={}, files={}, targets={},
            inputs={"images": ArraySpec(shape=(SIDE, SIDE, 3), dtype="uint8")},
        ),
    )  # fmt: skip
    drawn: list[Any] = []
    monkeypatch.setattr(objects, "draw_examples", lambda *given: drawn.append(given[3]))
    model, export = Watched(outputs), Watched(outputs)
    subject = judged(tmp_path, model, classes=[f"class {n}" for n in range(CLASSES)])
    in_order = SimpleNamespace(take=lambda _: subject.data.test)
    data: Any = subject.data
    data.in_order = lambda _: in_order
    summary: Any = objects.judge(model, data, "test")
    by_class = objects.details(subject)["per_class"]
    assert objects.compare(subject, export) == summary
    means = [one["mask_ap"] for one in by_class.values()]
    assert summary["mask"]["map"] == pytest.approx(np.mean(means))
    assert (model.most, export.most) == (1, 1)  # none while the next one is being made
    [shown] = drawn
    assert len(shown) == 640
    masks = [number for number, several in enumerate(shown) for one in several if one.mask]
    assert max(masks) == 7  # of the eight images that are drawn


def test_predictions_are_written_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Rows(list[Any]):
        pass

    alive: list[Any] = []

    def several(*_: object) -> Iterator[Rows]:
        for number in range(1000):
            rows = Rows([{"path": f"{number}.png", "class": "a", "probability": 0.5}] * 2)
            alive[:] = [one for one in alive if one() is not None] + [weakref.ref(rows)]
            assert len(alive) <= 1 + KEPT  # the first one, too
            yield rows

    found = SimpleNamespace(files=[Path("a.png")] * 1001, said=lambda: "", skipped=1)
    kind = SimpleNamespace(find=lambda _: found, COLUMNS=("path",), MANY="images")
    task = SimpleNamespace(ROW=("class", "probability"))
    monkeypatch.setattr(predict, "kind_taken", lambda _: kind)
    monkeypatch.setattr(predict, "load_predictor", lambda _: SimpleNamespace(task=task))
    monkeypatch.setattr(predict, "predict", several)
    output = tmp_path / "found.csv"
    assert predict.main(["models/tiny", "images", "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}: 1000 images; 1 skipped\n"
    assert [row["path"] for row in read_csv(output)][-2:] == ["999.png"] * 2
    assert len(read_csv(output)) == 2000


def test_examples_are_copied_out_of_a_file_that_stays_on_disk(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).integers(0, 256, (4096, 64, 64), np.uint8)  # 16 MiB
    np.save(tmp_path / "train_images.npy", whole)
    spec = ArraySpec(shape=(64, 64), dtype="uint8")
    array, before = open_rows(tmp_path, "train", "images", spec), mapped_kibibytes()
    for start in range(0, len(whole), 32):
        positions = np.arange(start, start + 32)
        found = array[positions]
        assert type(found) is np.ndarray
        assert (found == whole[positions]).all()
    assert (array.shape, array.nbytes) == (whole.shape, whole.nbytes)
    if Path("/proc/self/status").is_file():
        assert mapped_kibibytes() - before < 4096


def test_evaluation_reads_from_disk_what_training_keeps_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_yaml(Path("config.yaml"), tiny_stripes.PROJECT)
    write_yaml(Path("models/tiny/config.yaml"), tiny_stripes.TINY)
    train, judge = Options("train").config, Options("evaluate").config
    assert (train.params.cache_mb, judge.params.cache_mb) == (1, 0)
    assert judge.file == train.file
    assert judge.params.model_copy(update={"cache_mb": 1}) == train.params


def mapped_kibibytes() -> int:
    """Return how much of files is in this process's memory, where the system tells."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssFile"))

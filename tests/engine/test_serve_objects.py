"""What the server says of boxes and masks: in the image's own pixels, as COCO writes them."""

import json

import numpy as np
from pycocotools.mask import decode

from modelyard.data.view import view_of
from modelyard.tasks import Output
from modelyard.tasks.answers.objects import answer, rows
from modelyard.tasks.detections import SHOWN, detections

SEEN, SIZE = (8, 8), (40, 80)
CLASSES = ["bar", "square"]
COLUMN = np.tile([0.0, 1.0, 1.0, 0.0], 4)  # the middle of 4 x 4 cells
FOUND = np.array(
    [
        [0.25, 0.0, 0.75, 1.0, 0.9, 1, *COLUMN],
        [0.0, 0.5, 0.5, 1.5, SHOWN, 0, *np.ones(16)],
        [0.0, 0.0, 1.0, 1.0, SHOWN - 0.01, 0, *np.ones(16)],
    ]
)


def said(values: np.ndarray) -> Output:
    return Output(values, {"classes": CLASSES}, SIZE, SEEN)


def test_boxes_are_those_of_predict_without_what_is_unlikely() -> None:
    boxes = FOUND[:, :6]
    told = answer(said(boxes))
    assert told == [
        {"class": "square", "probability": 0.9, "box": [20, 0, 60, 40]},
        {"class": "bar", "probability": SHOWN, "box": [0, 20, 40, 40]},
    ]
    listed = rows(said(boxes))
    assert [[*one["box"]] for one in told] == [
        [row[name] for name in ("x1", "y1", "x2", "y2")] for row in listed
    ]
    assert answer(said(boxes[2:])) == []


def test_a_mask_is_run_length_encoded_text_that_coco_s_own_code_reads() -> None:
    told = json.loads(json.dumps(answer(said(FOUND))))
    wanted = [*detections(FOUND, view_of(SIZE, SEEN))][:2]
    for one, detection in zip(told, wanted, strict=True):
        assert one["mask"]["size"] == list(SIZE)
        pixels = decode(one["mask"])
        assert (pixels == detection.mask).all()
    assert decode(told[0]["mask"]).sum() == 40 * 40  # half of its columns

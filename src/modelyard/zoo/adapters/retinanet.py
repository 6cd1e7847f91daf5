"""RetinaNet of KerasHub: boxes from anchors on a pyramid of features. Needs modelyard[hub].

Hyperparameters: learning_rate; smallest, the side in pixels of the smallest anchor; preset, the
backbone: `random`, a new ResNet of 18 layers, or a name of KerasHub's such as resnet_18_imagenet,
which is downloaded once, or a folder that `save_to_preset` has written.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from modelyard.adapter import AdapterModel
from modelyard.config.project import source_folder
from modelyard.data import Split, open_array, read_manifest
from modelyard.data.rows import Rows
from modelyard.data.view import view_of
from modelyard.errors import UserError
from modelyard.files import read_json
from modelyard.startup import import_tensorflow
from modelyard.tasks.detections import Detection

# Levels of the pyramid: a cell of level n is 2 ** n pixels wide. A backbone has those from 2 to 5.
FIRST, LAST, COARSEST = 2, 5, 7
ANCHOR = 4  # cells: the smallest anchor of a level, where the level is not too fine for a backbone
MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # of the colours of ImageNet's pixels
SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
MOST, LEAST_SCORE = 100, 0.05  # objects found in an image; a lower score is noise
CLIP = 1.0  # largest norm of a gradient: the first steps would be too large
FORMAT = "xyxy"


class RetinaNet(AdapterModel):
    """Learns boxes; `model`, which is saved, holds the weights of `network`."""

    def data_loader(self) -> None:
        """Open the prepared data; images stay on disk until a batch needs them."""
        _import_keras_hub()
        manifest = read_manifest(self.model_specs.config.input_paths.data)
        manifest.check_objects(self.model_specs.split)
        self.classes, self.shape = manifest.classes, manifest.input_shape
        self.resize = manifest.reading.resize
        if self.shape[2] != len(MEAN):
            raise UserError(
                f"{self.model_specs.config.file}: RetinaNet of KerasHub learns from colour images; "
                "set data.channels in config.yaml to 3, grey images are converted."
            )

    def build(self) -> None:
        """Build and compile a network that knows nothing of this data."""
        import keras
        import keras_hub

        keras.utils.set_random_seed(self.model_specs.seed)
        smallest = float(self.hp_values["smallest"])
        finest = min(max(FIRST, int(math.log2(smallest / ANCHOR))), LAST)
        coarsest = min(max(LAST, int(math.log2(min(self.shape[:2]))) - 1), COARSEST)
        levels = {"min_level": finest, "max_level": coarsest}
        self.network = keras_hub.models.RetinaNetObjectDetector(
            keras_hub.models.RetinaNetBackbone(
                self._encoder(), **levels, use_p5=False, image_shape=self.shape
            ),
            len(self.classes),
            bounding_box_format=FORMAT,
            anchor_generator=keras_hub.layers.AnchorGenerator(
                FORMAT,
                **levels,
                num_scales=3,
                aspect_ratios=[0.5, 1.0, 2.0],
                anchor_size=smallest / 2**finest,
            ),
            prediction_decoder=keras_hub.layers.NonMaxSuppression(
                FORMAT, from_logits=True, confidence_threshold=LEAST_SCORE, max_detections=MOST
            ),
        )
        rate = self.hp_values["learning_rate"]
        self.network.compile(optimizer=keras.optimizers.Adam(rate, clipnorm=CLIP))

    def train(self) -> None:
        """Fit until early stopping or the last epoch; keep the best one's weights."""
        import keras

        stop = self.model_specs.trial_config.params.early_stopping
        history = self.network.fit(
            self._batches("train"),
            validation_data=self._batches("validation"),
            epochs=self.model_specs.epochs,
            shuffle=False,  # done for each epoch already
            verbose=2 if self.model_specs.verbose else 0,
            callbacks=[
                keras.callbacks.EarlyStopping(
                    stop.metric,
                    mode=stop.direction,
                    patience=stop.patience,
                    min_delta=stop.min_delta,
                    restore_best_weights=True,
                )
            ],
        )
        self.epochs_trained = len(history.epoch)
        self.model = self.network.get_weights()

    def get_metrics(self) -> dict[str, float]:
        """Return COCO's mean average precision on the split that is asked for."""
        from modelyard.tasks.coco_metrics import CocoMetrics

        folder, split = self.model_specs.config.input_paths.data, self.model_specs.split
        truth = read_json(folder / f"{split}.json")
        outputs = self._outputs(open_array(folder, split, "images"))
        found = [self._detections(*pair) for pair in zip(truth["images"], outputs, strict=True)]
        summary = CocoMetrics(truth, found).summary()["box"]
        return {f"box.{name}": value for name, value in summary.items()}

    def reported(self) -> list[str]:
        """Return the metrics' names, known before training."""
        return ["box.map", "box.map_50"]

    def load(self, folder: Path) -> None:
        """Build the network again, and give it the weights that were saved."""
        super().load(folder)
        self.build()
        self.network.set_weights(self.model)

    def _outputs(self, images: Rows) -> Iterator[dict[str, np.ndarray]]:
        """Yield for each image what is found there; KerasHub needs batches of one size."""
        size, count = self.model_specs.config.params.batch_size, len(images)
        for start in range(0, count, size):
            rows = np.minimum(np.arange(start, start + size), count - 1)
            batch = self.network.predict(_normalized(images[rows]), batch_size=size, verbose=0)
            for number in range(min(size, count - start)):
                yield {key: values[number] for key, values in batch.items()}

    def _detections(self, image: dict[str, Any], output: dict[str, np.ndarray]) -> list[Detection]:
        """Return what was found in an image, in its own pixels."""
        height, width = self.shape[:2]
        view = view_of((image["height"], image["width"]), (height, width), self.resize)
        shares = output["boxes"] / (width, height, width, height)
        rows = zip(output["labels"].tolist(), output["confidence"].tolist(), shares, strict=True)
        return [
            Detection(int(label), score, view.placed(box))
            for label, score, box in rows
            if score >= LEAST_SCORE and not view.on_padding(box)
        ]

    def _encoder(self) -> Any:
        """Return what turns images into features: pretrained, or of random weights."""
        import keras_hub

        preset = self.hp_values["preset"]
        if preset != "random":
            return keras_hub.models.Backbone.from_preset(preset)
        return keras_hub.models.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=[64, 128, 256, 512],
            stackwise_num_blocks=[2, 2, 2, 2],
            stackwise_num_strides=[1, 2, 2, 2],
            block_type="basic_block",
            image_shape=self.shape,
        )

    def _batches(self, split: Split) -> Any:
        """Return a split, of which the training one is shuffled anew for each epoch."""
        config = self.model_specs.config
        return _dataset(
            open_array(config.input_paths.data, split, "images"),
            open_array(config.input_paths.data, split, "boxes"),
            config.params.batch_size,
            self.model_specs.seed if split == "train" else None,
        )


def _dataset(images: Rows, boxes: Rows, size: int, seed: int | None) -> Any:
    """Return batches of images and what is in them: boxes in pixels, labels; -1 is nothing.

    A tf.data.Dataset: KerasHub's models take no PyDataset. All is float32: KerasHub would cast
    anything else inside the dict that Keras hands over, which TensorFlow refuses.
    """
    import tensorflow as tf

    random, count = np.random.default_rng(seed), len(images)
    corners = np.array(images.shape[2:0:-1] * 2, np.float32)  # width, height, width, height

    def batches() -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        order = np.arange(count) if seed is None else random.permutation(count)
        for start in range(0, count, size):
            rows = np.sort(order[start : start + size])  # as they lie on disk
            found = boxes[rows].astype(np.float32)
            placed = np.maximum(found[..., :4] * corners, -1)
            yield _normalized(images[rows]), {"boxes": placed, "labels": found[..., 4]}

    most = boxes.shape[1]
    signature = (
        tf.TensorSpec((None, *images.shape[1:])),
        {"boxes": tf.TensorSpec((None, most, 4)), "labels": tf.TensorSpec((None, most))},
    )
    made = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(math.ceil(count / size))).prefetch(1)


def _normalized(images: np.ndarray) -> np.ndarray:
    return (images - MEAN) / SPREAD


def _import_keras_hub() -> None:
    """Import KerasHub, which not every project has.

    Raises:
        UserError: it is not installed.
    """
    import_tensorflow(source_folder())
    try:
        import keras_hub  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"This adapter needs keras-hub ({error}); add `hub` to the extras of modelyard in "
            "requirements.txt, then run `sh setup.sh`."
        ) from None

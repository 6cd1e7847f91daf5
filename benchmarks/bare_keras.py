"""What one writes without a template: the default training as a single Keras script.

Same images, network, epochs and outputs as the generated project: a model that is trained, judged
on three splits, saved and exported. Run as `python bare_keras.py RAW_DATA RESULTS EPOCHS`.
"""

import csv
import json
import sys
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split


def main(raw: Path, folder: Path, epochs: int) -> None:
    """Read, train, judge, save."""
    keras.utils.set_random_seed(42)
    with (raw / "annotations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = np.stack([np.asarray(Image.open(raw / row["path"])) for row in rows])[..., None]
    labels = np.array([int(row["class"]) for row in rows])
    train, rest, train_labels, rest_labels = train_test_split(
        images, labels, test_size=0.3, stratify=labels, random_state=42
    )
    validation, test, validation_labels, test_labels = train_test_split(
        rest, rest_labels, test_size=0.5, stratify=rest_labels, random_state=42
    )
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.002),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    best = keras.callbacks.ModelCheckpoint(folder / "model.keras", save_best_only=True)
    model.fit(
        train,
        train_labels,
        batch_size=32,
        epochs=epochs,
        validation_data=(validation, validation_labels),
        callbacks=[best, keras.callbacks.CSVLogger(folder / "history.csv")],
        verbose=2,
    )
    model = keras.models.load_model(folder / "model.keras")
    model.export(folder / "model.tflite", format="litert", verbose=False)
    metrics = {
        "train": model.evaluate(train, train_labels, verbose=0),
        "validation": model.evaluate(validation, validation_labels, verbose=0),
        "test": model.evaluate(test, test_labels, verbose=0),
    }
    predicted = model.predict(test, verbose=0).argmax(axis=1)
    metrics["per_class"] = classification_report(test_labels, predicted, output_dict=True)
    metrics["confusion"] = confusion_matrix(test_labels, predicted).tolist()
    (folder / "metrics.json").write_text(json.dumps(metrics))
    np.savetxt(folder / "predictions.csv", np.c_[test_labels, predicted], "%d", ",")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))

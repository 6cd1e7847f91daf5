"""Training on two devices of this machine against one: how much of the second one is gained.

Run as `.venv/bin/python benchmarks/devices.py`. Where there are no GPUs, the CPU is divided into
two logical devices: one thread for one device, two for two.
"""

import json
import statistics
import subprocess
import sys
import time

ROUNDS = 3
SCRIPT = """
import json, sys, time
import keras, numpy as np, tensorflow as tf

count, threads = int(sys.argv[1]), int(sys.argv[2])
gpus = tf.config.list_physical_devices("GPU")
if not gpus:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
kind = "GPU" if gpus else "CPU"
names = [f"{kind}:{n}" for n in range(count)]
layers = keras.layers
images = np.random.default_rng(0).integers(0, 255, (1024, 64, 64, 3)).astype("float32")
data = tf.data.Dataset.from_tensor_slices((images, np.arange(1024) % 10)).batch(64).cache()
with tf.distribute.MirroredStrategy(names).scope():
    model = keras.Sequential([
        keras.Input((64, 64, 3)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy")
model.fit(data, verbose=0)
began = time.perf_counter()
model.fit(data, epochs=3, verbose=0)
print(json.dumps((time.perf_counter() - began) / 3))
"""


def epoch_seconds(devices: int) -> float:
    """Return the time of an epoch in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(devices), str(devices)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print seconds of an epoch with one and two devices, and the speed-up of paired runs."""
    began = time.perf_counter()
    pairs = [(epoch_seconds(1), epoch_seconds(2)) for _ in range(ROUNDS)]
    ratios = [one / two for one, two in pairs]
    one, two = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"one device {one:.2f} s, two devices {two:.2f} s per epoch")
    print(
        f"speed-up {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"efficiency {statistics.median(ratios) / 2:.0%}; {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()

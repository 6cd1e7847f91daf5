"""The engine of a modelyard project: everything that its stages and commands share.

A project hands its own code over in `src/run.py`; the engine never imports a project by itself.
"""

import os

SKELETON = 1  # the major version: a skeleton made for another one is refused at start
RESULTS = 1  # raised when equal inputs give other outputs; see `tool.modelyard.results`

# Before anything imports Keras, also in tests and notebooks: ~/.keras/keras.json may name another
# backend. One that the variable itself names is refused by `modelyard.startup`.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

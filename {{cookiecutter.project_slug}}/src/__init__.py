"""This project's code: data, networks, training. All else is the engine's, `import modelyard`."""

from modelyard import moved

moved.answer(__name__, moved.SOURCE)  # old names such as `src.predict`, until modelyard 2

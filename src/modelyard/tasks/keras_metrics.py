"""What a compiled model says of itself on a dataset."""

from typing import Any

import keras


def defined_metrics(model: keras.Model, dataset: Any) -> dict[str, float]:
    """Return loss and metrics by name; what these examples leave undefined is absent."""
    scores = model.evaluate(dataset, return_dict=True, verbose=0)
    known = [inner for one in model.metrics for inner in getattr(one, "metrics", [one])]
    undefined = {one.name for one in known if not getattr(one, "is_defined", True)}
    return {name: float(value) for name, value in sorted(scores.items()) if name not in undefined}

"""Are the metrics that `evaluate` wrote those that were announced before the training?"""

from typing import Any

from modelyard.config.annotation_section import SPLITS
from modelyard.config.loading import load_config
from modelyard.config.measured import BY_CLASS, _names, why_unmeasured
from modelyard.config.requirement import Requirement
from modelyard.data.manifest import read_manifest
from modelyard.documents import flat
from modelyard.files import read_json

from .tiny import METRICS


def check_announced() -> None:
    """Compare the names in metrics.json with those that limits may have; splits have them all."""
    config: Any = load_config()
    metrics = read_json(METRICS / "metrics.json")
    head = read_manifest(config.input_paths.data).head
    assert isinstance(metrics.pop("weights"), str)  # which it was measured on
    for part, section in metrics.items():
        by_class = section.pop("per_class", {})
        found = {name for name, _ in flat(section)}
        for name in found:
            wanted = Requirement(metric=f"{part}.{name}", direction="max", min=0)
            assert why_unmeasured(wanted, config, [head]) is None, wanted.metric
        if part in SPLITS:
            assert found == {*(_names(part, config, [head]) or found)}, part
        for label, values in by_class.items():
            assert tuple(values) == BY_CLASS[head], label

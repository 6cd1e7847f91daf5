"""What an adoption will change, worked out before anything is changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.config.data_section import SharedData
from modelyard.config.loading import ROOT_CONFIG

from .applying import Plan
from .changes import MODEL_TESTS, model_files, model_tests, root_config
from .kinds import Source, kind_of
from .sections import nested


def plan_adoption(
    source: Source, old: SharedData, asked: Mapping[str, Any]
) -> tuple[Plan, Sequence[str]]:
    """Return what to do with a folder, or a file, and the lines of its summary.

    `asked` are keys of `data`, dotted, that beat what is seen.

    Raises:
        UserError: nothing can be learned from it.
    """
    kind = kind_of(old)
    found = kind.understand(source, old, nested(asked), asked)
    texts = {
        ROOT_CONFIG: root_config(kind, found),
        **dict(model_files(old, found)),
    }
    if MODEL_TESTS.is_file():
        texts[MODEL_TESTS] = model_tests(found.head)
    return Plan(found.source, old, texts), found.lines

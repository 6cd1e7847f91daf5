"""The `prepare` stage: what lies raw to arrays that load fast, and their manifest."""

from importlib import import_module

from modelyard.config.data_section import CustomData, SharedData, Split
from modelyard.errors import UserError

# The module that prepares each task's data; images, whatever they are annotated for, have one.
MODULES = {"text_classification": "text.preparing", "tabular": "table.preparing"}


def prepare_data(config: SharedData, *, dry_run: bool = False) -> dict[Split, int]:
    """Write the arrays of inputs and targets, and the manifest, whatever an example is.

    What cannot be used is left out, listed beside the folder, and judged all together.

    Returns:
        The number of examples by split. A dry run checks what can be checked in a moment.

    Raises:
        UserError: unusable data; nothing but lists of what is unusable is written then.
    """
    if isinstance(config, CustomData):
        raise UserError(
            "config.yaml: data.task is 'custom', so the team's own code reads the data: hand it "
            "over in src/run.py, `prepare=examples_of(examples)`, see src/data/README.md."
        )
    module = import_module(f".{MODULES.get(config.task, 'image_preparing')}", __package__)
    counts: dict[Split, int] = module.prepare_data(config, dry_run=dry_run)
    return counts

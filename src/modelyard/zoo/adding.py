"""Make models/NAME: from an entry of the zoo, or like another model."""

import re
from pathlib import Path
from typing import Any

from modelyard.config.loading import load_config, load_project
from modelyard.config.models import ADAPTER, check_known
from modelyard.errors import UserError
from modelyard.files import whole_file, whole_folder
from modelyard.pipeline.artifacts import PIPELINE, with_artifact

from .entries import Entry, adapter_folders
from .naming import check_new_name
from .rendering import FILES, render


def add_entry(
    entry_name: str, entry: Entry, name: str, tuning: dict[str, Any] | None = None
) -> Path:
    """Write the folder of a new model from an entry of the zoo; return it.

    `tuning` may set tune, max_trials and max_instances_at_once in its configuration.

    Raises:
        UserError: a name that cannot be, an entry for other data, or one that is not a model here.
    """
    folder = check_new_name(name)
    task = load_project().data.task
    if entry.task != task:
        raise UserError(
            f"The entry {entry_name!r} is for {entry.task}, but data.task in config.yaml is "
            f"{task!r}; choose an entry that `modelyard zoo select --task {task}` lists."
        )
    adapter = _adapter(entry_name, entry)
    texts = render(name, {**entry.described(entry_name), "tuning": tuning or {}})
    texts |= {ADAPTER: adapter.read_text(encoding="utf-8")} if adapter else {}
    _write(folder, texts, f"the entry {entry_name!r}")
    return folder


def add_like(model: str, name: str) -> Path:
    """Write the folder of a new model that is like another one but for its name; return it.

    Raises:
        UserError: a name that cannot be, or a model that is not there.
    """
    folder, old = check_new_name(name), check_known(model, "--like").parent
    found = [old / file for file in (*FILES, ADAPTER) if (old / file).is_file()]
    texts = {path.name: renamed(path.read_text(encoding="utf-8"), model, name) for path in found}
    _write(folder, texts, f"the model {model!r}")
    return folder


def renamed(text: str, old: str, new: str) -> str:
    """Return a file of a model with its paths of another name."""
    whole = rf"{re.escape(old)}(?![\w-]|\.\w)"
    return re.sub(rf"(?<![\w-])(?<![\w-]/)(models|training_metrics)/{whole}", rf"\1/{new}", text)


def _adapter(entry_name: str, entry: Entry) -> Path | None:
    if entry.adapter is None:
        return None
    found = [folder / entry.adapter for folder in adapter_folders()]
    path = next((path for path in found if path.is_file()), None)
    if path is None:
        known = sorted({file.name for one in found for file in one.parent.glob("[a-z]*.py")})
        raise UserError(
            f"The entry {entry_name!r} names the adapter {entry.adapter!r}, but "
            f"src/models/adapters has no such file; write it there, or name one of "
            f"{', '.join(known) or 'none'}."
        )
    return path


def _write(folder: Path, texts: dict[str, str], source: str) -> None:
    """Write the folder as a whole, after its configuration has passed the schema.

    Then the root dvc.yaml names the model, too.
    """
    file = "model.pkl" if ADAPTER in texts else "model.keras"
    pipeline = with_artifact(folder.name, (folder / file).as_posix())
    with whole_folder(folder) as temporary:
        for file, text in texts.items():
            (temporary / file).write_text(text, encoding="utf-8", newline="\n")
        try:
            load_config(temporary / "config.yaml")
        except UserError as error:
            reason = str(error).replace(str(temporary), str(folder))
            raise UserError(f"{source} makes no model here: {reason}") from None
    with whole_file(PIPELINE) as temporary:
        temporary.write_text(pipeline, encoding="utf-8", newline="\n")

"""Make models/NAME: from an entry of the zoo, or like another model."""

import re
from pathlib import Path
from typing import Any

from modelyard.adopting.heads import fit_model, fit_plots, is_foreign, undecided
from modelyard.config.loading import load_config, load_project
from modelyard.config.models import ADAPTER, check_known
from modelyard.data.manifest import MANIFEST_NAME, Head, read_manifest
from modelyard.errors import UserError
from modelyard.files import whole_file, whole_folder
from modelyard.pipeline.artifacts import PIPELINE, with_artifact
from modelyard.pipeline.identity import dependencies
from modelyard.yaml_text import YamlText

from .adapter_files import adapter_files, is_cached
from .entries import Entry
from .naming import check_new_name
from .rendering import FILES, render


def add_entry(
    entry_name: str, entry: Entry, name: str, tuning: dict[str, Any] | None = None
) -> Path:
    """Write the folder of a new model from an entry of the zoo; return it.

    Where the prepared data has a number or several labels to learn, its loss, metrics and limits
    are of these; entries have those of a class. `tuning` may set tune, max_trials and
    max_instances_at_once in its configuration.

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
    brought = adapter_files(entry_name, entry)
    beside = sorted(set(brought) - {ADAPTER})
    described = {**entry.described(entry_name), "tuning": tuning or {}, "beside": beside}
    texts = render(name, described)
    _write(folder, {file: text.encode() for file, text in texts.items()} | brought,
           f"the entry {entry_name!r}", _head())  # fmt: skip
    return folder


def _head() -> Head | None:
    """Return what is learned, None before anything is prepared."""
    processed = load_project().data.processed
    return read_manifest(processed).head if (processed / MANIFEST_NAME).is_file() else None


def _fit(folder: Path, head: Head) -> None:
    """Change files that an entry describes, which is of a class, to what the targets mean."""
    config, pipeline = YamlText(folder / "config.yaml"), YamlText(folder / PIPELINE.name)
    fit_model(config.document, head)
    fit_plots(pipeline.document, head)
    limits = config.document["acceptance"]
    if any(is_foreign(str(one.get("metric")), head) for one in limits):
        config.document["acceptance"] = undecided(limits, head)
    for file, name in ((config, "config.yaml"), (pipeline, PIPELINE.name)):
        (folder / name).write_text(file.text(), encoding="utf-8", newline="\n")


def add_like(model: str, name: str) -> Path:
    """Write the folder of a new model that is like another one but for its name; return it.

    Raises:
        UserError: a name that cannot be, or a model that is not there.
    """
    folder, old = check_new_name(name), check_known(model, "--like").parent
    files = {path.relative_to(old).as_posix(): path.read_bytes() for path in _sources(old)}
    contents = {file: _renamed(content, model, name) for file, content in files.items()}
    _write(folder, contents, f"the model {model!r}")
    return folder


def _sources(folder: Path) -> list[Path]:
    """Return what makes up a model's folder: configuration, code, and what `deps` name in it."""
    found = {folder / file for file in (*FILES, ADAPTER)}
    if (folder / ADAPTER).is_file():
        found |= {path for path in folder.rglob("*.py") if not is_cached(path)}
    config = load_config(folder / "config.yaml")
    listed = dependencies(config, "train") if (folder / "dvc.yaml").is_file() else None
    named = [path for path in map(Path, listed or []) if folder in path.parents]
    found |= {*named, *(file for path in named for file in path.rglob("*"))}
    return sorted(path for path in found if path.is_file() and not is_cached(path))


def _renamed(content: bytes, old: str, new: str) -> bytes:
    """Return a file of a model with its paths of another name; what is not text stays as it is."""
    try:
        return renamed(content.decode(), old, new).encode()
    except UnicodeDecodeError:
        return content


def renamed(text: str, old: str, new: str) -> str:
    """Return a file of a model with its paths of another name."""
    whole = rf"{re.escape(old)}(?![\w-]|\.\w)"
    return re.sub(rf"(?<![\w-])(?<![\w-]/)(models|training_metrics)/{whole}", rf"\1/{new}", text)


def _write(folder: Path, contents: dict[str, bytes], source: str, head: Head | None = None) -> None:
    """Write the folder as a whole, after its configuration has passed the schema.

    Then the root dvc.yaml names the model, too.
    """
    file = "model.pkl" if ADAPTER in contents else "model.keras"
    pipeline = with_artifact(folder.name, (folder / file).as_posix())
    with whole_folder(folder) as temporary:
        for file, content in contents.items():
            (temporary / file).parent.mkdir(parents=True, exist_ok=True)
            (temporary / file).write_bytes(content)
        if head in ("number", "labels"):
            _fit(temporary, head)
        try:
            load_config(temporary / "config.yaml")
        except UserError as error:
            reason = str(error).replace(str(temporary), str(folder))
            raise UserError(f"{source} makes no model here: {reason}") from None
    with whole_file(PIPELINE) as temporary:
        temporary.write_text(pipeline, encoding="utf-8", newline="\n")

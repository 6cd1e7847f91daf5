"""What is published of one model: its checkpoint, and the files that describe it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from modelyard.files import whole_file, whole_folder, write_yaml
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import OfficialConfig, load_official

from .card import card
from .checks import Refusal, unchecked
from .run_directory import RunDirectory
from .template import TEMPLATES, retraining_template
from .versions import Version


@dataclass(frozen=True)
class Publication:
    """One model, ready to be sent.

    Attributes:
        official: what its official config.yaml will say.
        described: the folder of the files that go beside the checkpoint.
        forced: the reasons there were not to publish it.
        traceable: whether HEAD holds what it was made of, so that it may have a version.
    """

    run: RunDirectory
    official: OfficialConfig
    described: Path
    forced: list[str]
    traceable: bool = True

    @property
    def name(self) -> str:
        """The model's name."""
        return self.run.name

    @property
    def side_files(self) -> list[Path]:
        """What is sent before the checkpoint."""
        return sorted(self.described.iterdir())

    def write_locally(self) -> list[Path]:
        """Write official_models/<model> and templates/<model>.yaml if they say otherwise.

        Returns:
            What was written.
        """
        written, folder = [], OFFICIAL_MODELS / self.name
        if not all(_equal(path, folder / path.name) for path in self.side_files):
            with whole_folder(folder) as temporary:
                shutil.copytree(self.described, temporary, dirs_exist_ok=True)
            written.append(folder)
        path, text = TEMPLATES / f"{self.name}.yaml", retraining_template(self.name, self.official)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            with whole_file(path) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
        return written


def prepare(
    run: RunDirectory, version: Version | None, refusal: Refusal, folder: Path
) -> Publication:
    """Write what describes a model into an empty folder.

    What has been said of a version stays: an equal training of another day does not change it.
    """
    official = OfficialConfig(
        **run.configuration,
        public_checkpoint=run.checkpoint,
        sha256=run.sha256,
        version=version.number if version else None,
        commit=version.commit if version else None,
        card=run.config.card.model_dump() if run.config.card else None,
    )
    folder.mkdir()
    write_yaml(folder / "config.yaml", official.model_dump())
    text = card(run, official, refusal.lines, unchecked(run))
    (folder / "README.md").write_text(text, encoding="utf-8")
    for path in run.reference:
        shutil.copy(path, folder)
    if version and published(run.name) == official:
        said = [OFFICIAL_MODELS / run.name / path.name for path in folder.iterdir()]
        for path in filter(Path.is_file, said):
            shutil.copy(path, folder)
    return Publication(run, official, folder, refusal.lines, refusal.traceable)


def _equal(path: Path, other: Path) -> bool:
    return other.is_file() and other.read_bytes() == path.read_bytes()


def published(model: str) -> OfficialConfig | None:
    """Return what official_models says of a model, None if nothing.

    Raises:
        UserError: its config.yaml is broken.
    """
    path = OFFICIAL_MODELS / model / "config.yaml"
    return load_official(path) if path.is_file() else None

"""Build the wheel and its package.json: the same commit gives the same bytes."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.config.loading import ROOT_CONFIG, check_all, load_config
from modelyard.config.models import config_paths
from modelyard.disk import sweep
from modelyard.errors import UserError
from modelyard.files import sha256, whole_file, write_json
from modelyard.official.places import OFFICIAL_MODELS, PROJECT
from modelyard.redaction import redacted

from . import source
from .project import CODE, PYPROJECT, Project, read_project
from .wheel import Wheel

DIST = Path("dist")
METADATA = "package.json"
# Uncompressed: zlib and its successors compress the same to different bytes.
SETTINGS = {"--build-option": "--compression=stored"}


@dataclass(frozen=True)
class Build(Wheel):
    """The team's wheel, whose version is that of pyproject.toml.

    Attributes:
        commit: what it was built from.
        entry_points: the commands that an installation brings, with their functions.
        hyperparameters: the default values by model.
    """

    commit: str
    entry_points: dict[str, str]
    hyperparameters: dict[str, dict[str, Any]]

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"version {self.version}"

    @property
    def remedy(self) -> str:
        """What to do where other content of this version is published."""
        return f"raise project.version in {PYPROJECT}, commit and publish again."


def build() -> Build:
    """Build the package of this checkout's commit; it and its package.json come into dist/.

    Raises:
        UserError: the checkout is not clean, its configuration or pyproject.toml has a mistake, or
            the wheel would lack modules.
    """
    revision = source.commit()
    check_all()
    sweep(DIST)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        source.export(revision, tree)
        project = read_project(tree)
        about: dict[str, Any] = {
            "name": project.name,
            "version": project.version,
            "commit": revision,
            "entry_points": project.entry_points,
            "hyperparameters": _default_hyperparameters(tree),
        }
        write_json(tree / CODE / METADATA, about)  # an installed package knows its commit
        for path in tree.rglob("*"):  # a wheel keeps the modes, and umask must not be in them
            path.chmod(0o755 if path.is_dir() else 0o644)
        made = _wheel(tree, source.commit_time(revision))
        _check_complete(project, tree, made)
        wheel = DIST / made.name
        with whole_file(wheel) as temporary:
            temporary.write_bytes(made.read_bytes())
    built = Build(wheel, sha256=sha256(wheel), **about)
    with whole_file(DIST / METADATA) as temporary:
        temporary.write_bytes(built.package_json())
    return built


def _default_hyperparameters(tree: Path) -> dict[str, dict[str, Any]]:
    """Return what `tune` takes without a search; the checkout is equal to the exported tree."""
    files = [file.relative_to(tree) for file in config_paths(tree)]
    return {
        file.parent.name: {
            name: entry.default_value
            for name, entry in load_config(file).tuning.hyperparams.items()
        }
        for file in files
    }


def _wheel(tree: Path, made_at: int) -> Path:
    """Build the wheel of a source tree beside it, with the pinned backend of this environment."""
    from build import BuildBackendException, ProjectBuilder, check_dependency

    def run(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        # HOME: what a user's own settings of distutils say must not reach the wheel.
        environment = {"SOURCE_DATE_EPOCH": str(made_at), "HOME": str(tree.parent)}
        subprocess.run(
            cmd,
            cwd=cwd,
            env={**os.environ, **(extra_environ or {}), **environment},
            capture_output=True,
            check=True,
            encoding="utf-8",
            umask=0o022,
        )

    builder = ProjectBuilder(tree, runner=run)
    _check_backend([c for name in builder.build_system_requires for c in check_dependency(name)])
    try:
        return Path(builder.build("wheel", tree.parent / "wheels", SETTINGS))
    except BuildBackendException as error:
        said = getattr(error.exception, "stderr", None) or str(error)
        raise UserError(
            f"{PYPROJECT}: the wheel cannot be built: {redacted(said.strip().splitlines()[-1])}"
        ) from None


def _check_backend(unmet: Sequence[tuple[str, ...]]) -> None:
    if unmet:
        wanted = ", ".join(sorted(chain[-1] for chain in unmet))
        raise UserError(
            f"{PYPROJECT}: build-system.requires {wanted}, which this environment ({sys.prefix}) "
            "does not have; run `sh setup.sh`, and keep the same version in the group dev."
        )


def _check_complete(project: Project, tree: Path, wheel: Path) -> None:
    code, names = tree / CODE, set(zipfile.ZipFile(wheel).namelist())
    modules = {
        f"{project.import_name}/{file.relative_to(code).as_posix()}" for file in code.rglob("*.py")
    }
    if lacking := sorted(modules - names):
        packages = sorted({name.rpartition("/")[0].replace("/", ".") for name in lacking})
        raise UserError(
            f"{PYPROJECT}: tool.setuptools.packages lacks {', '.join(packages)}; the wheel would "
            f"be without {lacking[0]}."
        )
    _warn_of_models(f"{project.import_name}.{PROJECT}", tree, names)


def _warn_of_models(package: str, tree: Path, names: set[str]) -> None:
    """Say what a wheel lacks that whoever installs it needs for the official models by name.

    A project that was made before wheels carried them can still be published as it is.
    """
    models = [*tree.glob(f"{OFFICIAL_MODELS}/*/*")]
    wanted = [ROOT_CONFIG, *(file.relative_to(tree) for file in sorted(models))] if models else []
    for file in wanted:
        if f"{package.replace('.', '/')}/{file.as_posix()}" not in names:
            print(
                f"warning: {PYPROJECT}: the wheel is without {file}, so that whoever installs it "
                f"cannot use the official models by name; in tool.setuptools, packages needs "
                f'"{package}", package-dir "{package}" = ".", and package-data '
                f'"{package}" = ["{ROOT_CONFIG}", "{OFFICIAL_MODELS}/**"].',
                file=sys.stderr,
            )
            return

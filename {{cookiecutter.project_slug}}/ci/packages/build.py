"""Build the wheel and its package.json: the same commit gives the same bytes."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from src.utils.config import check_all, load_config
from src.utils.utils import UserError, sha256, whole_file, write_json

from . import source
from .project import CODE, FILE, Project, read_project

DIST = Path("dist")
METADATA = "package.json"
# Uncompressed: zlib and its successors compress the same to different bytes.
SETTINGS = {"--build-option": "--compression=stored"}


@dataclass(frozen=True)
class Build:
    """A wheel, and what package.json says of it.

    Attributes:
        wheel: the file.
        name: as `pip install` takes it.
        version: that of pyproject.toml.
        commit: what it was built from.
        entry_points: the commands that an installation brings, with their functions.
        hyperparameters: the default values by model.
        sha256: of the wheel, hexadecimal.
    """

    wheel: Path
    name: str
    version: str
    commit: str
    entry_points: dict[str, str]
    hyperparameters: dict[str, dict[str, Any]]
    sha256: str

    def package_json(self) -> bytes:
        """Return package.json; of the wheel it names the file."""
        document = asdict(self) | {"wheel": self.wheel.name}
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def build() -> Build:
    """Build the package of this checkout's commit; it and its package.json come into dist/.

    Raises:
        UserError: the checkout is not clean, its configuration or pyproject.toml has a mistake, or
            the wheel would lack modules.
    """
    revision = source.commit()
    check_all()
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
    built = Build(wheel, **about, sha256=sha256(wheel))
    with whole_file(DIST / METADATA) as temporary:
        temporary.write_bytes(built.package_json())
    return built


def _default_hyperparameters(tree: Path) -> dict[str, dict[str, Any]]:
    """Return what `tune` takes without a search; the checkout is equal to the exported tree."""
    files = [file.relative_to(tree) for file in sorted(tree.glob("models/*/config.yaml"))]
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
            f"{FILE}: the wheel cannot be built: {said.strip().splitlines()[-1]}"
        ) from None


def _check_backend(unmet: Sequence[tuple[str, ...]]) -> None:
    if unmet:
        wanted = ", ".join(sorted(chain[-1] for chain in unmet))
        raise UserError(
            f"{FILE}: build-system.requires {wanted}, which this environment ({sys.prefix}) does "
            "not have; run `sh setup.sh`, and keep the same version in the group dev."
        )


def _check_complete(project: Project, tree: Path, wheel: Path) -> None:
    code = tree / CODE
    modules = {
        f"{project.import_name}/{file.relative_to(code).as_posix()}" for file in code.rglob("*.py")
    }
    lacking = sorted(modules - set(zipfile.ZipFile(wheel).namelist()))
    if lacking:
        packages = sorted({name.rpartition("/")[0].replace("/", ".") for name in lacking})
        raise UserError(
            f"{FILE}: tool.setuptools.packages lacks {', '.join(packages)}; the wheel would be "
            f"without {lacking[0]}."
        )

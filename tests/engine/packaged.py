"""A tiny project in Git that can be packaged, and builds that nothing was built for."""

import hashlib
import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from modelyard.publishing.packages.build import Build

from .tiny import write_project

NAME, VERSION, WHEEL = "tiny-models", "1.2.0", "tiny_models-1.2.0-py3-none-any.whl"
ENGINE = "modelyard-1.0.0-py3-none-any.whl"
ENGINE_SOURCE = f'[tool.uv.sources]\nmodelyard = {{ path = "vendor/{ENGINE}" }}\n'
PYPROJECT = f"""
[build-system]
requires = ["setuptools=={version("setuptools")}"]
build-backend = "setuptools.build_meta"

[project]
name = "{NAME}"
version = "{VERSION}"
scripts = {{ tiny-models-run = "tiny_models.run:main" }}

[tool.setuptools]
packages = ["tiny_models", "tiny_models.data", "tiny_models.project"]
include-package-data = false

[tool.setuptools.package-data]
tiny_models = ["package.json"]
"tiny_models.project" = ["config.yaml", "official_models/**"]

[tool.setuptools.package-dir]
tiny_models = "src"
"tiny_models.project" = "."
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    ".gitignore": "/data/\n/dist/\n/src/ignored.py\n",
    "src/__init__.py": "",
    "src/run.py": "def main() -> int:\n    return 0\n",
    "src/data/__init__.py": "",
}


def write_package(root: Path) -> None:
    """Write a project and commit it."""
    write_project(root)
    for name, text in FILES.items():
        write(root, name, text)
    git(root, "init", "--quiet")
    commit(root)


def write(root: Path, name: str, text: str) -> None:
    """Write a file and the folders it is in."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, "utf-8")


def commit(root: Path) -> str:
    """Commit everything; return the commit."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Package")
    return git(root, "rev-parse", "HEAD")


def git(root: Path, *arguments: str) -> str:
    """Run Git in a folder; return what it prints."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    command = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def fake_build(folder: Path, content: bytes = b"a wheel", commit: str = "c0ffee") -> Build:
    """Return a build whose wheel holds any bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / WHEEL
    wheel.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Build(wheel, NAME, VERSION, digest, commit, {}, {})


def fake_wheel(summary: str = "a wheel", name: str = NAME, version: str = VERSION) -> bytes:
    """Return a wheel without code, which an upload takes for one."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(zipfile.ZipInfo(f"{folder}/METADATA"), metadata)  # as old as can be
    return content.getvalue()


def real_wheel(folder: Path, name: str, version: str, *metadata: str) -> Path:
    """Write a wheel that can be installed, whose one module is empty."""
    stem = f"{name.replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata, ""]
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    about = f"{stem}.dist-info"
    files = {f"{name.replace('-', '_')}/__init__.py": "", f"{about}/METADATA": "\n".join(lines)}
    files |= {f"{about}/WHEEL": tags}
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        for path, content in (files | {f"{about}/RECORD": record}).items():
            file.writestr(path, content)
    return wheel


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Make new files with other permissions."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)

"""Build the engine's wheel: the same sources give the same bytes, on every Python and system.

`make wheel` puts it into the skeleton's vendor/ and names it in the skeleton's pyproject.toml. With
a folder, `python scripts/wheel.py dist` puts it there instead, with the sdist: what is released.
"""

import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKELETON = ROOT / "{{cookiecutter.project_slug}}"
NAMED = re.compile(r"vendor/modelyard-[^\"]+\.whl")
OLDEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say


def build(folder: Path, root: Path = ROOT) -> Path:
    """Build the wheel of a checkout into a folder; return it."""
    from hatchling.build import build_wheel

    folder = _made(folder)
    with _inside(root), tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch, build_wheel(scratch))
        return _stored(made, folder / made.name)


def build_sdist(folder: Path, root: Path = ROOT) -> Path:
    """Build the sdist of a checkout into a folder; return it."""
    from hatchling import build

    folder = _made(folder)
    with _inside(root):
        return folder / build.build_sdist(str(folder))


def _made(folder: Path) -> Path:
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _inside(root: Path) -> Iterator[None]:
    """Work in a checkout, where hatchling looks for its settings, until the block ends."""
    before = Path.cwd()
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(before)


def _stored(made: Path, target: Path) -> Path:
    """Copy a wheel without compression: zlib and its successors write different bytes."""
    partial = target.with_name(f".partial-{target.name}")
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(partial, "w") as copy:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # Unix, also on Windows
            copy.writestr(entry, source.read(name))
    partial.replace(target)
    return target


def place(skeleton: Path, root: Path = ROOT) -> Path:
    """Put the wheel of a checkout into a skeleton in place of any other, and name it there."""
    vendor, pyproject = skeleton / "vendor", skeleton / "pyproject.toml"
    wheel = build(vendor, root)
    for other in vendor.glob("*.whl"):
        if other != wheel.resolve() and other.name != wheel.name:
            other.unlink()
    text = pyproject.read_text(encoding="utf-8")
    named = NAMED.sub(f"vendor/{wheel.name}", text)
    pyproject.write_text(named, encoding="utf-8", newline="\n")
    return wheel


def main(arguments: list[str]) -> None:
    """Refresh the skeleton's wheel, or fill a folder with what is released; print the paths."""
    folders = [Path(argument) for argument in arguments]
    made = [build_one(folder) for folder in folders for build_one in (build, build_sdist)]
    sys.stdout.writelines(f"{path}\n" for path in made or [place(SKELETON)])


if __name__ == "__main__":
    main(sys.argv[1:])

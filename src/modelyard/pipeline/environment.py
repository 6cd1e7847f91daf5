"""Does every installed package have all its files? `python -S -m modelyard.pipeline.environment`.

An installer that is killed leaves packages that lack files and count as installed. setup.sh asks
this, from the engine's wheel, before it trusts an environment whose set-up did not finish.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

# Written by `uv venv` one after the other: without them programs run in another environment.
OWN = ("pyvenv.cfg", "bin/python", "bin/activate")
COMPILED = ".pyc"  # Python makes it again


def broken(environment: Path) -> Iterator[str]:
    """Yield what an environment lacks: its own files, then each package that is not whole."""
    yield from (name for name in OWN if not (environment / name).is_file())
    for folder in sorted(environment.glob("lib/python*/site-packages/*.dist-info")):
        if not _is_whole(folder):
            yield folder.name.removesuffix(".dist-info")


def _is_whole(folder: Path) -> bool:
    """Say whether all that RECORD lists is there; a file that someone made longer is, too."""
    try:
        with (folder / "RECORD").open(newline="", encoding="utf-8") as file:
            sizes = {row[0]: int(row[2] or 0) for row in csv.reader(file)}
        # uv and pip write INSTALLER after all else but RECORD, programs in bin/ included.
        return f"{folder.name}/INSTALLER" in sizes and all(
            (folder.parent / name).stat().st_size >= size
            for name, size in sizes.items()
            if not name.endswith(COMPILED)
        )
    except (OSError, ValueError, IndexError):
        return False


def main(arguments: list[str] | None = None) -> int:
    """Print what the environment of a folder lacks; return 1 if that is anything."""
    words = sys.argv[1:] if arguments is None else arguments
    found = list(broken(Path(*words)))
    print(*found, sep="\n", end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

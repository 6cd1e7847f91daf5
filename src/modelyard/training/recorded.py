"""A training under DVC keeps its backup until DVC has recorded the result: a kill loses no epoch.

Started by hand nothing records it, so the backup goes at once.
"""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from modelyard.config.schema import Config
from modelyard.disk import remove
from modelyard.files import whole_file

RESULT = "result"  # in a backup's folder: the MD5 of what was saved from it, as dvc.lock has it
STAGE = "DVC_STAGE"  # set by DVC for the commands of its stages


def release(folder: Path, result: Path | None) -> None:
    """Remove every backup of a model; but for the one of a result that DVC is to record."""
    if result is None or not os.environ.get(STAGE):
        remove(folder.parent)
        return
    with result.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    with whole_file(folder / RESULT) as temporary:
        temporary.write_text(digest)
    for other in folder.parent.glob("*/"):
        if other != folder:
            remove(other)


def drop_recorded(config: Config, backups: Path) -> None:
    """Remove the backups of a model whose results stand in its dvc.lock."""
    lock, folder = config.file.with_name("dvc.lock"), backups / config.name
    results = list(folder.glob(f"*/{RESULT}"))
    recorded = lock.read_bytes() if results and lock.is_file() else b""
    for result in results:
        digest = result.read_bytes()
        if not digest or digest in recorded:
            remove(result.parent)
    with suppress(OSError):  # one that is still needed
        if results and not any(folder.glob("*/")):
            remove(folder)


def say_if_kept(folder: Path) -> None:
    """Say that a finished training is not repeated, only saved again."""
    if (folder / RESULT).is_file():
        print(
            f"note: this training had ended before it was recorded and is only saved again; "
            f"remove {folder.parent} to train anew.",
            file=sys.stderr,
            flush=True,
        )

"""Train on a machine that may vanish: `run.sh`, with its backups in the bucket all the while.

modelyard cloud train MODEL
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from types import FrameType

from modelyard.command import finish
from modelyard.errors import UserError
from modelyard.pipeline.consistency import listed, not_pushed
from modelyard.pipeline.remote import Remote
from modelyard.redaction import redacted

from .checkpoints import Mirror, backup_path

EVERY = 60.0  # seconds between two uploads: what a vanished machine may cost
# A training that takes every core would starve GitHub's runner, which then counts as lost.
COMMAND = ("nice", "-n", "5", "sh", "run.sh")
PULL = ("--pull", "--allow-missing")  # fetch only what a stage that runs needs


def train(model: str, branch: str, every: float = EVERY) -> bool:
    """Bring a model up to date and push what DVC keeps; say whether the run succeeded."""
    remote = Remote()
    if remote.elsewhere:
        print(
            f"DVC's remote {remote.url} is a folder of another machine: everything is made anew, "
            "and what DVC keeps stays here. `dvc remote modify storage url gs://…` changes that.",
            flush=True,
        )
        return _run([*COMMAND, model], None, every)
    mirror = Mirror(remote.fs, backup_path(remote.path, branch))
    if restored := mirror.restore():
        print(f"Restored {restored} files of an unfinished run from {remote.url}.", flush=True)
    if not _run([*COMMAND, model, *PULL], mirror, every):
        return False
    _push(model, remote)
    _upload(mirror, finished=True)
    return True


def _push(model: str, remote: Remote) -> None:
    """Push what DVC keeps, with what tells the next machine that it need not be made again.

    Raises:
        UserError: something of this model is not in the remote, pushed by nobody.
    """
    done = subprocess.run(["dvc", "push", "--run-cache"], check=False)
    if done.returncode:
        raise UserError(f"`dvc push` to {remote.url} failed; what it said is above.")
    mine = re.compile(rf"models/{re.escape(model)}/|(?!models/)")
    if lacking := [name for name in not_pushed() if mine.match(name)]:
        raise UserError(
            f"{remote.url} lacks {listed(lacking)}, which this run had no need to make again; "
            "`dvc push` where they were made."
        )


def _run(command: list[str], mirror: Mirror | None, every: float) -> bool:
    """Run a command, uploading backups all the while; being ended ends it, too."""
    process = subprocess.Popen(command)

    def end(_signal: int, _frame: FrameType | None) -> None:
        process.terminate()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while True:
            try:
                process.wait(every)
                break
            except subprocess.TimeoutExpired:
                _upload(mirror)
    finally:
        _upload(mirror)
        for number, handler in before.items():
            signal.signal(number, handler)
    return process.returncode == 0


def _upload(mirror: Mirror | None, *, finished: bool = False) -> None:
    """Upload; a bucket that fails for a moment must not end a training."""
    try:
        if mirror:
            mirror.upload(finished=finished)
    except Exception as error:
        reason = redacted(" ".join(str(error).split()))[:300]
        print(f"warning: the backup was not uploaded: {reason}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Train one model; return 0 if its results are there and pushed."""
    parser = argparse.ArgumentParser(prog="modelyard cloud train", description=__doc__)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--every", type=float, default=EVERY, help="seconds between backups")
    options = parser.parse_args(arguments)
    branch = os.environ.get("GITHUB_REF_NAME", "local")
    return finish(lambda: train(options.model, branch, options.every))


if __name__ == "__main__":
    sys.exit(main())

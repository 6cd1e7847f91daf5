"""Look through what a killed search left before it goes on: what is damaged begins anew.

What ended stays: the oracle proposes the same trials again, and a trial whose result is there, of
the same values, is not trained again.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelyard.damage import drop, read_state
from modelyard.disk import remove

ORACLE = "oracle.json"
TRIAL = "trial.json"
AGAIN = "the search proposes its trials anew and keeps the results of those that ended"
FOLDERS = ("trial_*", "workers", "tensorboard")
FILES = ("search.json", ORACLE, "../owner", "../current", "trial_*/*.json", "trial_*/error.txt")


def clear_places(folder: Path) -> None:
    """Remove files that lie where folders of a search belong, and the other way round."""
    for path in _found(folder, FOLDERS):
        if not path.is_dir():
            drop(path, "it is not a folder", "it is made anew")
    for path in _found(folder, FILES):
        if path.is_dir():
            drop(path, "it is a folder", "it is written anew")


def forget_damaged(folder: Path) -> None:
    """Remove the state of the oracle and its trials where a part of it is damaged."""
    state = folder / ORACLE
    if not state.is_file():
        return  # nothing was proposed, or what was is proposed anew
    named = read_state(state, _named, AGAIN)
    trials = [read_state(path, _id, AGAIN) for path in sorted(folder.glob(f"trial_*/{TRIAL}"))]
    if named is not None and None not in trials:
        if named <= set(trials):
            return
        drop(state, "it names trials that are not there", AGAIN)
    forget(folder)


def forget(folder: Path) -> None:
    """Remove the state of the oracle and its trials, keep their results."""
    for path in (folder / ORACLE, *folder.glob(f"trial_*/{TRIAL}")):
        remove(path)


def _found(folder: Path, patterns: Iterable[str]) -> list[Path]:
    paths = [folder.parent / one[3:] for one in patterns if one.startswith("../")]
    for pattern in patterns:
        paths += [] if pattern.startswith("../") else sorted(folder.glob(pattern))
    return [path for path in paths if path.exists() or path.is_symlink()]


def _named(document: Any) -> set[str]:
    """Return the trials that an oracle's state names."""
    named = [*document["start_order"], *document["end_order"], *document["retry_queue"]]
    return {str(one) for one in [*named, *dict(document["ongoing_trials"]).values()]}


def _id(document: Any) -> str:
    """Return the number of a trial, whose other parts must be there."""
    if not isinstance(document["hyperparameters"]["values"], dict):
        raise TypeError("it has no values")
    for key in ("metrics", "score", "best_step", "status", "message"):
        document[key]
    return str(document["trial_id"])

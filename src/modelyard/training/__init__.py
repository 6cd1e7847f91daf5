"""Training a Keras model: a clean start, backups, exports, and the judgement of what was saved."""

from .backup import TrainingBackup, open_backup
from .evaluation import evaluate
from .export import export
from .names import check_names, check_reported, reported
from .session import devices, start

__all__ = [
    "TrainingBackup",
    "check_names",
    "check_reported",
    "devices",
    "evaluate",
    "export",
    "open_backup",
    "reported",
    "start",
]  # fmt: skip

"""Training a Keras model: a clean start, a rehearsal, backups, exports, and the judgement."""

from modelyard.recipe.recipe import Recipe
from modelyard.recipe.weights import is_imagenet
from modelyard.tasks import output_activation

from .backup import TrainingBackup, open_backup
from .evaluation import evaluate
from .export import export
from .names import check_reported
from .rehearsal import rehearse
from .session import announce, start

__all__ = [
    "Recipe",
    "TrainingBackup",
    "announce",
    "check_reported",
    "evaluate",
    "export",
    "is_imagenet",
    "open_backup",
    "output_activation",
    "rehearse",
    "start",
]  # fmt: skip

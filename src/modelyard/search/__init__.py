"""The search behind the `tune` stage: KerasTuner's oracles and protocol, made safe to trust."""

from .opened import opened
from .tuning import search

__all__ = ["opened", "search"]

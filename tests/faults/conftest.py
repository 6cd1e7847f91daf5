"""The trained project, for faults of whole runs."""

from pipeline.conftest import finished, first_run, quick, quick_run

__all__ = ["finished", "first_run", "quick", "quick_run"]

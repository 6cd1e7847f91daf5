"""Validate every configuration file: `modelyard check`."""

import sys

from .adapter.listed import check_adapters
from .command import finish, take_no_options
from .config import check_all
from .config.loading import load_project
from .config.models import model_names
from .config.skeleton import check_skeleton
from .model_tests.definition import TESTS, load_cases
from .pipeline.limits import check_limits
from .pipeline.model_inputs import check_inputs
from .pipeline.tracked import untracked_root
from .publishing.environment_file import SETTINGS
from .publishing.environments import load_environments
from .publishing.official.template import check_templates
from .zoo.entries import load_zoo


def main(arguments: list[str] | None = None) -> int:
    """Check; return 1 after one line for each mistake."""
    take_no_options("check", __doc__, arguments)
    return finish(check)


def check() -> None:
    """Check every configuration file.

    Raises:
        UserError: one line per mistake.
    """
    check_skeleton()
    check_all()
    check_inputs()
    check_limits()
    check_adapters()
    check_templates()
    load_zoo()
    if SETTINGS.is_file():
        load_environments()
    if TESTS.is_file():
        load_cases()
    if problem := untracked_root(load_project().data.root):
        print(f"warning: {problem}", file=sys.stderr)
    print(f"No mistakes in config.yaml and in the models {', '.join(model_names()) or '(none)'}.")

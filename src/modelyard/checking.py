"""Validate every configuration file: `modelyard check`."""

from .adapter.listed import check_adapters
from .command import finish, take_no_options
from .config import check_all
from .config.models import model_names
from .config.skeleton import check_skeleton
from .publishing.official.template import check_templates


def main(arguments: list[str] | None = None) -> int:
    """Check; return 1 after one line for each mistake."""
    take_no_options("check", __doc__, arguments)
    return finish(_check)


def _check() -> None:
    check_skeleton()
    check_all()
    check_adapters()
    check_templates()
    print(f"No mistakes in config.yaml and in the models {', '.join(model_names()) or '(none)'}.")

"""Make this project learn from a folder of your own: `modelyard adopt FOLDER`.

It looks at the folder, says what it saw, and asks before it changes anything. Keys of `data` that
it cannot guess, or guesses wrongly, can be given: columns.class=breed, image_size=[128,128],
target=price. Of texts and tables it may be one file as well.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from modelyard.command import finish, print_error
from modelyard.config.loading import load_project, parse_overrides
from modelyard.errors import UserError

from .applying import EXAMPLE, carry_out, has_example
from .planning import plan_adoption
from .source import source_of

INTERRUPTED = 130  # the exit code of what Ctrl-C ended
NEXT = """
{root} is adopted. Next:
  sh run.sh              trains on it
  modelyard acceptance   shows what was measured: write limits in place of `decide` into
                         acceptance in models/{model}/config.yaml, and into model_tests.yaml
  card                   in models/{model}/config.yaml: write what the model is for
  git add . && git commit -m "Adopt {root}" && dvc push"""


def adopt(named: Path, overrides: Sequence[str], *, yes: bool, dry_run: bool) -> None:
    """Look, say, ask, change.

    Raises:
        UserError: nothing can be learned from it, or nobody confirmed; nothing is changed.
    """
    project = load_project()
    old = project.data
    source = source_of(named, old)
    if has_example() and source.root == old.root:
        raise UserError(
            f"{source.root} is what the stage {EXAMPLE} writes; name your folder otherwise."
        )
    plan, lines = plan_adoption(source, old, parse_overrides(overrides))
    print("\n".join([*lines, "", "Adopting it will", *(f"  {line}" for line in plan.lines())]))
    if dry_run:
        print("\nNothing is changed: --dry-run.")
        return
    if not yes and not _confirmed():
        raise UserError("Nothing is changed: nobody confirmed; --yes adopts without asking.")
    carry_out(plan)
    print(NEXT.format(root=plan.root, model=project.model))


def _confirmed() -> bool:
    return sys.stdin.isatty() and input("\nAdopt it? [y/N] ").strip().lower() in ("y", "yes")


def main(arguments: list[str] | None = None) -> int:
    """Adopt a folder; return 0, or 1 after one sentence on what to mend."""
    parser = argparse.ArgumentParser(
        prog="modelyard adopt", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "named", type=Path, metavar="FOLDER", help="your data; of texts and tables also a file"
    )
    parser.add_argument(
        "overrides", nargs="*", default=[], metavar="KEY=VALUE", help="keys of data"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    options = parser.parse_intermixed_args(arguments)
    try:
        return finish(lambda: adopt(**vars(options)))
    except KeyboardInterrupt:
        print_error("interrupted; run it again: what was done is not done twice.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())

"""Which model a `[cml]` commit or a manual run trains; checks every configuration file on the way.

Prints `model=NAME`. Reads $MODEL (a manual run's input) and $MESSAGE (the commit message).
"""

import os
import re
import sys
from pathlib import Path

from src.utils.config import check_all, load_project, model_config_path
from src.utils.utils import UserError, did_you_mean

from .cli import finish

# `[cml] my_model: why` names a model; `[cml] why` and `[cml] see: this` do not, the second by
# its space before the colon.
NAMED = re.compile(r"\[cml\]\s*(\S+):(?:\s|$)", re.IGNORECASE)


def chosen(model: str, message: str) -> str | None:
    """Return the name that the input or else the message gives, None if neither does."""
    if model.strip():
        return model.strip()
    found = NAMED.match(message.split("\n", maxsplit=1)[0])
    return found[1] if found else None


def _choose() -> bool:
    name = chosen(os.environ.get("MODEL", ""), os.environ.get("MESSAGE", ""))
    check_all()
    if name is None:
        name = load_project().model
        model_config_path(name)
    known = sorted(path.parent.name for path in Path("models").glob("*/config.yaml"))
    if name not in known:
        raise UserError(
            f"The commit message or the input asks to train {name!r}, which is no model here"
            f"{did_you_mean(name, known)}; known models: {', '.join(known)}. Write "
            f"`[cml] {known[0]}: …`, or no colon after the first word to train the default."
        )
    print(f"model={name}")
    return True


def main() -> int:
    """Choose; return 1 after a sentence on what to mend."""
    return finish(_choose)


if __name__ == "__main__":
    sys.exit(main())

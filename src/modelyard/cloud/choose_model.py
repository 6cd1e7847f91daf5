"""Which model a `[cml]` commit or a manual run trains; checks every configuration file on the way.

Prints `model=NAME`. Reads $MODEL (a manual run's input) and $MESSAGE (the commit message).
"""

import os
import re
import sys

from modelyard.command import finish, take_no_options
from modelyard.config.loading import check_all, load_project, model_config_path
from modelyard.config.models import model_names
from modelyard.errors import UserError, did_you_mean
from modelyard.pipeline.model_inputs import check_inputs

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
    check_inputs()
    if name is None:
        name = load_project().model
        model_config_path(name)
    known = model_names()
    if name not in known:
        raise UserError(
            f"The commit message or the input asks to train {name!r}, which is not a model here"
            f"{did_you_mean(name, known)}; known models: {', '.join(known)}. Write "
            f"`[cml] {known[0]}: …`, or no colon after the first word to train the default."
        )
    print(f"model={name}")
    return True


def main(arguments: list[str] | None = None) -> int:
    """Choose; return 1 after a sentence on what to mend."""
    take_no_options("cloud choose-model", __doc__, arguments)
    return finish(_choose)


if __name__ == "__main__":
    sys.exit(main())

"""Names for new models: the rule by which the template judges the first one's."""

import importlib.util
import keyword
import re
import sys
from pathlib import Path

from modelyard.errors import UserError

NAME = re.compile(r"[a-z][a-z0-9_]{0,48}[a-z0-9]")
LONGEST = 60  # characters of an answer that a problem repeats
ROOMS = {
    "ci", "data", "docs", "models", "official_models", "src", "tests", "training_metrics", "vendor",
}  # fmt: skip
YAML_WORDS = {"false", "no", "null", "off", "on", "true", "yes"}
DEVICES = {"aux", "con", "nul", "prn"} | {
    f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)
}


def check_new_name(name: str) -> Path:
    """Return the folder of a model that is to be made.

    Raises:
        UserError: the name is illegal, hides what the project imports, or is taken.
    """
    if problem := name_problem(name):
        raise UserError(problem)
    folder = Path("models", name)
    if folder.exists() or folder.is_symlink():
        raise UserError(f"{folder} exists; choose another name with --name, or remove it.")
    return folder


def name_problem(name: str) -> str | None:
    """Say why a name cannot be a model's, or None."""
    if not NAME.fullmatch(name):
        return (
            f"--name is {_shown(name)}; use 2 to 50 lower-case letters a-z, digits and _, "
            "beginning with a letter and not ending with _, such as digit_classifier."
        )
    if keyword.iskeyword(name):
        reason = "a keyword of Python"
    elif name in YAML_WORDS:
        reason = "which YAML reads as a value, not as a name"
    elif name in DEVICES:
        reason = "a device on Windows, where no file can have that name"
    elif name in ROOMS | sys.stdlib_module_names or importlib.util.find_spec(name):
        reason = "which would hide a package or folder that the project imports"
    else:
        return None
    return f"--name is {name!r}, {reason}; add a word, such as {name}_classifier."


def _shown(name: str) -> str:
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")

"""Refuse answers that would break the generated project, all at once, each with its fix."""

import json
import keyword
import re
import sys
from pathlib import Path

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{1,49}")
REMOTES = ("gs", "s3", "azure")
ROOMS = {"ci", "data", "docs", "models", "official_models", "src", "tests", "training_metrics"}
PACKAGES = {
    "absl", "ai_edge_litert", "dvc", "fsspec", "h5py", "keras", "keras_tuner", "kerastuner",
    "matplotlib", "mypy", "nbclient", "numpy", "pillow", "pip", "pydantic", "pytest", "rich",
    "ruamel", "ruff", "scipy", "setuptools", "sklearn", "tensorboard", "tensorflow", "uv", "yaml",
}  # fmt: skip
DEVICES = {"aux", "con", "nul", "prn"} | {f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)}
BREAKING = re.compile(r"[\"\\\x00-\x1f\x7f-\x9f\u2028\u2029]|\{[#%{]|\$\{")


def name_problem(answer: str, value: str) -> str | None:
    """Say why a value can be no import name and folder, or None."""
    if not IDENTIFIER.fullmatch(value):
        return (
            f"{answer} is {value!r}; use 2 to 50 lower-case letters, digits and _, beginning "
            "with a letter, such as digit_classifier."
        )
    shadows = ROOMS | PACKAGES | sys.stdlib_module_names
    if keyword.iskeyword(value) or keyword.issoftkeyword(value):
        return f"{answer} is {value!r}, a keyword of Python; add a word: {value}_model."
    if value in shadows:
        return f"{answer} is {value!r}, which hides an import; add a word: {value}_model."
    if value in DEVICES:
        return f"{answer} is {value!r}, a device on Windows; add a word: {value}_model."
    return None


def text_problem(answer: str, value: str) -> str | None:
    """Say why a value would break the files it is rendered into, or None."""
    if not value.strip():
        return f"{answer} is empty; write a few words."
    found = BREAKING.search(value)
    if found:
        return (
            f"{answer} holds {found.group()!r}, which would break a generated file; leave out "
            "double quotes, backslashes, line breaks and template or shell braces."
        )
    if value != value.strip():
        return f"{answer} begins or ends with a space; remove it."
    return None


def remote_problem(url: str) -> str | None:
    """Say why DVC could keep nothing there, or None."""
    scheme, separator, rest = url.partition("://")
    allowed = ", ".join(f"{name}://" for name in REMOTES)
    if not separator:
        return None
    if scheme not in REMOTES:
        return f"dvc_remote_url begins with {scheme!r}://; allowed are a folder and {allowed}."
    if not rest.strip("/"):
        return f"dvc_remote_url is {url!r}, which names no bucket; write {scheme}://bucket/path."
    if re.search(r"[\s'#]", url):
        return f"dvc_remote_url is {url!r}; a URL has no spaces, quotes or #."
    return None


def problems(answers: dict[str, str]) -> list[str]:
    """Return every problem with the answers; an empty list lets the project be written."""
    texts = ("project_name", "description", "author_name", "dvc_remote_url")
    found = [text_problem(answer, answers[answer]) for answer in texts]
    found += [name_problem(answer, answers[answer]) for answer in ("project_slug", "model_name")]
    found.append(remote_problem(answers["dvc_remote_url"]))
    return [problem for problem in found if problem]


def remove_empty(folder: Path, levels: int) -> None:
    """Remove a/b and a, which cookiecutter made for the slug a/b, as far as they are empty."""
    for level in [folder, *folder.parents][:levels]:
        try:
            level.rmdir()
        except OSError:
            return


def main() -> int:
    """Print the problems to standard error; cookiecutter removes what it has begun."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    found = problems(answers)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    slug = answers["project_slug"]
    if found and "/" in slug and not slug.startswith(("/", ".")):
        remove_empty(Path.cwd(), levels=slug.count("/") + 1)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Refuse answers that would break the generated project, all at once, each with its fix."""

import contextlib
import json
import keyword
import re
import sys
import unicodedata
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]{1,49}")
ROOMS = {
    "ci", "data", "docs", "models", "official_models", "src", "tests", "training_metrics", "vendor",
}  # fmt: skip
# What the project installs, and plausible names among what that brings along.
PACKAGES = {
    "absl", "ai_edge_litert", "attr", "attrs", "backports", "build", "clang", "click", "cml",
    "comm", "cruft", "dvc", "dvclive", "fastapi", "filelock", "flax", "fsspec", "gast", "git",
    "google", "grpc", "grpcio", "h5py", "httptools", "httpx", "hydra", "ipykernel", "ipython",
    "jax", "jinja2", "junitparser", "jupyter", "keras", "keras_hub", "keras_tuner", "kerastuner",
    "markdown", "markdown_it", "markdown_it_py", "markupsafe", "material", "matplotlib", "mike",
    "mkdocs", "mkdocs_material", "modelyard", "multipart", "mypy", "namex", "nbclient", "nbformat",
    "numpy", "onnx", "onnxruntime", "packaging", "pandas", "pasta", "pil", "pillow", "pip",
    "psutil", "public", "py", "pycocotools", "pydantic", "pygit2", "pylab", "pypi_simple", "pytest",
    "pytest_xdist", "python_multipart", "pyyaml", "requests", "rich", "ruamel", "ruamel_yaml",
    "ruamel_yaml_clib", "ruff", "scikit_learn", "scipy", "setuptools", "six", "sklearn",
    "starlette", "tensorboard", "tensorflow", "tf2onnx", "torch", "tornado", "tqdm", "twine", "uv",
    "uvicorn", "validate", "vine", "vl_convert", "vl_convert_python", "wheel", "wrapt", "xdist",
    "yaml",
}  # fmt: skip
YAML_WORDS = {"false", "no", "null", "off", "on", "true", "yes"}
PORTS = {f"{kind}{number}" for kind in ("com", "lpt") for number in range(10)}
DEVICES = {"aux", "con", "nul", "prn"} | PORTS
REMOTES = ("gs", "s3", "azure")
# They end a quoted string, or are code to cookiecutter, GitHub's workflows and DVC. This file is
# rendered too: no two-character mark may stand in it.
BREAKING = ('"', "\\", *("{" + mark for mark in "#%{"), "$" + "{")


def name_problem(answer: str, value: str) -> str | None:
    """Say why a value cannot be an import name and a folder, or None."""
    if not NAME.fullmatch(value):
        return (
            f"{answer} is {value!r}; use 2 to 50 lower-case letters a-z, digits and _, "
            "beginning with a letter, such as digit_classifier."
        )
    if keyword.iskeyword(value):
        reason = "a keyword of Python"
    elif value in ROOMS | PACKAGES | sys.stdlib_module_names:
        reason = "which would hide a package or folder that the project imports"
    elif value in YAML_WORDS:
        reason = "which YAML reads as a value, not as a name"
    elif value in DEVICES:
        reason = "a device on Windows, where no file can have that name"
    else:
        return None
    return f"{answer} is {value!r}, {reason}; add a word, such as {value}_classifier."


def text_problem(answer: str, value: str) -> str | None:
    """Say why a value would break the files it is rendered into, or None."""
    if not value.strip():
        return f"{answer} is empty; write at least a word."
    if value != value.strip():
        return f"{answer} is {value!r}, which begins or ends with a space; remove it."
    # Controls, half characters (surrogates), line and paragraph separators.
    hidden = [mark for mark in value if unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"}]
    if found := hidden + [mark for mark in BREAKING if mark in value]:
        return (
            f"{answer} is {value!r}, where {found[0]!r} would break a generated file; leave out "
            f"line breaks and {' '.join(BREAKING)} (anything else is fine, accents and ' too)."
        )
    return None


def remote_problem(url: str) -> str | None:
    """Say why DVC could keep nothing there, or None."""
    allowed = "a folder, " + ", ".join(f"{name}://bucket/path" for name in REMOTES)
    scheme, separator, rest = url.partition("://")
    if separator and scheme not in REMOTES:
        return f"dvc_remote_url is {url!r} with the unknown scheme {scheme}://; use {allowed}."
    if separator and not rest.split("/")[0]:
        return f"dvc_remote_url is {url!r}, which names no bucket; write {scheme}://bucket/path."
    path = rest if separator else re.sub(r"^[A-Za-z]:/", "/", url)  # C:/folder on Windows
    # What .dvc/config, a shell or Windows would take for something else.
    if found := re.search(r"[#,;:*?<>|$%'`]" + (r"|\s" if separator else ""), path):
        return (
            f"dvc_remote_url is {url!r}, where {found.group()!r} cannot be; use {allowed}, "
            "in letters, digits and . _ - ~ /."
        )
    return None


def problems(answers: dict[str, str]) -> list[str]:
    """Return every problem with the answers; an empty list lets the project be written."""
    url = answers["dvc_remote_url"]
    texts = ("project_name", "description", "author_name")
    found = [text_problem(answer, answers[answer]) for answer in texts]
    found += [name_problem(answer, answers[answer]) for answer in ("project_slug", "model_name")]
    found += [text_problem("dvc_remote_url", url) or remote_problem(url)]
    return [problem for problem in found if problem]


def remove_nested(slug: str, output: Path) -> None:
    """Remove the empty folders made for a slug such as a/b, of which cookiecutter removes one."""
    parts = Path(slug).parts
    nested = len(parts) > 1 and not Path(slug).is_absolute()
    for count in range(len(parts) if nested else 0, 0, -1):
        folder = output.joinpath(*parts[:count])
        if output.resolve() in folder.resolve().parents:
            with contextlib.suppress(OSError):  # not empty, so not ours alone
                folder.rmdir()


def main() -> int:
    """Print the problems to standard error; cookiecutter removes what it has begun."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    found = problems(answers)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    if found and "_output_dir" in answers:
        remove_nested(answers["project_slug"], Path(answers["_output_dir"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

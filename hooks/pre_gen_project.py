"""Refuse answers that would break the generated project, all at once, each with its fix."""

import contextlib
import json
import keyword
import posixpath
import re
import sys
import unicodedata
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]{0,48}[a-z0-9]")
LONGEST = 60  # characters of an answer that a problem repeats
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
    "numpy", "onnx", "onnxruntime", "packaging", "pandas", "pasta", "pil", "pillow", "pillow_heif",
    "pip", "psutil", "public", "py", "pyarrow", "pycocotools", "pydantic", "pygit2", "pylab",
    "pypi_simple", "pytest", "pytest_xdist", "python_multipart", "pyyaml", "requests", "rich",
    "ruamel", "ruamel_yaml", "ruamel_yaml_clib", "ruff", "scikit_learn", "scipy", "setuptools",
    "six", "sklearn", "starlette", "tensorboard", "tensorflow", "tf2onnx", "torch", "tornado",
    "tqdm", "twine", "uv", "uvicorn", "validate", "vine", "vl_convert", "vl_convert_python",
    "wheel", "wrapt", "xdist", "yaml",
}  # fmt: skip
# Every package that a project locks: uv refuses a project with the name of one that it needs.
# Written by scripts/locked_names.py.
LOCKED = """
absl-py adlfs ai-edge-litert aiobotocore aiohappyeyeballs aiohttp aiohttp-retry aioitertools
aiosignal amqp annotated-types antlr4-python3-runtime anyio appdirs appnope argcomplete asn1crypto
ast-serialize asttokens astunparse asyncssh atpublic attrs azure-core azure-identity
azure-storage-blob babel backports-strenum backports-tarfile backrefs beautifulsoup4 billiard
blake3 botocore build celery certifi cffi charset-normalizer click click-didyoumean click-plugins
click-repl cloudpickle colorama comm configobj contourpy cryptography cycler debugpy decorator
dictdiffer diskcache distro dnspython docutils dpath dulwich dvc dvc-azure dvc-data dvc-gs
dvc-http dvc-objects dvc-render dvc-s3 dvc-studio-client dvc-task email-validator entrypoints
executing filelock flatbuffers flatten-dict flufl-lock fonttools frozenlist fsspec funcy gast
gcsfs ghp-import gitdb gitpython google-api-core google-auth google-auth-oauthlib
google-cloud-core google-cloud-storage google-cloud-storage-control google-crc32c google-pasta
google-resumable-media googleapis-common-protos grandalf grpc-google-iam-v1 grpcio grpcio-status
gto h11 h5py hf-xet httpcore2 httptools httpx2 httpx2-jsfetch huggingface-hub hydra-core id idna
importlib-metadata in-toto-attestation iniconfig inversion ipykernel ipython
ipython-pygments-lexers isodate iterative-telemetry jaraco-classes jaraco-context jaraco-functools
jedi jeepney jinja2 jmespath joblib junitparser jupyter-client jupyter-core kagglehub kagglesdk
keras keras-hub keras-tuner keyring kiwisolver knack kombu kt-legacy lazy-importer libclang librt
mailbits markdown markdown-it-py markupsafe matplotlib matplotlib-inline mdurl mergedeep mike
mkdocs mkdocs-get-deps mkdocs-material mkdocs-material-extensions ml-dtypes model-signing
modelyard more-itertools msal msal-extensions multidict mypy mypy-extensions namex narwhals
nest-asyncio2 networkx nh3 numpy nvidia-cublas-cu12 nvidia-cuda-cupti-cu12 nvidia-cuda-nvcc-cu12
nvidia-cuda-nvrtc-cu12 nvidia-cuda-runtime-cu12 nvidia-cudnn-cu12 nvidia-cufft-cu12
nvidia-curand-cu12 nvidia-cusolver-cu12 nvidia-cusparse-cu12 nvidia-nccl-cu12
nvidia-nvjitlink-cu12 oauthlib omegaconf onnx onnxruntime opentelemetry-api opt-einsum optree
orjson packaging paginate parso pathspec pexpect pillow pillow-heif platformdirs pluggy
prometheus-client prompt-toolkit propcache proto-plus protobuf psutil ptyprocess pure-eval pyarrow
pyasn1 pyasn1-modules pycocotools pycparser pydantic pydantic-core pydantic-settings pydot pygit2
pygments pygtrie pyjwt pymdown-extensions pyopenssl pyparsing pypi-simple pyproject-hooks pytest
python-dateutil python-dotenv python-multipart pywin32 pywin32-ctypes pyyaml pyyaml-env-tag pyzmq
readme-renderer regex requests requests-oauthlib requests-toolbelt rfc3161-client rfc3986 rfc8785
rich ruamel-yaml ruamel-yaml-clib ruff s3fs scikit-learn scipy scmrepo secretstorage
securesystemslib semver sentencepiece setuptools shortuuid shtab sigstore sigstore-models
sigstore-rekor-types six smmap soupsieve sqltrie stack-data starlette tabulate tensorboard
tensorboard-data-server tensorflow tensorflow-text termcolor tf2onnx threadpoolctl tokenizers
tomlkit tornado tqdm traitlets truststore tuf twine typing-extensions typing-inspection tzdata
tzlocal urllib3 uvicorn uvloop verspec vine vl-convert-python voluptuous watchdog wcwidth werkzeug
wheel wrapt yarl zc-lockfile zipp
"""
YAML_WORDS = {"false", "no", "null", "off", "on", "true", "yes"}
PORTS = {f"{kind}{number}" for kind in ("com", "lpt") for number in range(10)}
DEVICES = {"aux", "con", "nul", "prn"} | PORTS
REMOTES = ("gs", "s3", "azure")
# They end a quoted string, or are code to cookiecutter, GitHub's workflows and DVC. This file is
# rendered too: no two-character mark may stand in it.
BREAKING = ('"', "\\", *("{" + mark for mark in "#%{"), "$" + "{")


def shown(value: str) -> str:
    """Return an answer as a problem repeats it: not all of a very long one."""
    return repr(value if len(value) <= LONGEST else f"{value[:LONGEST]}…")


def name_problem(answer: str, value: str) -> str | None:
    """Say why a value cannot be an import name and a folder, or None."""
    if not NAME.fullmatch(value):
        return (
            f"{answer} is {shown(value)}; use 2 to 50 lower-case letters a-z, digits and _, "
            "beginning with a letter and not ending with _, such as digit_classifier."
        )
    if keyword.iskeyword(value):
        reason = "a keyword of Python"
    elif value in ROOMS | PACKAGES | sys.stdlib_module_names:
        reason = "which would hide a package or folder that the project imports"
    elif answer == "project_slug" and re.sub("_+", "-", value) in LOCKED.split():
        reason = "the name of a package that the project installs"
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
        return f"{answer} is {shown(value)}, which begins or ends with a space; remove it."
    # Controls, half characters (surrogates), line and paragraph separators.
    hidden = [mark for mark in value if unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"}]
    if found := hidden + [mark for mark in BREAKING if mark in value]:
        return (
            f"{answer} is {shown(value)}, where {found[0]!r} would break a generated file; leave "
            f"out line breaks and {' '.join(BREAKING)} (anything else is fine, accents and ' too)."
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


def folder_problem(url: str, slug: str) -> str | None:
    """Say why a folder cannot hold what DVC keeps of the project, or None."""
    if "://" in url:
        return None
    path = posixpath.normpath(url)
    beside = f"write ../{slug}_dvc_storage for a folder beside the project"
    if not re.sub(r"^[A-Za-z]:(?=/|$)", "", path).strip("/."):
        what = "a folder above the project" if path.startswith("..") else "the whole disk"
        what = "the project itself" if path == "." else what
    elif path == "~":
        what = "your whole home folder"
    elif path.startswith(("/", "~/")) or re.match(r"[A-Za-z]:", path):
        return None
    elif not path.startswith("../") or f"{path}/".startswith(f"../{slug}/"):
        what = "inside the project, whose files Git tracks and whose loss would take the data along"
    else:
        return None
    return f"dvc_remote_url is {shown(url)}, which is {what}; {beside}, or use a bucket."


def problems(answers: dict[str, str]) -> list[str]:
    """Return every problem with the answers; an empty list lets the project be written."""
    url = answers["dvc_remote_url"]
    texts = ("project_name", "description", "author_name")
    found = [text_problem(answer, answers[answer]) for answer in texts]
    found += [name_problem(answer, answers[answer]) for answer in ("project_slug", "model_name")]
    found += [
        text_problem("dvc_remote_url", url)
        or remote_problem(url)
        or folder_problem(url, answers["project_slug"])
    ]
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

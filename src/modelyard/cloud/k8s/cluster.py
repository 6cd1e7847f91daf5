"""One search as a cluster sees it: what is asked for, checked, and the names of its objects."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from modelyard.config.schema import Config
from modelyard.errors import UserError

WORD = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUFFIX = "-worker-99999"  # the longest name made from ours is the host name of a worker's pod
LONGEST = 63 - len(SUFFIX)
OPTIONS = {
    "image": (
        re.compile(r"[^\s@]+:[\w.-]+|[^\s@]+@sha256:[0-9a-f]{64}", re.ASCII),
        "write NAME:TAG with the commit as tag, such as registry.example/digits:1a2b3c4",
    ),
    "bucket": (
        re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
        "write its name without gs:// and without a folder, such as team-searches",
    ),
    "prefix": (
        # It becomes one of several mount options, which commas separate.
        re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII),
        "write a folder of the bucket in letters, digits and . _ - /, such as searches/digits",
    ),
    "service_account": (
        re.compile(rf"(?=.{{1,253}}$){WORD}(\.{WORD})*"),
        "write the name of a Kubernetes service account in lower-case letters, digits and -",
    ),
    "queue": (
        # The name of an object of Kueue, and the value of a label, which is shorter.
        re.compile(rf"(?=.{{1,63}}$){WORD}(\.{WORD})*"),
        "write the name of a LocalQueue, at most 63 lower-case letters, digits and - or .",
    ),
}
LEFT_OUT = {"prefix": "", "queue": None}  # what needs no value


@dataclass(frozen=True)
class ClusterSearch:
    """The search of one model, run by one image, kept in one bucket.

    Attributes:
        prefix: a folder in the bucket, empty for all of it.
        gpus: for each worker.
        service_account: of Kubernetes; it may read and write the buckets.
        queue: a LocalQueue of Kueue, which starts the jobs when there is room; None: they start
            at once.

    Raises:
        UserError: a value that the cluster would refuse, or a configuration without a search.
    """

    config: Config
    image: str
    bucket: str
    prefix: str = ""
    gpus: int = 0
    service_account: str = "default"
    queue: str | None = None

    def __post_init__(self) -> None:
        """Check every value: the cluster would refuse it later and in harder words."""
        _check_config(self.config)
        for name in OPTIONS:
            _check_option(name, getattr(self, name))
        if self.gpus < 0:
            raise UserError(f"command line: --gpus is {self.gpus}; write 0 or more.")

    @property
    def name(self) -> str:
        """What the names of all objects begin with, and their `instance` label."""
        return f"tune-{label(self.config.name, LONGEST - len('tune-'))}"

    @property
    def config_path(self) -> str:
        """Where the image holds the model's configuration, relative to the project."""
        return f"models/{self.config.name}/config.yaml"

    @property
    def workers(self) -> int:
        """How many there are: as many as trials may run at once."""
        return self.config.tuning.max_instances_at_once


def label(name: str, longest: int) -> str:
    """Return a DNS label for a name; a hash keeps apart what would look the same."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if short.replace("-", "_") == name and len(short) <= longest:
        return short
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{short[: longest - len(mark) - 1].rstrip('-')}-{mark}".lstrip("-")


def _check_config(config: Config) -> None:
    inside = Path("models", config.name, "config.yaml")
    if config.file.resolve() != inside.resolve():
        raise UserError(
            f"command line: --config is {config.file}, which no image of this project holds; "
            "write models/<model>/config.yaml."
        )
    if not config.tuning.tune:
        raise UserError(f"{config.file}: tuning.tune is false; write true to search.")


def _check_option(name: str, value: str | None) -> None:
    pattern, hint = OPTIONS[name]
    if name in LEFT_OUT and value == LEFT_OUT[name]:
        return
    if not pattern.fullmatch(value or ""):
        raise UserError(f"command line: --{name.replace('_', '-')} is {value!r}; {hint}.")

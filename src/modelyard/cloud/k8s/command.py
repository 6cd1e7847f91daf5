"""Print the manifests of a search over several machines, for `kubectl apply -f -`.

With --dockerfile, print instead how the image of its pods is built: `modelyard k8s --dockerfile
>Dockerfile`, once, then `git archive HEAD | docker build --tag NAME:TAG -`.
"""

import argparse
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from modelyard.command import finish
from modelyard.config.loading import load_config

from .cluster import ClusterSearch
from .manifests import documents, render


class _Dockerfile(argparse.Action):
    """Print the Dockerfile and end, whatever else is asked, as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        dockerfile = files("modelyard.cloud.k8s") / "Dockerfile"
        print(dockerfile.read_text("utf-8"), end="")
        parser.exit()


def main(arguments: list[str] | None = None) -> int:
    """Print the manifests; return 0, or 1 after one sentence on what to mend."""
    options = vars(_parser().parse_args(arguments))
    return finish(lambda: _print(**options))


def _print(config: Path | None, **options: Any) -> None:
    search = ClusterSearch(load_config(config), **options)
    print(render(documents(search)), end="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="modelyard k8s", description=__doc__)
    parser.add_argument(
        "--dockerfile", action=_Dockerfile, nargs=0, dest=argparse.SUPPRESS,
        help="print the Dockerfile of the image, and nothing else",
    )  # fmt: skip
    parser.add_argument("--config", type=Path, help="models/<model>/config.yaml")
    parser.add_argument("--image", required=True, help="NAME:TAG, made with --dockerfile")
    parser.add_argument("--bucket", required=True, help="keeps the search; all pods share it")
    parser.add_argument("--prefix", default="", metavar="PATH", help="a folder in the bucket")
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="for each worker")
    parser.add_argument(
        "--service-account", default="default", metavar="NAME", help="may read the buckets"
    )
    parser.add_argument(
        "--queue", metavar="NAME", help="a LocalQueue of Kueue: it starts the jobs when it has room"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

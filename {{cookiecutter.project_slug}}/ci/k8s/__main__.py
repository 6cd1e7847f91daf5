"""Print the manifests of a search over several machines, for `kubectl apply -f -`."""

import argparse
import sys
from pathlib import Path

from src.utils.config import load_config
from src.utils.utils import UserError

from .cluster import ClusterSearch
from .manifests import documents, render


def main(arguments: list[str] | None = None) -> int:
    """Print the manifests; return 0, or 1 after one sentence on what to mend."""
    options = vars(_parser().parse_args(arguments))
    try:
        search = ClusterSearch(load_config(options.pop("config")), **options)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1
    print(render(documents(search)), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ci.k8s", description=__doc__)
    parser.add_argument("--config", type=Path, help="models/<model>/config.yaml")
    parser.add_argument("--image", required=True, help="NAME:TAG, made by ci/k8s/Dockerfile")
    parser.add_argument("--bucket", required=True, help="keeps the search; all pods share it")
    parser.add_argument("--prefix", default="", metavar="PATH", help="a folder in the bucket")
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="for each worker")
    parser.add_argument(
        "--service-account", default="default", metavar="NAME", help="may read the buckets"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

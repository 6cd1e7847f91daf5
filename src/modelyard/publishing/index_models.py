"""Write the index of official models in a folder or bucket, by which `--zoo URL` finds them."""

import argparse
import sys
from pathlib import Path

from modelyard.command import finish
from modelyard.errors import UserError
from modelyard.publishing.official.indexing import write_index
from modelyard.publishing.official.target import Target
from modelyard.stores import check_installed, scheme


def index(where: str) -> None:
    """Write the index.

    Raises:
        UserError: the folder cannot be listed or written, or what lies there is damaged.
    """
    url = where.rstrip("/") if "://" in where else f"file://{Path(where).absolute()}"
    check_installed(url, "URL is")
    if scheme(url) == "https":
        raise UserError(f"{url} can only be read; name the bucket or folder behind it.")
    if scheme(url) == "file" and not Path(url.removeprefix("file://")).is_dir():
        raise UserError(f"{where} is not a folder; name one that models were published into.")
    count = write_index(Target(url))
    print(f"{url}/index.json lists {count} version{'' if count == 1 else 's'} of official models.")


def main(arguments: list[str] | None = None) -> int:
    """Write it; return 1 after one sentence on what to mend."""
    parser = argparse.ArgumentParser(prog="modelyard index-models", description=__doc__)
    parser.add_argument("url", metavar="URL", help="a folder, or gs://, s3://, az://, hf://")
    options = parser.parse_args(arguments)
    return finish(lambda: index(options.url))


if __name__ == "__main__":
    sys.exit(main())

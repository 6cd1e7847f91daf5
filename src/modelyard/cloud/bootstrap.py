"""Set up, or remove, what training on Google Cloud needs: `modelyard cloud bootstrap`."""

import subprocess
import sys
from importlib.resources import as_file, files


def main(arguments: list[str] | None = None) -> int:
    """Run the script with the given options; return its exit status."""
    with as_file(files("modelyard.cloud") / "gcp_bootstrap.sh") as script:
        options = sys.argv[1:] if arguments is None else arguments
        return subprocess.run(["bash", str(script), *options], check=False).returncode

"""Try every mistake in every configuration file, and print what came of them."""

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from support import bake

from .configuration import cases, complete, outcome


def main() -> int:
    """Return 1 if a mistake is neither refused by file and key nor harmless."""
    with tempfile.TemporaryDirectory() as folder:
        project = bake(Path(folder))
        complete(project)
        os.chdir(project)
        found = [outcome(target, mistake) for target, mistake in cases()]
        os.chdir("/")
    counted = Counter((str(one.target.file), one.verdict) for one in found)
    for (file, verdict), count in sorted(counted.items()):
        print(f"{file}: {verdict}: {count}")
    bad = [one for one in found if one.verdict not in ("refused", "accepted")]
    for one in bad:
        print(one)
    print(f"{len(found)} tried, {len(bad)} bad")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())

"""Write into the hook the names of all packages that a bake locks: no project may have one.

uv refuses a project that depends on itself, also through others: `celery` needs dvc needs celery.
A hook is a file by itself, so the names stand in it; `python scripts/locked_names.py` (needs uv
and an index) brings them up to date, tests compare them with the locks of the repository and of
a bake.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterable
from pathlib import Path

import wheel
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parents[1]
HOOK = ROOT / "hooks/pre_gen_project.py"
NAMES = re.compile(r'(?<=LOCKED = """\n).*?(?=\n""")', re.DOTALL)
# The task that needs most, and all that DVC may bring.
ANSWERS = {"task": "instance_segmentation", "dvc_remote_url": "gs://bucket/path"}
EXTRAS = {
    "dvc[gs]": "dvc[azure,gs,s3]",
    "modelyard[objects,serve,train]": (
        "modelyard[heic,hf,hub,objects,onnx,serve,signing,tables,train]"
    ),
}


def held() -> set[str]:
    """Return the names that the hook holds."""
    found = NAMES.search(HOOK.read_text("utf-8"))
    return set(found.group().split()) if found else set()


def locked(project: Path) -> set[str]:
    """Return the names of the packages that uv locks for a bake with every extra of DVC."""
    requirements = project / "requirements.txt"
    text = requirements.read_text("utf-8")
    for old, new in EXTRAS.items():
        text = text.replace(old, new)
    requirements.write_text(text, "utf-8")
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    subprocess.run([uv, "lock", "--quiet"], cwd=project, check=True)
    return names(project / "uv.lock") - {name_of(project)}


def names(lock: Path) -> set[str]:
    """Return the names of all packages in a lock."""
    return {one["name"] for one in tomllib.loads(lock.read_text("utf-8"))["package"]}


def name_of(project: Path) -> str:
    """Return a project's own name."""
    return str(tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]["name"])


def write(found: Iterable[str]) -> None:
    """Write names into the hook."""
    text = textwrap.fill(" ".join(sorted(found)), 98, break_on_hyphens=False)
    HOOK.write_text(NAMES.sub(lambda _: text, HOOK.read_text("utf-8")), "utf-8")


def main() -> int:
    """Write the names that a bake of today locks."""
    with tempfile.TemporaryDirectory() as folder:
        project = cookiecutter(str(ROOT), no_input=True, extra_context=ANSWERS, output_dir=folder)
        wheel.place(Path(project))  # of today's sources: the committed one may be older
        write(locked(Path(project)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

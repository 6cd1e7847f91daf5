"""This repository on GitHub: a bare origin, its clone, and doubles of what runs for minutes."""

import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from github import actions, programs
from github.events import TOKEN, Event
from github.job import Step
from github.workflow import Results, Runner
from support import copy_files, copy_template, run
from versions import ENGINE

PARTS = (".ci", ".github", "Makefile", "README.md", *ENGINE)
SITE = "site_name: modelyard\ndocs_dir: pages\ntheme: {name: material, font: false}\n"
# Every call of these is noted with its words; a test says which of them fail.
DOUBLE = """\
#!{python}
import json, os, subprocess, sys
from pathlib import Path
folder, words = Path({folder!r}), sys.argv[1:]
with (folder / "{name}.jsonl").open("a") as file:
    file.write(json.dumps(words) + "\\n")
fails = (folder / "fails").read_text().splitlines()
if " ".join(["{name}", *words]) in fails:
    sys.exit("{name} fails, as the test says")
if "{name}" == "python" and words[:3] != ["-m", "pip", "install"]:
    os.execv(sys.executable, [sys.executable, *words])
if "{name}" == "uv" and words[0] == "run":  # in the environment of the tests
    os.execv(sys.executable, [sys.executable, *words[words.index("python") + 1 :]])
if "{name}" == "uv":
    sys.stderr.write("Updated keras v3.15.0 -> v3.16.0\\n")
"""


@dataclass
class Repository:
    """A bare origin, a maintainer's clone of it, and the machines that GitHub lends.

    Attributes:
        published: the files that the index was sent, with their bytes.
        used: every action with its inputs, in order.
    """

    root: Path
    published: dict[str, bytes] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    runs: int = 1000

    @property
    def clone(self) -> Path:
        """Where the maintainer works."""
        return self.root / "clone"

    @property
    def programs(self) -> programs.Programs:
        """The doubles, with what they were called with."""
        return programs.Programs(self.root / "programs")

    def git(self, *arguments: str) -> str:
        """Run Git in the maintainer's clone."""
        return run(self.clone, "git", *arguments).strip()

    def origin(self, *arguments: str) -> str:
        """Run Git in what the maintainer's clone pushes to."""
        return run(self.root / "origin.git", "git", *arguments).strip()

    def commit(self, message: str) -> None:
        """Commit everything and push it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD")

    def fails(self, *commands: str) -> None:
        """Let these commands fail from now on, and no others."""
        (self.root / "programs/fails").write_text("\n".join(commands))

    def tag(self, name: str) -> Results:
        """Tag the commit, push the tag and run what GitHub runs then."""
        self.git("tag", name)
        self.git("push", "--quiet", "origin", f"refs/tags/{name}")
        return self.start("release.yml", ref=f"refs/tags/{name}")

    def start(self, workflow: str, **event: Any) -> Results:
        """Run a workflow for the commit that a branch or tag has on GitHub."""
        self.runs += 1
        sha = self.git("rev-parse", f"{event.setdefault('ref', 'refs/heads/main')}^{{commit}}")
        path = self.clone / ".github/workflows" / workflow
        results = self._runner().run(path, Event(sha, run_id=self.runs, **event))
        assert TOKEN not in "".join(job.log + job.summary for job in results.values())
        return results

    def _runner(self) -> Runner:
        kept = self.root / f"artifacts-{self.runs}"
        doubles = {
            "actions/attest-build-provenance": actions.with_outputs(),
            "actions/checkout": actions.checkout(self.root / "origin.git"),
            "actions/download-artifact": actions.downloaded(kept),
            "actions/setup-python": actions.with_path(self.root / "programs/bin"),
            "actions/upload-artifact": actions.uploaded(kept),
            "pypa/gh-action-pypi-publish": self._publish,
        }
        return Runner(
            root=self.root / f"machines-{self.runs}",
            actions={name: actions.recorded(self.used, name, doubles[name]) for name in doubles},
            environment=self.programs.environment,
        )

    def _publish(self, step: Step) -> None:
        folder = step.workspace / step.inputs.get("packages-dir", "dist")
        self.published |= {path.name: path.read_bytes() for path in folder.iterdir()}


def own_repository(root: Path, site: str | None = SITE) -> Repository:
    """Put a copy of this repository onto a GitHub; `site` stands in for mkdocs.yml unless None."""
    repository = Repository(root)
    copy_files(copy_template(repository.clone), *PARTS)
    if site:
        (repository.clone / "mkdocs.yml").write_text(site)
        (repository.clone / "pages").mkdir()
        (repository.clone / "pages/index.md").write_text("# modelyard\n")
    run(root, "git", "init", "--quiet", "--bare", "origin.git")
    repository.origin("config", "uploadpack.allowAnySHA1InWant", "true")
    repository.git("init", "--quiet")
    repository.git("remote", "add", "origin", str(root / "origin.git"))
    repository.commit("Begin")
    _install(root / "programs")
    return repository


def copied(repository: Repository, root: Path) -> Repository:
    """Return a copy of a repository to which nothing has happened yet."""
    for name in ("clone", "origin.git"):
        shutil.copytree(repository.root / name, root / name)
    copy = Repository(root)
    copy.git("remote", "set-url", "origin", str(root / "origin.git"))
    _install(root / "programs")
    return copy


def _install(folder: Path) -> None:
    programs.install(folder)
    (folder / "fails").touch()
    for name in ("make", "python", "uv"):
        path = folder / "bin" / name
        path.write_text(DOUBLE.format(python=sys.executable, folder=str(folder), name=name))
        path.chmod(0o755)

"""What starts a workflow, and what it then finds in the context `github`."""

from dataclasses import dataclass, field
from typing import Any

REPOSITORY = "org/digits"
TOKEN = "ghs_the-jobs-own-token"  # noqa: S105 (a token that opens nothing)


@dataclass(frozen=True)
class Event:
    """A push, a pull request, or a manual run of one commit.

    Attributes:
        message: of the commit; of a pull request's head.
        author: by name, of the commit.
        committer: by user name; GitHub's own is web-flow: merges, and edits on its pages.
        head_repository: of a pull request, where its branch lies; a fork's is another.
        changed: the files that a push or a pull request changes.
        private: is the repository.
    """

    sha: str
    name: str = "push"
    ref: str = "refs/heads/main"
    message: str = "An ordinary commit"
    author: str = "Some Body"
    committer: str = "somebody"
    inputs: dict[str, str] = field(default_factory=dict)
    base_ref: str = ""
    head_repository: str = REPOSITORY
    run_id: int = 1001
    changed: tuple[str, ...] = ()
    private: bool = False

    @property
    def ref_name(self) -> str:
        """The branch, the tag, or the pull request as `1/merge`."""
        return self.ref.removeprefix("refs/").partition("/")[2]

    def github(self) -> dict[str, Any]:
        """Return the context `github`."""
        return {
            "actor": "somebody",
            "base_ref": self.base_ref,
            "event": self._payload(),
            "event_name": self.name,
            "ref": self.ref,
            "ref_name": self.ref_name,
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "repository": REPOSITORY,
            "run_attempt": "1",
            "run_id": str(self.run_id),
            "server_url": "https://github.com",
            "sha": self.sha,
            "token": TOKEN,
            "workflow": "a workflow",
        }

    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "repository": {"default_branch": "main", "private": self.private}
        }
        if self.name == "push":
            payload["head_commit"] = {
                "author": {"name": self.author},
                "committer": {"username": self.committer},
                "id": self.sha,
                "message": self.message,
            }
        if self.name == "pull_request":
            payload["pull_request"] = {"head": {"repo": {"full_name": self.head_repository}}}
        if self.name == "workflow_dispatch":
            payload["inputs"] = self.inputs
        return payload

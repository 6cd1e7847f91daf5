"""DVC's remote, as a place for files: beside DVC's own objects it keeps backups of trainings."""

import uuid
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo

from modelyard.errors import UserError
from modelyard.redaction import redacted


class Remote:
    """The default remote of this repository, reached as DVC reaches it.

    Attributes:
        name: in .dvc/config, such as storage.
        url: as .dvc/config names it, for people.
        fs: its file system (fsspec).
        path: its folder in that file system.

    Raises:
        UserError: there is no default remote, or DVC lacks the package for it.
    """

    def __init__(self) -> None:
        """Read DVC's configuration; nothing is asked of the remote yet."""
        try:
            repo = Repo()
            remote = repo.cloud.get_remote()
        except (DvcException, ImportError) as error:  # the latter without dvc[gs] and the like
            why = redacted(str(error))
            raise UserError(
                f".dvc/config: DVC's remote cannot be used: {why}; see `dvc remote list`."
            ) from None
        self.url: str = redacted(repo.config["remote"][remote.name]["url"])
        self.fs: Any = remote.fs.fs
        self.path: str = remote.path
        self.name: str = remote.name
        self._is_folder = remote.fs.protocol == "local"

    @property
    def elsewhere(self) -> bool:
        """Whether it is a folder of another machine: nothing can be fetched or kept there."""
        return self._is_folder and not Path(self.path).is_dir()

    @property
    def cure(self) -> str:
        """What to do where it is `elsewhere`, as a sentence."""
        command = f"`dvc remote modify {self.name} url"
        beside = Path(self.path).is_relative_to(Path.cwd().parent)  # .dvc/config says ../../NAME
        moved = f" If only this project was moved, {command} FOLDER` names it anew."
        return (
            f"DVC's remote is the folder {self.path} of another machine, which this one does not "
            f"have; use a bucket or a server ({command} gs://…`), then `dvc push` where the data "
            f"is.{moved if beside else ''}"
        )

    def check_access(self) -> None:
        """Write and remove a few bytes: a refusal after hours of training would be too late.

        Raises:
            UserError: naming the bucket and what the refusal was.
        """
        probe = f"{self.path}/checkpoints/access-{uuid.uuid4().hex}"
        try:
            if self._is_folder:
                Path(probe).parent.mkdir(exist_ok=True)
            self.fs.pipe_file(probe, b"access")
            self.fs.rm_file(probe)
        except Exception as error:
            reason = redacted(" ".join(str(error).split()))[:300] or type(error).__name__
            raise UserError(
                f".dvc/config: {self.url} cannot be written to from here ({reason}); create the "
                "bucket and give this machine's account storage.objectUser there "
                "(`modelyard cloud bootstrap` does), or name another with "
                "`dvc remote modify storage url …`."
            ) from None

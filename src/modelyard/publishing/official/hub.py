"""Files in a repository of the Hugging Face Hub, where every change is a commit."""

from pathlib import Path
from typing import Any

from modelyard.store_errors import status_of

ATTEMPTS = 8
TAKEN = 412  # somebody committed since the repository was looked at


def commit(fs: Any, path: str, file: Path, *, create: bool) -> None:
    """Commit a file; with `create` only while there is none of its name.

    `fs` is a HfFileSystem. The commit names the one before it, so that of several publishers who
    found nothing, one wins.

    Raises:
        FileExistsError: there is a file of that name.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    place, api = fs.resolve_path(path), HfApi(token=fs.token)
    where: dict[str, Any] = {"repo_id": place.repo_id, "repo_type": place.repo_type}
    for attempt in range(ATTEMPTS):
        before = api.repo_info(revision=place.revision, **where).sha
        if create and api.file_exists(filename=place.path_in_repo, revision=before, **where):
            raise FileExistsError(path)
        try:
            api.upload_file(
                path_or_fileobj=file,
                path_in_repo=place.path_in_repo,
                revision=place.revision,
                commit_message=f"Publish {place.path_in_repo}",
                parent_commit=before,
                **where,
            )
        except HfHubHTTPError as error:
            if status_of(error) != TAKEN or attempt == ATTEMPTS - 1:
                raise
        else:
            return

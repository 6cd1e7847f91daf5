"""The bucket of DVC's remote, and who may use it."""

import json
from typing import Any

from . import accounts
from .console import Console
from .options import Options

BUCKETS = ("gcloud", "storage", "buckets")
# Both hold `storage.objects.list`, which is all that DVC asks of the bucket itself.
# https://cloud.google.com/storage/docs/access-control/iam-roles
READS, WRITES = "roles/storage.objectViewer", "roles/storage.objectUser"
CHECKPOINTS = "dvc/checkpoints/"
# Backups of trainings that nobody continued.
LIFECYCLE = {
    "rule": [
        {"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefix": [CHECKPOINTS]}}
    ]
}


def create(console: Console, options: Options) -> None:
    """Create the bucket, and let accounts and members use it; one that exists keeps its settings.

    Without soft delete: it would keep every overwritten checkpoint for seven more days, at the full
    price. https://cloud.google.com/storage/docs/soft-delete
    """
    url = f"gs://{options.bucket}"
    found = console.ask(*BUCKETS, "describe", url, console.of_project)
    if found is None:
        console.run(
            *BUCKETS, "create", url, f"--location={options.region}", "--soft-delete-duration=0",
            "--lifecycle-file=lifecycle.json", "--uniform-bucket-level-access",
            "--public-access-prevention", console.of_project,
            file=("lifecycle.json", json.dumps(LIFECYCLE)),
        )  # fmt: skip
    else:
        console.notes += _what_costs(url, found)
    of = f"serviceAccount:{{}}@{console.project}.iam.gserviceaccount.com".format
    _let_use(console, url, of(accounts.LAUNCHER), READS)
    for member in (of(accounts.RUNNER), *options.member):
        _let_use(console, url, member, WRITES)


def _let_use(console: Console, url: str, member: str, role: str) -> None:
    console.run(
        *BUCKETS, "add-iam-policy-binding", url, f"--member={member}", f"--role={role}",
        console.of_project,
    )  # fmt: skip


def _what_costs(url: str, found: Any) -> list[str]:
    """Return a sentence for every setting of a bucket that costs without need."""
    notes = []
    kept = (found.get("soft_delete_policy") or {}).get("retentionDurationSeconds", 0)
    if int(kept):
        notes.append(
            f"{url} keeps what is overwritten, such as every checkpoint, for {int(kept) // 86400} "
            f"more days at the full price; `{' '.join(BUCKETS)} update {url} --clear-soft-delete` "
            "ends that."
        )
    if CHECKPOINTS not in json.dumps(found.get("lifecycle_config")):
        notes.append(
            f"{url} never deletes backups of trainings that nobody continued; add this rule to its "
            f"lifecycle: {json.dumps(LIFECYCLE['rule'][0])}"
        )
    return notes

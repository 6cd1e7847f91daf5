"""The keyless sign-in: a workload identity pool with one provider for each repository.

https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
"""

import re
from typing import Any

from .console import Console, there
from .github import Repository

POOL = "github"
POOLS = ("gcloud", "iam", "workload-identity-pools")
ISSUER = "https://token.actions.githubusercontent.com"
# A subject has at most 127 bytes; GitHub's own `sub` holds the branch's name and can be longer.
# This one tells in Google's audit logs which run it was.
# https://cloud.google.com/iam/docs/workload-identity-federation#mapping
MAPPING = {
    "google.subject": '"repository:" + assertion.repository_id + ":run:" + assertion.run_id',
    "attribute.repository_id": "assertion.repository_id",
}
# What version 1.0 wrote.
BY_NAME_ALONE = re.compile(r"assertion\.repository == '([^']+)'")


def condition(repository: Repository) -> str:
    """Return which tokens are let in: IDs are never given twice, names can be."""
    return (
        f'assertion.repository_id == "{repository.id}"'
        f' && assertion.repository_owner_id == "{repository.owner_id}"'
        f' && assertion.repository == "{repository.name}"'
    )


def provider(repository: str) -> str:
    """Return the ID of a repository's provider: letters, digits and hyphens, at most 32."""
    start = re.sub("[^a-z0-9]", "-", repository.lower())[:22].removesuffix("-")
    return f"r-{start}-{_cksum(repository)}"


def principals(number: str) -> str:
    """Return how IAM names all who sign in through the pool, of a project by its number."""
    return (
        f"principalSet://iam.googleapis.com/projects/{number}/locations/global"
        f"/workloadIdentityPools/{POOL}"
    )


def resource(number: str, repository: str) -> str:
    """Return the provider's full name, which workflows sign in with."""
    pool = f"projects/{number}/locations/global/workloadIdentityPools/{POOL}"
    return f"{pool}/providers/{provider(repository)}"


def create_pool(console: Console) -> None:
    """Create the pool; what was deleted is kept for 30 days, and its name with it."""
    where = ("--location=global", console.of_project)
    found = console.ask(*POOLS, "describe", POOL, *where)
    if found is None:
        console.run(*POOLS, "create", POOL, *where, "--display-name=GitHub Actions")
    elif not there(found):
        console.run(*POOLS, "undelete", POOL, *where)


def create_provider(console: Console, repository: Repository) -> None:
    """Create the repository's provider, or give an older one today's mapping and condition."""
    name = provider(repository.name)
    providers = (*POOLS, "providers")
    inside = inside_pool(console)
    all_ = {
        _id(one): one for one in console.ask(*providers, "list", "--show-deleted", *inside) or []
    }
    found = all_.pop(name, None)
    mapping = ",".join(f"{key}={value}" for key, value in MAPPING.items())
    wanted = (f"--attribute-mapping={mapping}", f"--attribute-condition={condition(repository)}")
    if found is None:
        console.run(*providers, "create-oidc", name, *inside, f"--issuer-uri={ISSUER}", *wanted)
    elif not there(found):
        console.run(*providers, "undelete", name, *inside)
    if found and (found.get("attributeMapping"), found.get("attributeCondition")) != (
        MAPPING,
        condition(repository),
    ):
        console.run(*providers, "update-oidc", name, *inside, *wanted)
    for other in filter(there, all_.values()):
        _tell_of_name_alone(console, other)


def inside_pool(console: Console) -> tuple[str, ...]:
    """Return the options that name the pool."""
    return ("--location=global", f"--workload-identity-pool={POOL}", console.of_project)


def _tell_of_name_alone(console: Console, other: Any) -> None:
    """Note that another repository's provider is as version 1.0 made it."""
    found = BY_NAME_ALONE.fullmatch(other.get("attributeCondition", ""))
    if found:
        delete = " ".join((*POOLS, "providers", "delete", _id(other), *inside_pool(console)))
        console.notes.append(
            f"whoever owns the name {found[1]} may still sign in: run this command for that "
            f"repository, too, or, if it is gone, `{delete}`."
        )


def _id(found: Any) -> str:
    return str(found["name"].rpartition("/")[2])


def _cksum(text: str) -> str:
    """Return the first six characters of what `cksum` prints, with zeros for blanks.

    https://pubs.opengroup.org/onlinepubs/9699919799/utilities/cksum.html
    """
    content, crc = text.encode(), 0
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "little")
    for byte in content + length:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return f"{crc ^ 0xFFFFFFFF} {len(content)}"[:6].replace(" ", "0")

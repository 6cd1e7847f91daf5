"""A release deploys this repository's own pages; tests/test_own_workflows.py has stand-ins."""

from pathlib import Path

from own_repository import own_repository
from versions import VERSION


def test_a_release_deploys_the_pages_of_its_version(tmp_path: Path) -> None:
    repository = own_repository(tmp_path, site=None)
    results = repository.tag(f"v{VERSION}")
    assert results["docs"].result == "success", results["docs"].log
    key = f"v{VERSION.rpartition('.')[0]}"  # a patch replaces the pages of the version before
    pages = repository.origin("ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    assert {f"{key}/index.html", "stable/index.html", "index.html"} <= set(pages)
    assert f"{key}/reference/configuration/index.html" in pages
    assert f'"{key}"' in repository.origin("show", "gh-pages:versions.json")

"""Official models of installed packages are found from any folder, the project's own first."""

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import UserError
from modelyard.files import read_yaml, write_yaml
from modelyard.official import fetching
from modelyard.official.fetching import fetch_official
from modelyard.official.finding import find_official
from modelyard.official.places import OFFICIAL_MODELS

from .official import checkpoints, configure, publish, ready
from .test_installed_project import install
from .tiny import MODEL


@pytest.fixture(name="site")
def _site(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish the model, install a package that brings it, and go to another folder."""
    ready(workspace.parent / "bucket")
    assert publish() == 0
    site = workspace.parent / "site"
    bring(site, "leaf", workspace)
    (workspace.parent / "elsewhere").mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(workspace.parent / "elsewhere")
    return site


def bring(site: Path, name: str, project: Path) -> Path:
    """Lay out a package that was built of a project; return its folder of official models."""
    install(site, name)
    root = site / name / "project"
    root.mkdir()
    shutil.copy(project / "config.yaml", root)
    shutil.copytree(project / OFFICIAL_MODELS, root / OFFICIAL_MODELS)
    return root / OFFICIAL_MODELS


def test_it_is_fetched_from_the_buckets_that_the_package_names(
    site: Path, cache: Path, workspace: Path
) -> None:
    name = checkpoints(workspace.parent / "bucket")[0]
    for asked in ("tiny", "tiny@v1.0.0"):
        described = site / "leaf/project/official_models/tiny/predict_configuration.yaml"
        assert fetch_official(asked) == (cache / name, described)
    assert (cache / name).read_bytes() == (workspace / MODEL / "model.keras").read_bytes()
    assert list(Path().iterdir()) == []


@pytest.mark.usefixtures("site")
def test_a_package_has_the_version_that_it_was_built_with() -> None:
    with pytest.raises(UserError) as caught:
        fetch_official("tiny@v2.0.0")
    assert str(caught.value) == (
        "There is no tiny@v2.0.0 in the package leaf 1: a package has the version that was "
        "published when it was built, here v1.0.0; install another version of the package."
    )


def test_what_building_a_wheel_leaves_in_a_checkout_hides_no_package(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(site / "leaf-1.dist-info", "leaf.egg-info")
    Path("leaf.egg-info/METADATA").rename("leaf.egg-info/PKG-INFO")
    monkeypatch.syspath_prepend("")
    assert find_official("tiny").folder == site / "leaf/project/official_models/tiny"


def test_an_unknown_name_is_refused_with_those_of_all_places(site: Path) -> None:
    shutil.copytree(
        site / "leaf/project/official_models/tiny", OFFICIAL_MODELS / "mine", dirs_exist_ok=True
    )
    with pytest.raises(UserError, match=r"of that name \(did you mean 'tiny'\?\); .*: mine, tiny"):
        find_official("tinny")


def test_the_project_here_comes_first(site: Path, workspace: Path) -> None:
    shutil.copy(workspace / "config.yaml", ".")
    shutil.copytree(workspace / "models", "models")
    shutil.copytree(site / "leaf/project/official_models", OFFICIAL_MODELS)
    assert find_official("tiny").folder == OFFICIAL_MODELS / "tiny"


def test_of_several_packages_the_command_says_which(
    site: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(site, "digits", workspace)
    with pytest.raises(UserError, match="bring an official model tiny: digits, leaf; use the comm"):
        find_official("tiny")
    monkeypatch.setattr(sys, "argv", ["/usr/bin/leaf-predict"])
    assert find_official("tiny").place.package == "leaf"


def test_a_package_that_names_no_bucket_is_named(site: Path) -> None:
    settings = site / "leaf/project/config.yaml"
    configure(str(settings), publish={"buckets": [], "of a newer engine": 1})
    with pytest.raises(UserError) as caught:
        fetch_official("tiny")
    assert str(caught.value).startswith(f"The package leaf 1 names no bucket ({settings}: publish.")
    configure(str(settings), publish={"buckets": ["nowhere"]})
    with pytest.raises(UserError, match=r"config.yaml: publish.buckets\[0\] is 'nowhere': must"):
        fetch_official("tiny")


def test_a_description_that_was_changed_says_to_install_again(site: Path) -> None:
    path = site / "leaf/project/official_models/tiny/predict_configuration.yaml"
    write_yaml(path, read_yaml(path) | {"task": "tabular"})
    with pytest.raises(UserError, match=r"is not what was published .*; install the package again"):
        find_official("tiny")


@pytest.mark.usefixtures("site")
def test_of_several_processes_at_once_one_fetches_and_the_others_wait(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched, fetch = [], fetching._download

    def slowly(url: str, *arguments: Any) -> str | None:
        fetched.append(url)
        time.sleep(0.2)
        return fetch(url, *arguments)

    monkeypatch.setattr(fetching, "_download", slowly)
    with ThreadPoolExecutor(3) as pool:  # the lock is of files, and so of threads as of processes
        found = [*pool.map(fetch_official, ["tiny"] * 3)]
    assert len(set(found)) == len(fetched) == 1
    name = found[0][0].name
    waited = f"Waiting for another process that fetches {name}."
    assert set(capsys.readouterr().err.splitlines()) == {waited}
    assert [path.name for path in cache.glob("[!.]*")] == [name]

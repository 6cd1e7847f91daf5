"""A remote that is a folder of another machine is called that wherever its data is asked for."""

from pathlib import Path

import pytest
from support import run

from modelyard.errors import UserError
from modelyard.model_tests import data
from modelyard.pipeline import consistency, inputs
from modelyard.pipeline.remote import Remote

from .tracking import DVC, RAW, commit, write_repository

NAS = "/mnt/nas/nowhere/digits"
CURE = (
    f"DVC's remote is the folder {NAS} of another machine, which this one does not have; use a "
    "bucket or a server (`dvc remote modify storage url gs://…`), then `dvc push` where the data "
    "is."
)


@pytest.fixture(scope="session", name="origin")
def _origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_repository(tmp_path_factory.mktemp("elsewhere") / "origin")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        run(root, *DVC, "remote", "add", "--quiet", "--default", "storage", NAS)
        run(root, *DVC, "add", "--quiet", str(RAW))
        run(root, *DVC, "repro", "--quiet")
        commit()
    return root


@pytest.fixture
def clone(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone on a machine that lacks the folder; it is the working directory."""
    run(tmp_path, "git", "clone", "--quiet", str(origin), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setattr(data, "WORK", tmp_path / "work")
    (tmp_path / "work").mkdir()
    return tmp_path / "clone"


@pytest.mark.usefixtures("clone")
def test_fetching_inputs_names_the_folder_and_the_cure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert inputs.main([]) == 1
    assert capsys.readouterr().err == f"error: {RAW}.dvc cannot be fetched: {CURE}\n"
    assert inputs.main(["--out-of-reach"]) == 0
    assert capsys.readouterr().out == f"{CURE}\n"


@pytest.mark.usefixtures("clone")
def test_model_tests_name_the_folder_and_the_cure() -> None:
    with pytest.raises(UserError) as raised:
        data.prepare_data()
    assert str(raised.value) == f"The data cannot be fetched, so nothing was tested: {CURE}"


def test_a_folder_beside_the_project_may_have_been_left_behind(clone: Path) -> None:
    run(clone, *DVC, "remote", "modify", "storage", "url", "../store")
    assert str(inputs.out_of_reach()).endswith(
        "is. If only this project was moved, `dvc remote modify storage url FOLDER` names it anew."
    )


@pytest.mark.usefixtures("clone")
def test_consistency_says_why_it_does_not_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert consistency.main(["--remote"]) == 0
    said = capsys.readouterr().out
    assert f"Not checked: whether the artifacts can be fetched. {CURE}" in said


def test_what_is_here_or_can_be_had_is_not_out_of_reach(
    clone: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(clone, *DVC, "remote", "modify", "storage", "url", str(clone))
    assert inputs.out_of_reach() is None
    monkeypatch.setenv("FROM_FORK", "true")
    assert inputs.out_of_reach() == "a fork's pull request cannot fetch the data."
    run(clone, "git", "rm", "--quiet", f"{RAW}.dvc")
    assert inputs.out_of_reach() is None  # the example data is made anew
    monkeypatch.chdir(origin)
    assert inputs.out_of_reach() is None  # the data is here


@pytest.mark.usefixtures("clone")
def test_a_remote_that_cannot_be_used_is_left_to_who_uses_it() -> None:
    run(Path(), *DVC, "remote", "remove", "storage")
    assert inputs.out_of_reach() is None
    run(Path(), *DVC, "remote", "add", "--quiet", "--default", "storage", "oss://bucket/digits")
    assert inputs.out_of_reach() is None
    with pytest.raises(UserError, match="requires 'dvc-oss' to be installed; see `dvc remote"):
        Remote()


def test_outside_of_a_repository_nothing_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert inputs.out_of_reach() is None

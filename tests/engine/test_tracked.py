"""What neither DVC nor Git tracks is named, because a clone would lack it. Git and DVC are real."""

import shutil
from pathlib import Path

import pytest
from support import run

from modelyard import checking
from modelyard.files import read_yaml, write_yaml
from modelyard.pipeline import consistency
from modelyard.pipeline.definitions import UNKNOWN, Stage, holds, stages
from modelyard.pipeline.tracked import Tracked, untracked_root
from src.run import main

from .tiny import PROCESSED
from .tracking import DVC, RAW, commit, write_repository

LACKING = f"config.yaml: data.root is {RAW}, which is tracked neither by DVC nor by Git"


@pytest.fixture(scope="session")
def _repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_repository(tmp_path_factory.mktemp("tracked") / "project")


@pytest.fixture
def project(_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose pipeline only prepares; its raw data is tracked by nothing."""
    root = tmp_path / "project"
    shutil.copytree(_repository, root)
    monkeypatch.chdir(root)
    return root


def consistent(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what `modelyard consistency` says is wrong."""
    capsys.readouterr()
    code = consistency.main([])
    said = capsys.readouterr().err
    assert bool(code) == bool(said)
    return said


def track(file: str, path: str, **more: str) -> None:
    """Write a .dvc file as `dvc add` does."""
    write_yaml(Path(file), {**more, "outs": [{"md5": "0" * 32, "hash": "md5", "path": path}]})


def test_a_clone_of_data_that_nothing_tracks_is_inconsistent_although_dvc_finds_it_up_to_date(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, *DVC, "repro", "--quiet")
    commit()
    assert LACKING in consistent(capsys)
    clone = project.with_name("clone")
    run(project, "git", "clone", "--quiet", str(project), str(clone))
    assert "up to date" in run(clone, *DVC, "repro", "--allow-missing")
    monkeypatch.chdir(clone)
    said = consistent(capsys)
    assert said == (
        f"error: {LACKING}, and it is not here; run `dvc add {RAW}` where it is, then commit "
        f"{RAW}.dvc and `dvc push`.\n"
    )


def test_a_dvc_file_must_be_in_git_and_then_all_is_well_here_and_in_a_clone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, *DVC, "add", "--quiet", str(RAW))
    run(project, *DVC, "repro", "--quiet")
    commit()
    run(project, "git", "rm", "--quiet", "--cached", f"{RAW}.dvc", "dvc.lock")
    assert f"error: Git lacks {RAW}.dvc, dvc.lock: a clone would not know" in consistent(capsys)
    run(project, "git", "add", "--all")
    assert consistent(capsys) == ""
    clone = project.with_name("clone")
    run(project, "git", "clone", "--quiet", str(project), str(clone))
    monkeypatch.chdir(clone)
    assert consistent(capsys) == ""


def test_raw_data_that_was_changed_since_dvc_add_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, *DVC, "add", "--quiet", str(RAW))
    run(project, *DVC, "repro", "--quiet")
    commit()
    (project / RAW / "more.txt").write_text("more")
    assert f"{RAW}.dvc, prepare would run" in consistent(capsys)


def test_what_stages_depend_on_beside_raw_data_must_be_tracked_too(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = read_yaml(Path("dvc.yaml"))
    document["stages"]["prepare"]["deps"] += ["data/weights.bin", "notes.txt"]
    write_yaml(Path("dvc.yaml"), document)
    (project / "data/weights.bin").write_text("weights")
    (project / "notes.txt").write_text("notes")
    run(project, *DVC, "add", "--quiet", str(RAW))
    run(project, *DVC, "repro", "--quiet")
    commit()
    assert "Stages depend on data/weights.bin, tracked neither" in consistent(capsys)


@pytest.mark.usefixtures("project")
def test_check_warns_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert checking.main([]) == 0
    warned = f"warning: {LACKING}, so a clone would lack it; run `dvc add {RAW}`, then commit"
    assert capsys.readouterr().err.startswith(warned)
    track(f"{RAW}.dvc", RAW.name)
    assert checking.main([]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("project")
def test_prepare_warns_and_prepares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare"]) == 0
    assert f"warning: {LACKING}" in capsys.readouterr().err
    assert (PROCESSED / "manifest.json").is_file()


@pytest.mark.usefixtures("project")
def test_data_that_is_not_there_at_all_is_only_the_error_of_prepare(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.rmtree(RAW)
    assert main(["prepare"]) == 1
    assert "neither" not in capsys.readouterr().err


STAGES = {
    "a stage": {"cmd": "x", "outs": [str(RAW)]},
    "a stage with options": {"cmd": "x", "outs": [{str(RAW): {"persist": True}}]},
    "a stage elsewhere": {"cmd": "x", "wdir": "data", "outs": ["raw"]},
    "a stage with variables": {"cmd": "x", "outs": ["${data.root}"]},
    "several stages": {"foreach": ["a", "b"], "do": {"cmd": "x", "outs": ["data/raw/${item}"]}},
    "a matrix": {"matrix": {"x": ["raw"]}, "cmd": "x", "outs": ["data/${item.x}"]},
}


@pytest.mark.parametrize("case", STAGES)
@pytest.mark.usefixtures("project")
def test_what_a_stage_writes_is_tracked_and_what_only_dvc_can_resolve_accuses_nobody(
    case: str,
) -> None:
    document = read_yaml(Path("dvc.yaml"))
    document["stages"]["example"] = STAGES[case]
    write_yaml(Path("dvc.yaml"), document)
    assert untracked_root(RAW) is None


@pytest.mark.usefixtures("project")
def test_other_stages_cover_nothing() -> None:
    document = read_yaml(Path("dvc.yaml"))
    document["stages"]["other"] = {"foreach": ["a"], "do": {"outs": ["data/other/${item}"]}}
    write_yaml(Path("dvc.yaml"), document)
    assert LACKING in str(untracked_root(RAW))


FILES = {
    "beside it": (f"{RAW}.dvc", RAW.name, {}),
    "of the folder above": ("data/raw.dvc", "raw", {}),
    "from another folder": ("inputs/images.dvc", f"../{RAW}", {}),
    "with a working directory": ("images.dvc", RAW.name, {"wdir": "data/raw"}),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.usefixtures("project")
def test_a_dvc_file_tracks_the_folder(case: str) -> None:
    file, path, more = FILES[case]
    track(file, path, **more)
    assert untracked_root(RAW) is None
    shutil.rmtree(RAW)
    assert untracked_root(RAW) is None


def test_files_may_be_tracked_one_by_one_and_the_others_are_named(project: Path) -> None:
    images = sorted(path for path in RAW.rglob("*") if path.suffix != ".csv" and path.is_file())
    folder = images[0].parent
    (RAW / ".DS_Store").touch()
    if folder == RAW:
        for image in images[1:]:
            track(f"{image}.dvc", image.name)
    else:
        track(f"{folder}.dvc", folder.name)
        images = [RAW / "more.png"]
        images[0].touch()
    run(project, "git", "add", "--force", str(next(RAW.glob("*.csv"))))
    (RAW / "zz.png").touch()
    said = str(untracked_root(RAW))
    assert f"data.root is {RAW}, of which {images[0]} and 1 more files are tracked neither" in said
    assert f"`dvc add {images[0]}`" in said
    for image in (images[0], RAW / "zz.png"):
        track(f"{image}.dvc", image.name)
    assert untracked_root(RAW) is None


def test_small_data_may_be_in_git(project: Path) -> None:
    run(project, "git", "add", "--force", str(RAW))
    assert untracked_root(RAW) is None
    shutil.rmtree(RAW)
    assert untracked_root(RAW) is None


def test_a_submodule_is_tracked_and_not_looked_into(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit()
    other = project.with_name("other")
    run(project, "git", "clone", "--quiet", str(project), str(other))
    local = ("-c", "protocol.file.allow=always")
    run(
        project, "git", *local, "submodule", "--quiet", "add", "--force", str(other), "data/raw/own"
    )
    assert untracked_root(Path("data/raw/own")) is None
    assert untracked_root(Path("data/raw/own/images")) is None
    assert "data/raw/own/dvc.yaml" not in consistent(capsys)


def test_without_git_and_without_dvc_nothing_breaks(project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert LACKING in str(untracked_root(RAW))
    (project / "dvc.yaml").unlink()
    assert untracked_root(RAW) is None


@pytest.mark.parametrize("text", ["stages: [", "- a", "stages: {a: 1}", "stages: {a: {outs: 3}}"])
@pytest.mark.usefixtures("project")
def test_a_pipeline_that_cannot_be_read_accuses_nobody(text: str) -> None:
    Path("dvc.yaml").write_text(text)
    assert stages(Path("dvc.yaml"))[0].outs == [UNKNOWN]
    assert untracked_root(RAW) is None


@pytest.mark.usefixtures("project")
def test_imports_name_no_dependencies_here_and_nested_values_are_found() -> None:
    track("data/raw/other.dvc", "other", deps=[{"path": "circles", "repo": {"url": "x"}}])  # type: ignore[arg-type]
    assert stages(Path("data/raw/other.dvc")) == [
        Stage("data/raw/other.dvc", ["data/raw/other"], [])
    ]
    assert "circles" not in Tracked()
    assert "data/raw/other/a.png" in Tracked()
    assert holds("a b/[x]", "a b/[x]/y")
    assert not holds("a", "ab")

"""`modelyard promote` and `python -m ci.withdraw`: what becomes of the versions of a model."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.files import read_yaml
from modelyard.official.cache import cache_folder
from modelyard.official.fetching import fetch_official
from modelyard.official.lifecycle import load_lifecycle
from modelyard.official.listing import list_models
from modelyard.official.naming import in_zoo
from modelyard.official.places import OFFICIAL_MODELS, places
from modelyard.official.zoo import zoo_place
from modelyard.publishing import promote, withdraw

from .official import checkpoints, git, publish, ready
from .test_official_installed import bring
from .tiny import snapshot

WHY = "It takes stripes for dots."
GONE = "It takes stripes for dots"


@pytest.fixture(name="buckets")
def _buckets(workspace: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path]:
    """Return two buckets with v1.0.0 and v1.1.0 of the model."""
    buckets = workspace.parent / "near", workspace.parent / "far"
    for weights in ("good", "better"):
        ready(*buckets, weights=weights)
        assert publish() == 0
    capsys.readouterr()
    return buckets


def fetched(name: str) -> str:
    """Return the checkpoint that a name stands for, or why it is refused."""
    try:
        return fetch_official(name)[0].name
    except UserError as error:
        return str(error)


def test_a_stage_names_a_version_for_readers_in_git_and_in_gto(
    buckets: tuple[Path, Path],
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = git("show", "tiny@v1.0.0:official_models/tiny/config.yaml")
    assert "No version of tiny was promoted to production" in fetched("tiny@production")
    for version, stage in (
        ("v1.0.0", "production"),
        ("v1.1.0", "staging"),
        ("staging", "production"),
    ):
        assert promote.main([f"tiny@{version}", stage]) == 0
        assert fetched(f"tiny@{stage}") == fetched("tiny@v1.0.0" if version == "v1.0.0" else "tiny")
    said = capsys.readouterr().out
    assert "tiny@production is v1.1.0 now; it was v1.0.0.\nCommitted as " in said
    assert "; Tagged tiny#production#3; next: git push origin HEAD 'tiny#production#3'\n" in said
    assert promote.main(["tiny@v1.0.0", "production"]) == 0  # back again
    assert fetched("tiny@production") in first
    tags = git("tag", "--list", "tiny#*", "--format=%(refname:strip=2) %(*objectname)").split("\n")
    one, two = (git("rev-parse", f"tiny@{number}^{{commit}}") for number in ("v1.0.0", "v1.1.0"))
    assert tags == [
        f"tiny#production#1 {one}",
        f"tiny#production#3 {two}",
        f"tiny#production#4 {one}",
        f"tiny#staging#2 {two}",
    ]
    assert git("status", "--porcelain") == ""
    moves = read_yaml(OFFICIAL_MODELS / "tiny.lifecycle.yaml")["promoted"]
    assert [(one["stage"], one.get("before"), one["version"], one["who"]) for one in moves] == [
        ("production", None, "v1.0.0", "Ada"),
        ("staging", None, "v1.1.0", "Ada"),
        ("production", "v1.0.0", "v1.1.0", "Ada"),
        ("production", "v1.1.0", "v1.0.0", "Ada"),
    ]
    assert [(one.version, one.state) for one in list_models(places()[0], "tiny")] == [
        ("v1.1.0", ["here", "staging"]),
        ("v1.0.0", ["production"]),
    ]
    capsys.readouterr()
    before = git("rev-parse", "HEAD")
    assert promote.main(["tiny@v1.0.0", "production"]) == 0
    assert capsys.readouterr().out == "tiny@production is v1.0.0 already.\n"
    git("tag", "--delete", "tiny#production#4")  # as a kill before the tag leaves it
    assert promote.main(["tiny@v1.0.0", "production"]) == 0
    assert "Tagged tiny#production#4" in capsys.readouterr().out
    assert git("rev-parse", "HEAD") == before
    ready(*buckets, weights="best")  # the record outlives another version
    assert publish() == 0
    assert fetched("tiny@production") in first
    site = workspace.parent / "site"
    bring(site, "leaf", workspace)  # a package carries what stages name
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(site)
    assert fetched("tiny@production") == fetched("tiny@v1.0.0") != fetched("tiny")
    assert fetched("tiny@production") in first


@pytest.mark.usefixtures("buckets")
def test_what_cannot_be_promoted_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(OFFICIAL_MODELS)
    for asked, said in {
        "tinny@v1.0.0": "no official model tinny (did you mean 'tiny'?); there are: tiny.",
        "tiny": "Say which version of tiny, such as tiny@v1.0.0; there are: v1.0.0, v1.1.0.",
        "tiny@v2.0.0": "No commit here published tiny@v2.0.0; there are: v1.0.0, v1.1.0.",
        "tiny@staging": "tiny@staging names no version, such as",
        "tiny@1.0.0": "did you mean tiny@v1.0.0?",
        "file:///zoo/tiny@v1.0.0": "is a model of a zoo; name one of this project",
    }.items():
        assert promote.main([asked, "production"]) == 1
        assert said in capsys.readouterr().err
    git("tag", "--delete", "tiny@v1.0.0")
    assert promote.main(["tiny@v1.0.0", "production"]) == 1
    assert "lacks the tag tiny@v1.0.0; `git fetch --tags`" in capsys.readouterr().err
    assert snapshot(OFFICIAL_MODELS) == before
    hook = Path(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho No commits on Mondays.\nexit 1\n")
    hook.chmod(0o755)
    assert promote.main(["tiny@v1.1.0", "production"]) == 1
    assert capsys.readouterr().err == (
        "error: official_models/tiny.lifecycle.yaml is written, but not committed: `git commit` "
        "says: No commits on Mondays; mend that, then the same command goes on.\n"
    )
    assert git("tag", "--list", "tiny#*") == ""
    hook.unlink()
    assert promote.main(["tiny@v1.1.0", "production"]) == 0
    assert "tiny@production is v1.1.0 now.\nCommitted as" in capsys.readouterr().out
    assert git("tag", "--list", "tiny#*") == "tiny#production#1"


def test_a_withdrawn_version_is_refused_with_why_and_what_to_use_instead(
    buckets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = buckets
    name = fetched("tiny@v1.0.0")
    assert promote.main(["tiny@v1.0.0", "production"]) == 0
    assert withdraw.main(["tiny@v1.0.0"]) == 1
    assert "say with --why TEXT why tiny@v1.0.0 is withdrawn" in capsys.readouterr().err
    far.rename(far.with_name("elsewhere"))
    far.write_text("not a folder")
    assert withdraw.main(["tiny@v1.0.0", "--why", f"  {WHY}\n"]) == 1
    captured = capsys.readouterr()
    assert f"tiny@v1.0.0 is withdrawn: {GONE}; readers are sent to tiny@v1.1.0." in captured.out
    assert "tiny@production still names it, which readers refuse now" in captured.out
    assert "next: git push origin HEAD 'tiny@v1.0.0!'" in captured.out
    assert captured.err.count("\n") == 1
    assert captured.err.startswith(f"error: file://{far}: ")
    assert captured.err.endswith("; the same command tries it again and skips the rest.\n")
    far.unlink()
    far.with_name("elsewhere").rename(far)
    assert withdraw.main(["tiny@v1.0.0"]) == 0  # goes on, for the reason that was given
    assert capsys.readouterr().out.count(f"wrote {Path(name).stem}/withdrawn.json.") == 1
    for bucket in buckets:
        told = json.loads((bucket / Path(name).stem / "withdrawn.json").read_text())
        assert (told["version"], told["why"], told["instead"]) == ("v1.0.0", WHY, "v1.1.0")
        assert "who" not in told
        assert (bucket / name).is_file()
    today = load_lifecycle(OFFICIAL_MODELS, "tiny").withdrawn[0].when[:10]
    sentence = f"tiny@v1.0.0 was withdrawn on {today}: {GONE}; use tiny@v1.1.0."
    assert fetched("tiny@v1.0.0") == fetched("tiny@production") == sentence
    assert promote.main(["tiny@v1.0.0", "staging"]) == 1
    assert "tiny@v1.0.0 was withdrawn: It takes" in capsys.readouterr().err
    assert list_models(places()[0], "tiny")[1].state == [f"withdrawn: {WHY}"]
    ready(*buckets, weights="good")
    assert publish("--force") == 1
    assert "tiny@v1.0.0 was withdrawn" in capsys.readouterr().err

    zoo = f"file://{near}"  # whose index says it to those who have no record
    assert list_models(zoo_place(zoo), "tiny")[1].state == [f"withdrawn: {WHY}"]
    with pytest.raises(UserError, match=f": {GONE}; use tiny@v1.1.0"):
        fetch_official(in_zoo("tiny@v1.0.0", zoo))
    assert withdraw.main(["tiny@v1.0.0", "--delete-weights"]) == 0
    assert [one.version for one in list_models(zoo_place(zoo), "tiny")] == ["v1.1.0"]
    assert f"removed {name}." in capsys.readouterr().out
    assert name not in {*checkpoints(near), *checkpoints(far)}
    assert withdraw.main(["tiny@v1.1.0", "--why", "Stolen data."]) == 0
    assert fetched("tiny").endswith(": Stolen data; no other version is known here.")
    assert git("tag", "--list", "*!").split() == ["tiny@v1.0.0!", "tiny@v1.1.0!"]
    assert publish("--dry-run", "tiny") == 1


def test_a_reader_with_an_older_record_learns_it_from_the_bucket(
    buckets: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fetched("tiny@v1.0.0")
    old = git("rev-parse", "HEAD")
    assert withdraw.main(["tiny@v1.0.0", "--why", WHY]) == 0
    git("checkout", "--quiet", old)
    assert fetched("tiny@v1.0.0") == name  # asked less than a day ago
    mark = cache_folder() / f".{Path(name).stem}.asked"
    os.utime(mark, (time.time() - 90_000,) * 2)
    for _ in range(2):
        assert f": {GONE}; use tiny@v1.1.0." in fetched("tiny@v1.0.0")
        monkeypatch.setattr("modelyard.official.tombstones._fresh", lambda _: False)
        shutil.rmtree(buckets[0], ignore_errors=True)
        buckets[0].write_text("not a folder")  # the last answer counts
    buckets[0].unlink()
    (cache_folder() / name).unlink()
    mark.unlink()
    assert f": {GONE}; use tiny@v1.1.0." in fetched("tiny@v1.0.0")  # what it would be fetched from
    (buckets[1] / Path(name).stem / "withdrawn.json").write_text("{")
    mark.unlink()
    assert "was withdrawn, but cannot be read" in fetched("tiny@v1.0.0")

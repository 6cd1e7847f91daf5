"""The engine's wheel goes where the team's goes: by the same rules, and never with it away."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.files import sha256
from modelyard.publishing import publish, unpublish
from modelyard.publishing.packages.wheel import engine_wheel

from .packaged import ENGINE, ENGINE_SOURCE, NAME, VERSION, fake_build, fake_wheel
from .servers import Index, Server, serve

VENDOR = Path("vendor", ENGINE)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Index()) as served:
        yield served


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """A project that publishes to a folder and to an index."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(publish, "build", lambda: fake_build(Path("dist"), fake_wheel()))
    root = tmp_path / "project"
    (root / "vendor").mkdir(parents=True)
    monkeypatch.chdir(root)
    Path("environments.yaml").write_text(
        "folder: {host: 'file://..', path: packages}\n"
        f"index: {{host: '{server.address.replace('http', 'pypi+http')}'}}\n"
    )
    Path("pyproject.toml").write_text(ENGINE_SOURCE)
    VENDOR.write_bytes(engine_content())


def engine_content(summary: str = "the engine") -> bytes:
    return fake_wheel(summary, "modelyard", "1.0.0")


def published(server: Server) -> dict[str, bytes]:
    """Return every wheel that is published, by where it is."""
    folder = {path.as_posix(): path.read_bytes() for path in Path("../packages").rglob("*.whl")}
    return folder | server.files


def places(*names: str) -> set[str]:
    """Return where wheels are when both environments have them."""
    found = set()
    for name in names:
        package, version, _ = name.split("-", 2)
        found |= {f"/files/{name}", f"../packages/{package}/{version}/{name}"}
    return found


TEAM = f"tiny_models-{VERSION}-py3-none-any.whl"


def test_both_wheels_reach_a_folder_and_an_index_and_are_skipped_the_next_time(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish.main([]) == 0
    there = published(server)
    assert there.keys() == places(ENGINE, TEAM)
    assert {there[place] for place in places(ENGINE)} == {engine_content()}
    said = capsys.readouterr().out
    assert "Published to folder: version 1.0.0 of modelyard.\n" in said
    assert said.count("│ published") == 2  # one row per environment, of the team's package
    uploads = server.methods.count("POST")
    assert publish.main([]) == 0
    said = capsys.readouterr().out
    for name in ("folder", "index"):
        assert f"Skipping {name}: version 1.0.0 of modelyard is already present.\n" in said
        assert f"Skipping {name}: version {VERSION} is already present.\n" in said
    assert server.methods.count("POST") == uploads
    assert published(server) == there


def test_an_engine_that_another_project_published_is_not_sent_again(server: Server) -> None:
    assert publish.main([]) == 0
    assert unpublish.main(["--package", NAME, "--version", VERSION]) == 0
    uploads = server.methods.count("POST")
    assert publish.main([]) == 0
    assert server.methods.count("POST") == uploads + 1
    assert published(server).keys() == places(ENGINE, TEAM)


def test_the_engine_is_there_before_the_package_that_needs_it(server: Server) -> None:
    server.next = [None, None, None, (403, b"", {})]  # the upload of the team's
    assert publish.main(["--env", "index"]) == 1
    assert server.files.keys() == {f"/files/{ENGINE}"}


def test_an_engine_with_other_content_fails_there_and_the_package_is_not_sent(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    other = engine_content("somebody's own")
    server.files[f"/files/{ENGINE}"] = other
    assert publish.main([]) == 1
    assert published(server).keys() == places(ENGINE) | {f"../packages/tiny_models/1.2.0/{TEAM}"}
    assert server.files[f"/files/{ENGINE}"] == other
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: index: version 1.0.0 of modelyard is there with other content")
    assert f"put the released file at {VENDOR}" in line
    assert "`python -m ci.unpublish --package modelyard --version 1.0.0`" in line


def test_half_of_an_engine_that_somebody_else_is_sending_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    assert publish.main(["--env", "folder"]) == 0
    there = Path("../packages/modelyard/1.0.0", ENGINE)
    there.write_bytes(engine_content()[:50])
    monkeypatch.setattr("time.sleep", lambda _: there.write_bytes(engine_content()))
    assert publish.main(["--env", "folder"]) == 0
    assert published(server).keys() == {path for path in places(ENGINE, TEAM) if ".." in path}


def test_taking_the_package_back_leaves_the_engine(server: Server) -> None:
    assert publish.main([]) == 0
    assert unpublish.main(["--package", NAME, "--version", VERSION]) == 0
    assert published(server).keys() == places(ENGINE)
    assert Path("../packages/modelyard/1.0.0/package.json").is_file()
    assert unpublish.main(["--package", "modelyard", "--version", "1.0.0"]) == 0
    assert published(server) == {}


@pytest.mark.parametrize(
    "pyproject",
    [
        "",
        '[tool.uv.sources]\nmodelyard = { index = "ours" }\n',
        '[tool.uv.sources]\nmodelyard = { path = "../modelyard", editable = true }\n',
    ],
    ids=["an index that is set up elsewhere", "an index of one's own", "an editable engine"],
)
def test_an_engine_that_does_not_come_from_vendor_is_not_sent(
    pyproject: str, server: Server
) -> None:
    Path("pyproject.toml").write_text(pyproject)
    assert publish.main([]) == 0
    assert published(server).keys() == places(TEAM)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("vendor/gone-1.0.0-py3-none-any.whl", "which does not exist; `git checkout vendor/gone"),
        ("vendor/modelyard-1.0-py3-none-any.whl", "whose version is '1.0'; write MAJOR.MINOR"),
        ("vendor/modelyard-1.0.0-cp311-none-any.whl", f"cp311-none-any.whl; write {ENGINE}."),
    ],
)
def test_a_wheel_that_cannot_be_the_engine_s_is_named_and_nothing_is_sent(
    named: str, said: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pyproject.toml").write_text(ENGINE_SOURCE.replace(str(VENDOR), named))
    if "gone" not in named:
        Path(named).write_bytes(engine_content())
    assert publish.main([]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: pyproject.toml: tool.uv.sources.modelyard.path is {named}")
    assert said in line
    assert published(server) == {}


def test_the_wheel_of_a_new_project_is_the_one_that_its_pyproject_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from .conftest import ROOT

    monkeypatch.chdir(ROOT)
    engine = engine_wheel()
    assert engine is not None
    assert engine.sha256 == sha256(ROOT / engine.wheel)
    with zipfile.ZipFile(engine.wheel) as file:
        metadata = file.read(f"modelyard-{engine.version}.dist-info/METADATA").decode()
    assert f"\nVersion: {engine.version}\n" in metadata


def test_without_a_project_it_says_where_to_run() -> None:
    Path("pyproject.toml").unlink()
    with pytest.raises(UserError, match="run this in the project's root"):
        engine_wheel()

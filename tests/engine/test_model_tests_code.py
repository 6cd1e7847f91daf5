"""What was published is installed anew, with the engine from the same environment."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.files import sha256
from modelyard.model_tests.code import Code, code_of, remove_installed
from modelyard.model_tests.logs import shown
from modelyard.publishing.environments import load_environments
from modelyard.publishing.packages import store_for
from modelyard.publishing.packages.wheel import Wheel, engine_wheel

from .packaged import ENGINE, ENGINE_SOURCE, NAME, PYPROJECT, VERSION, real_wheel
from .servers import Index, Server, serve

ENVIRONMENTS = ("folder", "index")
NEEDED = "Requires-Dist: modelyard[train]>=1.0,<2"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Index()) as served:
        yield served


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """A project with an engine in vendor/; what an installer finds, it was given."""
    for name in ("PIP_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    root = tmp_path / "project"
    (root / ".model_tests").mkdir(parents=True)
    monkeypatch.chdir(root)
    Path("environments.yaml").write_text(
        "folder: {host: 'file://..', path: packages}\n"
        f"index: {{host: '{server.address.replace('http', 'pypi+http')}'}}\n"
    )
    Path("pyproject.toml").write_text(f"{PYPROJECT}\n{ENGINE_SOURCE}")
    real_wheel(Path("vendor"), "modelyard", "1.0.0", "Provides-Extra: train")


def publish(env: str, *wheels: Wheel) -> None:
    store = store_for(load_environments()[env])
    for wheel in wheels:
        store.publish(wheel)


def engine() -> Wheel:
    found = engine_wheel()
    assert found is not None
    return found


def team(*metadata: str) -> Wheel:
    file = real_wheel(Path("dist"), NAME, VERSION, *metadata)
    return Wheel(file, NAME, VERSION, sha256(file))


def installed(code: Code, name: str) -> Path | None:
    """Return where the environment has a package, None if it has it not."""
    show = f"import importlib.util as i; s = i.find_spec({name!r}); print(s.origin if s else '')"
    command = [str(code.python), "-c", show]
    done = subprocess.run(command, env=code.variables, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) if done.stdout.strip() else None


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_package_and_its_engine_come_from_the_same_environment(
    env: str, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(env, engine(), team(NEEDED))
    Path("vendor", ENGINE).write_bytes(b"a change that nobody published")
    with shown("info"):
        code = code_of(env)
    assert code.package == "tiny_models"
    for name in ("modelyard", "tiny_models"):
        found = installed(code, name)
        assert found is not None
        assert found.is_relative_to(code.folder)
    assert f"{env}: installing tiny_models-1.2.0-py3-none-any.whl, {ENGINE} …" in (
        capfd.readouterr().out
    )
    remove_installed()
    assert not code.folder.exists()


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_an_engine_that_is_not_there_is_named_with_what_publishes_it(env: str) -> None:
    publish(env, team(NEEDED))
    with pytest.raises(UserError, match=r"version 1\.0\.0 of modelyard is not there;") as said:
        code_of(env)
    assert f"`python -m ci.publish --env {env}`" in str(said.value)


def test_without_vendor_the_installer_finds_the_engine_by_itself() -> None:
    Path("pyproject.toml").write_text(PYPROJECT)
    publish("folder", team())
    code = code_of("folder")
    assert installed(code, "tiny_models") is not None
    assert installed(code, "modelyard") is None  # nothing has asked for one
    publish_again = team(NEEDED)
    store_for(load_environments()["folder"]).remove(NAME, VERSION)
    publish("folder", publish_again)
    with pytest.raises(UserError, match=r"(?s)cannot be installed into a new.*modelyard"):
        code_of("folder")

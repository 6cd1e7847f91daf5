"""Every environment is served, whatever becomes of the others, and nobody is told otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.errors import UserError
from modelyard.publishing import publish, unpublish
from modelyard.publishing.packages.build import Build

from .packaged import NAME, VERSION, WHEEL, fake_build

ENVIRONMENTS = """
dog: {host: 'file://..', path: dog}
dogfood: {host: 'file://..', path: dogfood}
web: {host: 'https://files.example.com', path: x, token: '${STORE_TOKEN}'}
"""
FOLDERS = ["--env", "dog", "--env", "dogfood"]
Task = Callable[..., publish.EnvironmentOutcome]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.delenv("STORE_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    Path("environments.yaml").write_text(ENVIRONMENTS)
    Path("pyproject.toml").touch()  # the engine comes from elsewhere
    builds(monkeypatch, b"a wheel")


def builds(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    def build() -> Build:
        return fake_build(Path("dist"), content)

    monkeypatch.setattr(publish, "build", build)


def wheel(environment: str) -> Path:
    return Path("..", environment, "tiny_models", VERSION, WHEEL)


def take_back(*arguments: str, package: str = NAME, version: str = VERSION) -> int:
    return unpublish.main(["--package", package, "--version", version, *arguments])


def rows(printed: str) -> dict[str, str]:
    """Return the results by environment, as the table shows them."""
    cells = [line.split("│")[1:-1] for line in printed.splitlines() if line.startswith("│")]
    return {name.strip(): result.strip() for name, result, _ in cells}


def test_published_present_taken_back_absent_and_published_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        assert publish.main(FOLDERS) == 0
        assert rows(capsys.readouterr().out) == {"dog": "published", "dogfood": "published"}
        assert publish.main(FOLDERS) == 0
        printed = capsys.readouterr().out
        assert rows(printed) == {"dog": "already present", "dogfood": "already present"}
        assert "Skipping dog: version 1.2.0 is already present.\n" in printed
        assert take_back(*FOLDERS) == 0
        assert rows(capsys.readouterr().out) == {"dog": "removed", "dogfood": "removed"}
        assert not Path("../dog/tiny_models").exists()


def test_only_the_environments_named_are_touched() -> None:
    assert publish.main(["--env", "dog"]) == 0
    assert wheel("dog").is_file()
    assert not wheel("dogfood").exists()


def test_other_content_of_the_same_version_is_an_error_where_it_is_and_published_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish.main(["--env", "dog"])
    builds(monkeypatch, b"other")
    capsys.readouterr()
    assert publish.main(FOLDERS) == 1
    captured = capsys.readouterr()
    assert rows(captured.out) == {"dog": "failed", "dogfood": "published"}
    assert "error: dog: version 1.2.0 is there with other content (SHA-256 " in captured.err
    assert "raise project.version in pyproject.toml, commit and publish again." in captured.err
    assert wheel("dog").read_bytes() == b"a wheel"


@pytest.mark.parametrize("error", [UserError("dog: refused."), RuntimeError("a bug"), KeyError()])
def test_one_that_fails_does_not_stop_the_others_and_the_command_fails(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "_publish", failing(publish._publish, error))
    assert publish.main(FOLDERS) == 1
    captured = capsys.readouterr()
    assert rows(captured.out) == {"dog": "failed", "dogfood": "published"}
    assert captured.err.startswith("error: dog: ")
    assert len(captured.err.splitlines()) == 1


def failing(task: Task, error: Exception) -> Task:
    def fail(name: str, *arguments: object) -> publish.EnvironmentOutcome:
        if name == "dog":
            raise error
        return task(name, *arguments)

    return fail


def test_nothing_is_built_or_sent_while_a_token_is_missing_or_an_environment_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "build", pytest.fail)
    assert publish.main([]) == 1
    assert "the environment variable STORE_TOKEN is not set" in capsys.readouterr().err
    assert publish.main(["--env", "dog", "--env", "cat"]) == 1
    assert "known environments: dog, dogfood, web." in capsys.readouterr().err
    assert not Path("../dog").exists()


def test_every_missing_token_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    more = "more: {host: 'pypi+https://packages.example.com', token: '${INDEX_TOKEN}'}\n"
    Path("environments.yaml").write_text(ENVIRONMENTS + more)
    assert publish.main([]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in said] == ["web.token", "more.token"]


def test_a_version_that_some_environments_lack_is_removed_from_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish.main(["--env", "dogfood"])
    capsys.readouterr()
    assert take_back(*FOLDERS, package="Tiny.Models") == 0
    assert rows(capsys.readouterr().out) == {"dog": "was not there", "dogfood": "removed"}


def test_a_version_that_is_nowhere_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    publish.main(FOLDERS)
    capsys.readouterr()
    assert take_back(*FOLDERS, version="1.2.1") == 1
    captured = capsys.readouterr()
    assert rows(captured.out) == {"dog": "was not there", "dogfood": "was not there"}
    assert "error: Version 1.2.1 of tiny-models is in none of these environments: dog, dogfood" in (
        captured.err
    )
    assert wheel("dog").is_file()


def test_a_failed_removal_is_an_error_and_the_others_are_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish.main(["--env", "dogfood"])
    Path("../dog").write_text("no folder")
    capsys.readouterr()
    assert take_back(*FOLDERS) == 1
    captured = capsys.readouterr()
    assert rows(captured.out) == {"dog": "failed", "dogfood": "removed"}
    assert "error: dog: ../dog cannot be used: " in captured.err
    assert not wheel("dogfood").exists()


@pytest.mark.parametrize(
    ("package", "version", "message"),
    [
        (
            "../up",
            VERSION,
            "command line: --package is '../up', which is not the name of a package",
        ),
        (NAME, "../up", "command line: --version is '../up'; write MAJOR.MINOR.PATCH"),
        (NAME, "1.2", "command line: --version is '1.2'; write MAJOR.MINOR.PATCH"),
    ],
)
def test_a_package_or_version_that_cannot_be_one_is_refused(
    package: str, version: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take_back(package=package, version=version) == 1
    assert message in capsys.readouterr().err


def test_neither_command_loads_tensorflow(python: Callable[..., object]) -> None:
    code = "import sys, ci.publish, ci.unpublish; print([n for n in HEAVY if n in sys.modules])"
    heavy = "HEAVY = 'tensorflow', 'keras', 'requests', 'fsspec', 'twine', 'build', 'rich'\n"
    done = python("-c", f"{heavy}{code}")
    assert (done.returncode, done.stdout.strip()) == (0, "[]")  # type: ignore[attr-defined]

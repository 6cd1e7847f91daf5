"""`sh setup.sh` with the real uv, offline; the project's packages are wheels of small files."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support import ROOT, TEMPLATE, run

from modelyard.doctor import installed
from modelyard.doctor.command import look
from modelyard.doctor.finding import Finding, State
from modelyard.doctor.situation import Situation
from modelyard.pipeline.environment import broken

WHEEL = "vendor/hello-1.0-py3-none-any.whl"
ENGINE = "vendor/modelyard-1.0-py3-none-any.whl"  # the project does not need it, setup.sh does
ASKED = ("__init__.py", "pipeline/__init__.py", "pipeline/environment.py")
PYPROJECT = f"""
[project]
name = "project"
version = "0"
requires-python = ">=3.11"
dependencies = ["hello"]
[project.optional-dependencies]
gpu = ["hello"]
[tool.uv.sources]
hello = {{ path = "{WHEEL}" }}
[tool.uv]
package = false
"""
CONTENTS = {
    "hello.py": "import sys\ndef main():\n    print(sys.prefix)\n",
    "hello-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
    "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "hello-1.0.dist-info/entry_points.txt": "[console_scripts]\nhello = hello:main\n",
}
NEW = "Setting up .venv"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that is set up, with an option; its path has what shells dislike."""
    root = tmp_path / "projet d'été [v1] $x"
    (root / "vendor").mkdir(parents=True)
    shutil.copy(TEMPLATE / "setup.sh", root)
    (root / "requirements.txt").touch()
    (root / "pyproject.toml").write_text(PYPROJECT)
    record = "".join(f"{name},,{len(text)}\n" for name, text in CONTENTS.items())
    write_wheel(root / WHEEL, CONTENTS | {"hello-1.0.dist-info/RECORD": record})
    engine = {name: (ROOT / "src/modelyard" / name).read_text("utf-8") for name in ASKED}
    write_wheel(root / ENGINE, {f"modelyard/{name}": text for name, text in engine.items()})
    assert NEW in set_up(root, "--extra", "gpu")
    assert set_up(root) == ""
    return root


def write_wheel(path: Path, contents: Mapping[str, str]) -> None:
    """Write a wheel: its files, RECORD last."""
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in contents.items():
            wheel.writestr(name, text)


def variables() -> dict[str, str]:
    """Return what setup.sh needs to work offline."""
    return {"PATH": f"{os.environ['PATH']}{os.pathsep}{ROOT / '.uv/bin'}", "UV_OFFLINE": "1"}


def set_up(root: Path, *options: str) -> str:
    """Run setup.sh offline; return what it says."""
    return run(root, "sh", "setup.sh", *options, check=True, **variables())


def check(root: Path) -> None:
    """Check that programs run in the project's own environment, and that nothing is left to do."""
    assert run(root, ".venv/bin/hello").strip() == str(root / ".venv")
    activated = '. .venv/bin/activate && echo "$VIRTUAL_ENV" && command -v hello'
    assert run(root, "sh", "-c", activated).split("\n")[:2] == [
        str(root / ".venv"),
        str(root / ".venv/bin/hello"),
    ]
    assert stamp(root)[:2] == ["--extra gpu", str(root)]
    assert list(broken(root / ".venv")) == []
    assert set_up(root) == ""


def stamp(root: Path) -> list[str]:
    """Return the lines that setup.sh has left."""
    return (root / ".venv/.set-up").read_text().splitlines()


def test_a_moved_project_makes_its_environment_anew_and_says_so_in_a_line(
    project: Path, tmp_path: Path
) -> None:
    moved = project.rename(tmp_path / "moved")
    assert set_up(moved) == f"This project was in {project} before: making .venv anew …\n"
    check(moved)
    set_up(moved.rename(project))
    check(project)


def test_a_copy_has_an_environment_of_its_own_and_leaves_the_first_one_alone(
    project: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    run(tmp_path, "cp", "-r", str(project), str(copy))
    assert "making .venv anew" in set_up(copy)
    check(copy)
    check(project)


@pytest.mark.parametrize("left", ["--extra gpu\n", None], ids=["an old stamp", "no stamp"])
def test_without_the_folder_in_the_stamp_the_environment_itself_tells(
    project: Path, tmp_path: Path, left: str | None
) -> None:
    plain = project.rename(tmp_path / "plain")
    set_up(plain)
    stamp = plain / ".venv/.set-up"
    for _ in range(2):
        if left is None:
            stamp.unlink()
            assert set_up(plain, "--extra", "gpu") == f"{NEW} …\n"
        else:
            stamp.write_text(left)
            assert set_up(plain) == f"{NEW} …\n"
    if left is None:
        stamp.unlink()
    else:
        stamp.write_text(left)
    moved = plain.rename(tmp_path / "moved")
    options = () if left else ("--extra", "gpu")
    assert "was in another folder before: making .venv anew" in set_up(moved, *options)
    check(moved)


def test_an_interrupted_set_up_of_a_moved_project_is_done_again_with_its_options(
    project: Path, tmp_path: Path
) -> None:
    moved = project.rename(tmp_path / "moved")
    wheel = moved / WHEEL
    content = wheel.read_bytes()
    wheel.unlink()
    said = run(moved, "sh", "setup.sh", check=False, **variables())
    assert "making .venv anew" in said
    wheel.write_bytes(content)
    assert "making .venv anew" in set_up(moved)
    check(moved)


def test_a_link_to_an_environment_elsewhere_stays(project: Path, tmp_path: Path) -> None:
    environment = (project / ".venv").rename(tmp_path / "environment")
    (project / ".venv").symlink_to(environment)
    moved = project.rename(tmp_path / "moved")
    assert set_up(moved) == ""
    assert (moved / ".venv").is_symlink()


def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    python = project / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert NEW in set_up(project)
    check(project)


def test_a_set_up_that_fails_says_so_and_is_no_move(project: Path) -> None:
    shutil.rmtree(project / ".venv")
    (project / ".python-version").write_text("3.99\n")
    for _ in range(2):
        said = run(project, "sh", "setup.sh", check=False, **variables())
        assert said.startswith(f"{NEW} …\n")
        assert "error: .venv is not ready; uv says above why." in said
    (project / ".python-version").unlink()
    set_up(project, "--extra", "gpu")
    check(project)


def lose_a_file(project: Path) -> None:
    next(project.glob(".venv/lib/python*/site-packages/hello.py")).unlink()


def install_another_version(project: Path) -> None:
    (info,) = project.glob(".venv/lib/python*/site-packages/hello-1.0.dist-info")
    other = info.rename(info.with_name("hello-0.9.dist-info"))
    record = (other / "RECORD").read_text().replace(info.name, other.name)
    (other / "RECORD").write_text(record)


def lose_python(project: Path) -> None:
    (project / ".venv/bin/python").unlink()


def test_the_commands_of_the_doctor_mend_the_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    for harm in (lose_a_file, install_another_version, lose_python):
        harm(project)
        (wrong,) = (one for one in doctors_findings() if one.mend)
        assert wrong.mend.endswith("sh setup.sh --extra gpu")
        run(project, "sh", "-c", wrong.mend, check=True, **variables())
        assert {one.state for one in doctors_findings()} == {State.OK}
        check(project)


def doctors_findings() -> list[Finding]:
    """Return what the doctor says of the environment in the working directory."""
    situation = Situation(network=False)
    return [*look(installed.environment, situation), *look(installed.packages, situation)]


def edit(file: str, more: str) -> Callable[[Path], object]:
    """Return a function that adds to a file of a project and dates it back by a year."""

    def edit(project: Path) -> None:
        with (project / file).open("a") as opened:
            opened.write(more)
        os.utime(project / file, (time.time() - 3e7,) * 2)

    return edit


def update_the_engine(project: Path) -> None:
    (project / ENGINE).rename(project / ENGINE.replace("1.0", "1.1"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "requirements.txt": edit("requirements.txt", "hello\n"),
    "pyproject.toml": edit("pyproject.toml", "# changed\n"),
    "uv.lock": edit("uv.lock", "# changed\n"),
    "a Python pinned": edit(".python-version", f"{sys.version_info[0]}.{sys.version_info[1]}\n"),
    "the engine": update_the_engine,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_counts_not_when_even_after_the_clock_was_set_back(
    change: str, project: Path
) -> None:
    os.utime(project / ".venv/.set-up", (2**32, 2**32))
    CHANGES[change](project)
    assert set_up(project) == f"{NEW} …\n"
    check(project)


def test_files_that_are_newer_but_equal_change_nothing(project: Path) -> None:
    for file in ("requirements.txt", "pyproject.toml", "uv.lock", WHEEL):
        os.utime(project / file, (2**32, 2**32))
    assert set_up(project) == ""


SITE = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
INFO = f"{SITE}/hello-1.0.dist-info"


def empty(venv: Path) -> None:
    """Leave the folder and the stamp, as `uv venv` finds them that begins."""
    for name in ("bin", "lib"):
        shutil.rmtree(venv / name)


def shorten(path: Path) -> int:
    """Cut a file short; it is not to be cut in uv's cache too, which may hold the same file."""
    text = path.read_bytes()
    path.unlink()
    return path.write_bytes(text[:5])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a module": lambda venv: (venv / SITE / "hello.py").unlink(),
    "half a module": lambda venv: shorten(venv / SITE / "hello.py"),
    "a program": lambda venv: (venv / "bin/hello").unlink(),
    "RECORD": lambda venv: (venv / INFO / "RECORD").unlink(),
    "METADATA": lambda venv: (venv / INFO / "METADATA").unlink(),
    "RECORD as in the wheel, before the programs are made": lambda venv: (
        venv / INFO / "RECORD"
    ).write_text("hello.py,,\n"),
    "all of the description": lambda venv: shutil.rmtree(venv / INFO),
    "pyvenv.cfg": lambda venv: (venv / "pyvenv.cfg").unlink(),
    "bin": lambda venv: shutil.rmtree(venv / "bin"),
    "bin/activate": lambda venv: (venv / "bin/activate").unlink(),
    "everything": empty,
}


LEFT = ("unfinished 4194304", "", None)  # no process has that number; an older stamp; no stamp


@pytest.mark.parametrize(("damage", "left"), zip(DAMAGES, itertools.cycle(LEFT), strict=False))
def test_an_environment_without_a_finished_stamp_is_whole_after_the_next_set_up(
    damage: str, left: str | None, project: Path
) -> None:
    file = project / ".venv/.set-up"
    file.write_text("\n".join([*stamp(project)[:2], left or ""]))
    if left is None:
        file.unlink()
    DAMAGES[damage](project / ".venv")
    set_up(project, *([] if file.exists() else ["--extra", "gpu"]))
    check(project)


def add_packages(project: Path, count: int, files: int) -> None:
    """Make the project need more packages, of many files each: their installation takes a while."""
    names = [f"many{number}" for number in range(count)]
    for name in names:
        modules = {f"{name}/m{number}.py": "x = 1\n" for number in range(files)}
        info = f"{name}-1.0.dist-info"
        described = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{info}/WHEEL": CONTENTS["hello-1.0.dist-info/WHEEL"],
            f"{info}/RECORD": "".join(f"{module},,6\n" for module in modules),
        }
        write_wheel(project / f"vendor/{name}-1.0-py3-none-any.whl", modules | described)
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace('["hello"]', str(["hello", *names]), 1)
    sources = (f'{name} = {{ path = "vendor/{name}-1.0-py3-none-any.whl" }}' for name in names)
    section = "[tool.uv.sources]\n"
    pyproject.write_text(text.replace(section, section + "\n".join(sources) + "\n"))


FIRST = ["--extra", "gpu"]
ENDS = [  # signal, what has come into being by then, options
    (signal.SIGKILL, "bin/activate", FIRST),
    (signal.SIGKILL, f"{SITE}/many*/m0.py", FIRST),
    (signal.SIGTERM, f"{SITE}/many*.dist-info", FIRST),
    (signal.SIGINT, f"{SITE}/many*.dist-info/RECORD", FIRST),
    (signal.SIGKILL, f"{SITE}/many*.dist-info", []),
    (signal.SIGINT, f"{SITE}/many*/m0.py", []),
]


@pytest.mark.parametrize(("name", "until", "options"), ENDS)
def test_a_set_up_that_was_ended_is_followed_by_a_whole_environment(
    name: signal.Signals, until: str, options: list[str], project: Path
) -> None:
    add_packages(project, 12, 150)
    if options:
        shutil.rmtree(project / ".venv")
    process = subprocess.Popen(
        ["sh", "setup.sh", *options],
        cwd=project,
        env=os.environ | variables(),
        start_new_session=True,
    )
    while process.poll() is None and not any((project / ".venv").glob(until)):
        time.sleep(0.0005)
    if process.poll() is None:
        os.killpg(process.pid, name)
    process.wait()
    set_up(project)  # with the options of the first one
    check(project)
    assert len(list((project / ".venv" / SITE).glob("many*/*.py"))) == 12 * 150


def test_a_set_up_waits_for_another_one_of_the_project(project: Path) -> None:
    file = project / ".venv/.set-up"
    left = "\n".join(stamp(project)[:2])
    other = subprocess.Popen(["sh", "-c", "sleep 1; exit 0", "setup.sh"])
    file.write_text(f"{left}\nunfinished {other.pid}\n")
    waiting = f"Waiting for another set-up of this project (PID {other.pid}) …\n"
    threading.Thread(target=other.wait).start()  # a shell would take notice of its end, too
    assert set_up(project) == f"{waiting}{NEW} …\n"
    check(project)


def test_no_other_sync_leaves_the_environment_as_it_is(project: Path) -> None:
    edit("pyproject.toml", "# changed\n")(project)
    before = stamp(project)
    assert run(project, "sh", "setup.sh", check=True, **variables(), UV_NO_SYNC="1") == ""
    assert stamp(project) == before


def test_a_folder_whose_name_begins_with_a_dash_is_set_up(project: Path, tmp_path: Path) -> None:
    project.rename(tmp_path / "-dash")
    assert "making .venv anew" in run(
        tmp_path, "sh", "--", "-dash/setup.sh", check=True, **variables()
    )
    check(tmp_path / "-dash")

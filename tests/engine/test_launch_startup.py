"""What a VM does from its first boot until it deletes itself: the whole script, on a stand-in."""

import subprocess
from pathlib import Path

import pytest
from github.runners import JIT
from pytest_httpserver import HTTPServer

from modelyard.cloud.launching import runners
from modelyard.cloud.launching.startup import startup_script

from .launching import set_up
from .machine import TOKEN, Machine

pytestmark = pytest.mark.skipif(
    not Path("/usr/bin/curl").exists(), reason="curl is not installed; a VM's image has it"
)

KEY = "instance/attributes/runner-config"
OTHER = "YW5vdGhlciBydW5uZXI="
URL = "https://github.com/actions/runner/releases/download/v2/runner.tar.gz"
WORKS = 'touch "$ROOT/driver"'
# As the real one: it restarts the machine, which ends what runs, and is called again.
RESTARTS = """
    [ -e "$ROOT/once" ] && touch "$ROOT/driver"
    touch "$ROOT/once"
    kill -TERM "$SCRIPT"
"""


@pytest.fixture(name="machine")
def _machine(tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A VM without a GPU, whose runner is registered."""
    set_up(tmp_path, monkeypatch)
    monkeypatch.setenv("VM_GPU", "nogpu")
    monkeypatch.setenv("VM_IDLE_MINUTES", "1")
    machine = Machine(tmp_path / "machine", httpserver)
    machine.metadata[KEY] = JIT
    monkeypatch.setattr(runners, "program", lambda: (URL, machine.checksum))
    monkeypatch.setattr(
        "modelyard.cloud.launching.startup.program", lambda: (URL, machine.checksum)
    )
    return machine


def test_a_vm_does_one_job_and_deletes_itself(machine: Machine) -> None:
    (machine.root / "job").touch()
    said = machine.boot(startup_script())
    assert machine.configs() == [JIT]
    assert machine.deleted == [f"Bearer {TOKEN}"]
    assert machine.calls("systemd-run") == [
        "--unit=dead-man-switch --on-active=23h shutdown -P now"
    ]
    assert machine.calls("useradd") == ["--create-home --shell /bin/bash runner"]
    assert machine.calls("runuser") == ["-u runner -- ./run.sh"]
    environment = (machine.root / "environment").read_text().splitlines()
    assert f"HOME={machine.root}/home/runner" in environment
    assert [one.split("=")[0] for one in environment if JIT in one] == [
        "ACTIONS_RUNNER_INPUT_JITCONFIG"  # which the runner takes away before any job
    ]
    calls = (machine.root / "calls").read_text()
    kept = [path for path in machine.root.rglob("*") if path.is_file()]
    wrote = [path.name for path in kept if JIT.encode() in path.read_bytes()]
    assert sorted(wrote) == ["configs", "environment"]  # by the stand-in of the runner
    for secret in (JIT, TOKEN):
        assert secret not in said + calls


def test_a_vm_without_a_job_deletes_itself(machine: Machine) -> None:
    said = machine.boot(startup_script())
    assert machine.configs() == [JIT]
    assert "modelyard: no job came in 1 minutes" in said
    assert len(machine.deleted) == 1


def test_a_kept_vm_waits_for_another_registration_and_takes_none_twice(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VM_LABEL", "our-gpu")
    monkeypatch.setenv("VM_IDLE_MINUTES", "3")
    (machine.root / "job").touch()
    machine.waited = [{}, {KEY: OTHER}, {}]
    said = machine.boot(startup_script())
    assert machine.configs() == [JIT, OTHER]
    assert "modelyard: nothing to do for 3 minutes" in said
    assert len(machine.deleted) == 1
    assert not list(machine.root.rglob(".credentials"))  # of the runner before
    assert len(machine.calls("apt-get")) == 2


def test_a_runner_with_another_checksum_is_not_run(machine: Machine) -> None:
    script = startup_script()
    machine.archive = b"something else"
    said = machine.boot(script)
    assert "modelyard: this machine cannot train: GitHub's runner could not be installed" in said
    assert machine.configs() == []
    assert machine.calls("sleep")[0] == "300"  # for the launcher to read it
    assert len(machine.deleted) == 1


def test_a_vm_that_may_not_delete_itself_goes_off(machine: Machine) -> None:
    (machine.root / "job").touch()
    machine.delete_status = 403
    machine.boot(startup_script())
    assert len(machine.deleted) == 3
    assert machine.calls("shutdown") == ["-P now"]


@pytest.mark.parametrize(
    ("installer", "boots", "configs"),
    [(WORKS, 1, 1), (RESTARTS, 3, 1), ("exit 1", 4, 1)],
    ids=["works at once", "restarts itself", "never works"],
)
def test_a_driver_is_installed_and_the_machine_restarts_for_it(
    installer: str, boots: int, configs: int, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VM_GPU", "nvidia-l4")
    (machine.root / "job").touch()
    for boot in range(boots):
        assert (machine.configs(), machine.deleted) == ([], []), boot
        machine.boot(startup_script(), installer)
    assert len(machine.configs()) == configs  # the job's own check says that there is no GPU
    assert len(machine.deleted) == 1
    assert (machine.root / "driver").exists() == (installer != "exit 1")


def test_a_deep_learning_image_installs_its_driver_itself(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VM_GPU", "nvidia-l4")
    machine.metadata["instance/image"] = "projects/deeplearning-platform-release/global/images/x"
    (machine.root / "job").touch()
    nvidia = machine.root / "bin/nvidia-smi"
    nvidia.write_text(
        f"{nvidia.read_text()}[ -e $ROOT/driver ] || {{ touch $ROOT/driver; exit 1; }}"
    )
    machine.boot(startup_script())
    assert machine.calls("python3") == []
    assert len(machine.calls("nvidia-smi")) > 1
    assert machine.configs() == [JIT]


def test_a_machine_of_another_cloud_needs_no_metadata_and_goes_off(machine: Machine) -> None:
    machine.metadata.clear()
    (machine.root / "job").touch()
    machine.boot(startup_script(OTHER))
    assert machine.configs() == [OTHER]
    assert machine.calls("shutdown") == ["-P now"]
    assert machine.deleted == []
    assert not [call for call in machine.calls("curl") if "computeMetadata" in call]


def test_settings_are_quoted(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "modelyard.cloud.launching.startup.program", lambda: ("$(touch pwned)'", "; touch pwned")
    )
    head = startup_script().partition("# Runs as root")[0]
    done = subprocess.run(
        ["/bin/bash", "-c", f'{head}\nprintf %s "$RUNNER_URL$RUNNER_SHA256"'],
        cwd=machine.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "$(touch pwned)'; touch pwned"
    assert not (machine.root / "pwned").exists()

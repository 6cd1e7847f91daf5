"""`modelyard doctor` says what is broken and what mends it; where it can be run here, it mends."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import VERSION, bake, run

from modelyard.doctor import (
    access,
    command,
    data,
    github,
    google,
    installed,
    machine,
    programs,
    project,
    tools,
)
from modelyard.doctor.finding import Finding, State, ok
from modelyard.doctor.showing import show
from modelyard.doctor.situation import Situation

from . import doctored
from .stubs import Stubs, install

Break = Callable[[], object]


@pytest.fixture(scope="module")
def _baked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = bake(tmp_path_factory.mktemp("doctored"))
    before = Path.cwd()
    os.chdir(root)
    try:
        doctored.set_up()
    finally:
        os.chdir(before)
    return root


@pytest.fixture(name="here")
def _here(_baked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project where all is well; it is the working directory."""
    root = doctored.copy(_baked, tmp_path / "project")
    monkeypatch.chdir(root)
    for name in ("KERAS_BACKEND", "GCP_PROJECT", "UV_NO_SYNC", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine, "PCI", tmp_path / "no-devices")
    return root


@pytest.fixture(name="stubs")
def _stubs(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Return uv and what else this machine may lack; the rest is real."""
    assert here
    stubs = install(tmp_path / "stubs", monkeypatch, "uv")
    stubs.answer("uv", stdout="uv 0.9.11\n")
    return stubs


@pytest.fixture(name="driver")
def _driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    return install(tmp_path / "driver", monkeypatch, "nvidia-smi")


def look(
    check: Callable[[Situation], Iterable[Finding]], *, network: bool = False
) -> list[Finding]:
    """Return what one check finds, as the command shows it."""
    return command.look(check, Situation(network))


def write(name: str, text: str) -> Break:
    return lambda: Path(name).write_text(text, encoding="utf-8")


def replace(name: str, old: str, new: str) -> Break:
    def change() -> None:
        text = Path(name).read_text(encoding="utf-8")
        assert old in text
        Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def remove(name: str) -> Break:
    return lambda: shutil.rmtree(name) if Path(name).is_dir() else Path(name).unlink()


def git(*words: str) -> Break:
    return lambda: subprocess.run(["git", *words], check=True, capture_output=True)


def second_wheel() -> None:
    Path("vendor/modelyard-0.9.0-py3-none-any.whl").touch()
    git("add", "vendor")()


def lose_a_file() -> None:
    (doctored.installed("keras") / "INSTALLER").unlink()


def without_commits() -> None:
    shutil.rmtree(".git")
    git("init", "--quiet")()


def use(url: str, folder: str = "") -> Break:
    """Name another remote, and what this project has of data."""

    def change() -> None:
        Path(".dvc/config").write_text(
            f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n"
        )
        if folder == "dvc.lock":
            Path(folder).touch()
        elif folder:
            Path(folder).mkdir(parents=True)

    return change


SET_UP = "sh setup.sh"
AGAIN = f"rm -f .venv/.set-up && {SET_UP}"
ANEW = f"rm -rf .venv && {SET_UP}"
ELSEWHERE = "DVC's remote is the folder /nowhere/dvc of another machine"
OLD_KERAS = "keras is 3.10.0, but requirements.txt asks for >=3.15,<4"
AZURE = "echo 'dvc[azure]>=3.67,<4' >>requirements.txt && sh setup.sh"
BUCKET = "dvc remote modify storage url gs://BUCKET/dvc"
CML = ".github/workflows/cml.yaml"
WHEEL = f"vendor/modelyard-{VERSION}-py3-none-any.whl"
# What breaks, the check that sees it, its state, words of what it says, and what it says mends it.
# fmt: off
BROKEN: dict[str, tuple[Break, Callable[[Situation], Iterable[Finding]], str, str, str]] = {
    "no .venv": (remove(".venv"), installed.environment, "error",
                 ".venv does not exist", SET_UP),
    "an unfinished set-up": (lambda: doctored.stamp(state="unfinished 1"), installed.environment,
                             "error", "did not finish", SET_UP),
    "a moved project": (lambda: doctored.stamp(folder="/old/place"), installed.environment, "error",
                        ".venv was made in /old/place", SET_UP),
    "a Python that is gone": (remove(".venv/bin/python"), installed.environment, "error",
                              ".venv/bin/python does not exist", ANEW),
    "a Python that fails": (write(".venv/bin/python", "#!/bin/sh\necho broken >&2; exit 127\n"),
                            installed.environment, "error", "does not start: broken", ANEW),
    "files that are missing": (lose_a_file, installed.environment, "error",
                               "files are missing of keras-", AGAIN),
    "other requirements": (replace("requirements.txt", "keras", "# a remark\nkeras"),
                           installed.environment, "warning",
                           "requirements.txt changed since .venv was made", SET_UP),
    "a package that is too old": (lambda: doctored.install("keras", "3.10.0"), installed.packages,
                                  "error", OLD_KERAS, AGAIN),
    "a package that is missing": (lambda: shutil.rmtree(doctored.installed("ruff")),
                                  installed.packages, "error",
                                  "ruff is not installed (pyproject.toml)", AGAIN),
    "a package that the engine needs": (lambda: shutil.rmtree(doctored.installed("starlette")),
                                        installed.packages, "error",
                                        "starlette is not installed (modelyard)", AGAIN),
    "another lock": (write("uv.lock", '[[package]]\nname = "Keras"\nversion = "3.99.0"\n'),
                     installed.packages, "error", ", but uv.lock has 3.99.0", AGAIN),
    "a damaged lock": (write("uv.lock", "[[["), installed.packages, "error",
                       "uv.lock is not valid TOML", "git diff uv.lock"),
    "a damaged pyproject.toml": (write("pyproject.toml", "[tool"), installed.engine, "error",
                                 "pyproject.toml is not valid TOML", "git diff pyproject.toml"),
    "a skeleton of another engine": (replace("pyproject.toml", "skeleton = 1", "skeleton = 2"),
                                     installed.engine, "error",
                                     "skeleton is 2, but the engine works with 1",
                                     "uvx cruft update"),
    "a wheel that is gone": (remove(WHEEL), installed.engine, "error",
                             f"pyproject.toml names {WHEEL}, which does not exist",
                             "git checkout -- vendor"),
    "two wheels": (second_wheel, installed.engine, "error", "vendor/ holds 2 wheels",
                   "git rm --force vendor/modelyard-0.9.0-py3-none-any.whl"),
    "another engine": (lambda: doctored.install("modelyard", "0.9.0"), installed.engine, "error",
                       f"0.9.0 is installed, but vendor/ has {VERSION}", AGAIN),
    "no repository": (remove(".git"), project.repository, "error",
                      "not in a Git repository", "git init"),
    "no commit": (without_commits, project.repository, "warning", "no commit yet",
                  'git add . && git commit -m "First"'),
    "damaged DVC settings": (write(".dvc/config", "core]\n"), data.remote, "error",
                             ".dvc/config cannot be read", "git checkout -- .dvc/config"),
    "no DVC settings": (remove(".dvc/config"), data.remote, "error",
                        ".dvc/config does not exist", "git checkout -- .dvc/config"),
    "no remote": (write(".dvc/config", "[core]\n    analytics = false\n"), data.remote, "warning",
                  "no default remote", "dvc remote add --default storage gs://BUCKET/dvc"),
    "a remote without a url": (write(".dvc/config", "[core]\n    remote = storage\n"), data.remote,
                               "error", "has no url for storage",
                               "dvc remote add --force --default storage gs://BUCKET/dvc"),
    "a protocol that is not installed": (use("azure://box/dvc"), data.remote, "error",
                                         "azure://box/dvc needs dvc[azure]", AZURE),
    "another machine's folder": (use("/nowhere/dvc", "dvc.lock"), data.remote, "warning",
                                 ELSEWHERE, BUCKET),
    "nothing pushed": (use("../../dvc", ".dvc/cache/files/md5/ab"), data.remote, "warning",
                       "nothing has been pushed to ", "dvc push"),
    "a damaged cml.yaml": (write(CML, "name: [\n"), github.cml, "error",
                           "cml.yaml is not valid YAML", f"edit {CML}"),
    "a setting that cannot work": (replace(CML, 'VM_SPOT: "true"', "VM_SPOT: maybe"),
                                   github.cml, "error", "VM_SPOT is 'maybe'", f"edit {CML}"),
    "an action by its tag": (write(".github/workflows/own.yml", "    - uses: org/act/sub@v4 # x\n"),
                             github.pins, "warning", "own.yml: org/act/sub@v4 is not pinned",
                             "gh api repos/org/act/commits/v4 --jq=.sha"),
    "another Python": (replace(".venv/pyvenv.cfg", "version_info = 3.", "version_info = 2."),
                       tools.python, "error", ", but the project needs >=3.11,<3.14", ANEW),
    "no DVC": (lambda: shutil.rmtree(doctored.installed("dvc")), tools.dvc, "error",
               "not installed in the project's environment", SET_UP),
}
# fmt: on
# Those whose commands need nothing that is not here.
MENDED = {
    "a wheel that is gone",
    "two wheels",
    "no repository",
    "no commit",
    "damaged DVC settings",
    "no DVC settings",
    "no remote",
    "a remote without a url",
    "another machine's folder",
}  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_said_with_what_mends_it(name: str) -> None:
    breaks, check, state, words, mend = BROKEN[name]
    breaks()
    found = [one for one in look(check) if one.state not in {State.OK, State.LEFT}]
    assert [(one.state, one.mend) for one in found] == [(state, mend)]
    assert words in found[0].found
    if name in MENDED:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        mend = mend.replace("gs://BUCKET/dvc", "/tmp")  # noqa: S108
        subprocess.run(
            ["sh", "-c", mend], check=True, capture_output=True, env={**os.environ, "PATH": path}
        )
        left = {one.state for one in look(check)}
        assert left <= ({State.OK, State.WARNING} if name == "no repository" else {State.OK})


def test_where_all_is_well_that_is_said(stubs: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.endswith("\n\nNothing is wrong.\n")
    assert "\033" not in said.out
    headings = [line for line in said.out.splitlines()[:-1] if line and line[0] != " "]
    assert headings == list(command.GROUPS)
    lines = said.out.splitlines()
    for line in (
        "  ok       uv             0.9.11, " + str(stubs.folder / "uv"),
        f"  ok       engine         modelyard {VERSION}, skeleton 1",
        "  ok       packages       as requirements.txt, pyproject.toml have them",
        "  -        gpu            none of NVIDIA; models train on the CPU",
    ):
        assert line in lines
    assert re.search(
        r"^  ok       pins           all \d+ actions are pinned by commit$", said.out, re.M
    )


@pytest.mark.usefixtures("here")
def test_what_was_set_up_without_tools_needs_none() -> None:
    shutil.rmtree(doctored.installed("ruff"))
    doctored.stamp("--no-dev")
    assert [one.state for one in look(installed.packages)] == [State.OK]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("git@github.com:ada/digits.git", "ada/digits"),
        ("https://github.com/ada/digits/", "ada/digits"),
        ("ssh://git@ssh.github.com:443/ada/digits.git", "ada/digits"),
        ("https://github.com.evil.org/ada/digits", ""),
        ("/srv/git/digits.git", ""),
    ],
)
def test_the_repository_on_github_is_read_from_origin(origin: str, expected: str) -> None:
    git("remote", "add", "origin", origin)()
    assert Situation(network=False).repository == expected


def test_mistakes_of_the_configuration_are_listed(here: Path) -> None:
    config = here / "config.yaml"
    config.write_text(config.read_text().replace("  seed: 42", "  sead: 42"))
    found = look(project.configuration)
    assert {one.state for one in found} == {State.ERROR}
    assert "config.yaml: data.sead is not a known key (did you mean 'seed'?)" in found[0].found
    config.write_text("model: [")
    (found_damage,) = look(project.configuration)
    assert "config.yaml is not valid YAML" in found_damage.found


def test_a_repository_that_is_not_the_projects_own_is_said(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.move(here / ".git", here.parent)
    (found, _) = look(project.repository)
    assert (found.state, found.mend) == (State.WARNING, "git init")
    assert f"part of the repository {here.parent}, " in found.found
    stubs = install(tmp_path / "stubs", monkeypatch, "git")
    stubs.answer("git", "rev-parse", stderr="fatal: detected dubious ownership in '/x'", code=128)
    (found,) = look(project.repository)
    assert found.mend == f"git config --global --add safe.directory {here}"


@pytest.mark.parametrize(
    ("free", "state"), [(4e8, State.ERROR), (4e9, State.WARNING), (6e9, State.OK)]
)
def test_a_disk_with_little_room_is_said(
    free: float, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (found,) = look(machine.disk)
    assert (found.state, f"{free / 1e9:.1f} GB free" in found.found) == (state, True)


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("KERAS_BACKEND", "jax", State.ERROR),
        ("PYTHONDONTWRITEBYTECODE", "1", State.WARNING),
        ("KERAS_BACKEND", "tensorflow", State.OK),
    ],
)
def test_variables_that_get_in_the_way_are_said(
    name: str, value: str, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    (found,) = look(machine.variables)
    assert found.state == state
    assert found.mend == ("" if state == State.OK else f"unset {name}")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("code", "sees", "cuda", "expected"),
    [
        (9, "", True, (State.WARNING, "finds none: NVIDIA-SMI has failed", machine.DRIVER)),
        (0, "1", True, (State.OK, "NVIDIA L4, driver 550.54, which TensorFlow sees", "")),
        (0, "0", False, (State.WARNING, "without CUDA", "sh setup.sh --extra gpu")),
        (0, "0", True, (State.WARNING, "the driver is older than its CUDA", machine.DRIVER)),
        (0, "x", True, (State.WARNING, "but TensorFlow fails: x", "sh setup.sh")),
    ],
)
def test_a_gpu_is_looked_at_from_the_driver_to_tensorflow(
    code: int, sees: str, *, cuda: bool, expected: tuple[State, str, str], driver: Stubs
) -> None:
    says = "NVIDIA-SMI has failed" if code else "NVIDIA L4, 550.54"
    driver.answer("nvidia-smi", stdout=says, code=code)
    Path(".venv/bin/python").write_text(f"#!/bin/sh\necho {sees}\n")
    if cuda:
        doctored.install("nvidia-cudnn-cu12", "9.1")
    (found,) = look(machine.gpu)
    assert (found.state, found.mend) == (expected[0], expected[2])
    assert expected[1] in found.found


def test_a_gpu_without_a_driver_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = here / "pci/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x10de\n")
    (card / "class").write_text("0x030200\n")
    monkeypatch.setattr(machine, "PCI", card.parent)
    (found,) = look(machine.gpu)
    assert (found.state, found.mend) == (State.WARNING, machine.DRIVER)


REPOSITORY = "ada/digits"
ORIGIN = f"https://ada:secret-password@github.com/{REPOSITORY}.git"
CLOUD = (
    "GCP_PROJECT=a-project-123\nGCP_WORKLOAD_IDENTITY_PROVIDER="
    "projects/42/locations/global/workloadIdentityPools/github/providers/r-ada-digits\n"
    "GCP_LAUNCHER_SERVICE_ACCOUNT=launcher@a-project-123.iam.gserviceaccount.com\n"
    f"CML_SHA256={'0' * 64}\n"
    "GCP_RUNNER_SERVICE_ACCOUNT=runner@a-project-123.iam.gserviceaccount.com\n"
)
BOOTSTRAP = f"modelyard cloud bootstrap --project a-project-123 --repository {REPOSITORY}"


@pytest.fixture(name="servers")
def _servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Return stand-ins for gh and gcloud; a project on Google Cloud is named."""
    monkeypatch.setenv("GCP_PROJECT", "a-project-123")
    return install(tmp_path / "servers", monkeypatch, "gh", "gcloud")


@pytest.fixture(scope="module")
def _with_origin(_baked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = doctored.copy(_baked, tmp_path_factory.mktemp("with_origin") / "project")
    git("-C", str(root), "remote", "add", "origin", ORIGIN)()
    return root


@pytest.fixture(name="on_github")
def _on_github(_with_origin: Path, servers: Stubs, monkeypatch: pytest.MonkeyPatch) -> Stubs:
    """Return the stand-ins; the working directory, to be read only, has its origin on GitHub."""
    monkeypatch.chdir(_with_origin)
    return servers


@pytest.mark.parametrize(
    ("variables", "secrets", "expected"),
    [
        ("", "", [("ok", "no GCP_PROJECT, so trainings run on GitHub's own machines", "")]),
        (CLOUD, "CML_PAT\n", [("ok", "GCP_RUNNER", ""), ("ok", "CML_PAT", "")]),
        (CLOUD + "CML_APP_CLIENT_ID=Iv1\n", "CML_APP_PRIVATE_KEY\n",
         [("ok", "", ""), ("ok", "CML_APP_CLIENT_ID, CML_APP_PRIVATE_KEY", "")]),
        (CLOUD, "", [("ok", "", ""), ("error", "nothing may register a runner",
                                    f"gh secret set CML_PAT --repo {REPOSITORY}")]),
        (CLOUD + "CML_APP_CLIENT_ID=Iv1\n", "", [
            ("ok", "", ""),
            ("error", "CML_APP_CLIENT_ID is set, but not CML_APP_PRIVATE_KEY",
             f"gh secret set CML_APP_PRIVATE_KEY --repo {REPOSITORY} <key.pem")]),
        (CLOUD, "CML_APP_PRIVATE_KEY\n", [
            ("ok", "", ""),
            ("error", "but not the variable CML_APP_CLIENT_ID",
             f"gh variable set CML_APP_CLIENT_ID --repo {REPOSITORY} --body ID")]),
        (CLOUD.replace("launcher@", "Launcher"), "CML_PAT\n",
         [("error", "GCP_LAUNCHER_SERVICE_ACCOUNT is 'Launcher", ""), ("ok", "", "")]),
        (CLOUD.replace("CML_SHA256", "OTHER"), "CML_PAT\n",
         [("error", "The repository variable CML_SHA256 is not set", ""), ("ok", "", "")]),
        (CLOUD + "CML_APP_ID=one\n", "CML_APP_PRIVATE_KEY\n",
         [("error", "CML_APP_CLIENT_ID is 'one'", ""), ("ok", "CML_APP_ID", "")]),
        (CLOUD.partition("GCP_R")[0], "CML_PAT\n",
         [("error", "not set: GCP_RUNNER_SERVICE_ACCOUNT;", BOOTSTRAP), ("ok", "CML_PAT", "")]),
    ],
)  # fmt: skip
def test_variables_and_secrets_are_compared_by_name(
    variables: str, secrets: str, expected: list[tuple[str, str, str]], on_github: Stubs
) -> None:
    on_github.answer("gh", "/organization-", stdout="", code=1, stderr="HTTP 404")
    on_github.answer("gh", "/variables", stdout=variables)
    on_github.answer("gh", "/secrets", stdout=secrets)
    found = look(github.given, network=True)
    assert [one.state for one in found] == [state for state, _, _ in expected]
    for one, (_, words, mend) in zip(found, expected, strict=True):
        assert words in one.found
        assert one.mend == mend


def test_what_an_organisation_lends_counts_too(on_github: Stubs) -> None:
    on_github.answer("gh", "/organization-variables", stdout=CLOUD)
    on_github.answer("gh", "/organization-secrets", stdout="CML_PAT\n")
    assert {one.state for one in look(github.given, network=True)} == {State.OK}


def test_without_gh_or_a_sign_in_that_is_said(
    on_github: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github.answer("gh", stderr="To get started, run: gh auth login", code=4)
    (found,) = look(github.given, network=True)
    assert (found.state, found.mend) == (State.WARNING, "gh auth login")
    (on_github.folder / "gh").unlink()
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "gh" else f"/bin/{name}")
    (found,) = look(github.given, network=True)
    assert (found.state, found.mend) == (State.WARNING, github.GH)


def quotas(**limits: int) -> str:
    return json.dumps({"quotas": [{"metric": m, "limit": n} for m, n in limits.items()]})


CONSOLE = "https://console.cloud.google.com/iam-admin/quotas?project=a-project-123"


def test_settings_that_cannot_be_known_are_left_alone(here: Path) -> None:
    cml = here / CML
    text = cml.read_text()
    cml.write_text(text.replace("nvidia-l4 #", "${{ vars.GPU }}\n\n  # a remark\n#", 1))
    assert [one.state for one in look(github.cml)] == [State.OK]
    cml.write_text(text.replace("VM_MACHINE_TYPE: ", "EC2_TYPE: ", 1))
    assert [one.state for one in look(github.cml)] == [State.LEFT]


L4 = {"NVIDIA_L4_GPUS": 1}


@pytest.mark.parametrize(
    ("overall", "regions", "state", "words"),
    [
        (1, (L4, L4), State.OK, "1 of nvidia-l4 in us-central1, us-east1, us-west1"),
        (1, ({"PREEMPTIBLE_NVIDIA_L4_GPUS": 1}, L4), State.OK, "us-central1"),
        (0, ({}, {}), State.ERROR, "GPUS_ALL_REGIONS is 0"),
        (
            1,
            ({}, {"NVIDIA_T4_GPUS": 4}),
            State.ERROR,
            "no region of VM_ZONES allows 1 of nvidia-l4",
        ),
        (1, (L4, {}), State.WARNING, "us-east1, us-west1: no quota"),
    ],
)
def test_the_quota_is_compared_with_the_machine_of_cml_yaml(
    overall: int, regions: tuple[dict[str, int], ...], state: State, words: str, on_github: Stubs
) -> None:
    on_github.answer("gcloud", "project-info", stdout=quotas(GPUS_ALL_REGIONS=overall))
    on_github.answer("gcloud", "describe us-central1", stdout=quotas(**regions[0]))
    on_github.answer("gcloud", "describe us-", stdout=quotas(**regions[1]))
    (found,) = look(google.quota, network=True)
    assert (found.state, found.mend) == (state, "" if state == State.OK else CONSOLE)
    assert words in found.found


@pytest.mark.parametrize(
    ("machine_type", "gpu", "expected"),
    [
        ("g2-standard-4", "nvidia-l4", ("nvidia-l4", 1)),
        ("g2-standard-24+nvidia-l4*2", "nogpu", ("nvidia-l4", 2)),
        ("e2-standard-8", "nogpu", ("", 0)),
    ],
)
def test_how_many_gpus_are_asked_for(
    machine_type: str, gpu: str, expected: tuple[str, int]
) -> None:
    assert google.wanted_gpu({"VM_MACHINE_TYPE": machine_type, "VM_GPU": gpu}) == expected


def test_quotas_are_named_as_google_names_them() -> None:
    names = {"nvidia-l4": "L4", "nvidia-tesla-t4": "T4", "nvidia-a100-80gb": "A100_80GB",
             "nvidia-tesla-a100": "A100", "nvidia-h100-80gb": "H100"}  # fmt: skip
    assert {gpu: google.metric(gpu) for gpu in names} == {
        gpu: f"NVIDIA_{name}_GPUS" for gpu, name in names.items()
    }


@pytest.mark.parametrize(
    ("account", "budgets", "state", "mend"),
    [
        ("0A-1B", [{"budgetFilter": {"projects": ["projects/42"]}}], State.OK, ""),
        ("0A-1B", [{"amount": {}}], State.OK, ""),
        ("0A-1B", [{"budgetFilter": {"projects": ["projects/7"]}}], State.WARNING,
         f"{BOOTSTRAP} --budget AMOUNT"),
        ("", [], State.ERROR,
         "https://console.cloud.google.com/billing/linkedaccount?project=a-project-123"),
    ],
)  # fmt: skip
def test_a_budget_of_this_project_or_of_all_is_looked_for(
    account: str, budgets: list[object], state: State, mend: str, on_github: Stubs
) -> None:
    billing = {"billingAccountName": f"billingAccounts/{account}", "billingEnabled": bool(account)}
    on_github.answer("gcloud", "billing projects", stdout=json.dumps(billing))
    on_github.answer("gcloud", "projects describe", stdout="42\n")
    on_github.answer("gcloud", "--billing-account=0A-1B", stdout=json.dumps(budgets))
    (found,) = look(google.budget, network=True)
    assert (found.state, found.mend) == (state, mend)


@pytest.mark.usefixtures("here")
def test_credentials_are_asked_for_or_looked_for(
    servers: Stubs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use("gs://bucket/dvc")()
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    (found,) = look(google.credentials)
    assert (found.state, found.mend) == (State.WARNING, google.ADC)
    (tmp_path / "application_default_credentials.json").touch()
    assert [one.state for one in look(google.credentials)] == [State.OK]
    servers.answer("gcloud", stderr="ERROR: Reauthentication failed.", code=1)
    (found,) = look(google.credentials, network=True)
    assert (found.state, found.mend) == (State.ERROR, google.ADC)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    (found,) = look(google.credentials, network=True)
    assert "names /nowhere/key.json, which does not exist" in found.found


@pytest.mark.usefixtures("here")
def test_the_remote_is_written_to_only_if_the_network_may_be_asked() -> None:
    use("gs://bucket/dvc")()
    doctored.install("dvc-gs", "3.0")
    python = Path(".venv/bin/python")
    python.write_text("#!/bin/sh\necho error: gs://bucket/dvc cannot be written to. >&2; exit 1\n")
    expected = [(State.OK, "storage, gs://bucket/dvc", "")]
    left = (State.LEFT, "not asked (--network)", "")
    assert [tuple_of(one) for one in look(data.remote)] == [*expected, left]
    refused = (State.ERROR, "gs://bucket/dvc cannot be written to", google.ADC)
    assert [tuple_of(one) for one in look(data.remote, network=True)] == [*expected, refused]
    python.write_text('#!/bin/sh\n[ "$*" = "-m modelyard.doctor.access" ]\n')
    written = (State.OK, "can be written to from here", "")
    assert [tuple_of(one) for one in look(data.remote, network=True)] == [*expected, written]


def tuple_of(finding: Finding) -> tuple[State, str, str]:
    return finding.state, finding.found, finding.mend


@pytest.mark.usefixtures("here")
def test_dvcs_own_word_on_the_remote_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = tmp_path / "bucket"
    use(str(bucket))()
    bucket.mkdir()
    assert access.main() == 0
    (bucket / "checkpoints").rmdir()
    (bucket / "checkpoints").write_text("in the way")
    assert access.main() == 1
    assert f"error: .dvc/config: {bucket} cannot be written to from here" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_no_secret_is_shown(
    servers: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GH_TOKEN", "a-token-of-ada")
    git("remote", "add", "origin", ORIGIN)()
    use("s3://key:hidden-password@bucket/dvc")()
    servers.answer("gh", stderr="bad a-token-of-ada \x1b[31m", code=1)
    servers.answer("gcloud", "print-access-token", stdout="ya29.token-of-google")
    servers.answer("gcloud", stderr="what about ya29.token-of-google", code=1)
    assert command.main(["--network"]) == 1
    said = capsys.readouterr()
    for secret in ("password", "of-ada", "of-google", "\033"):
        assert secret not in said.out + said.err
    assert "origin: https://***@github.com/ada/digits.git" in said.out


def test_a_program_that_hangs_or_a_check_that_fails_is_a_warning_and_in_no_others_way(
    on_github: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (on_github.folder / "gh").write_text("#!/bin/sh\ntail -f /dev/null & wait\n")
    monkeypatch.setattr(programs, "PATIENCE", 0.2)

    def broken(_: Situation) -> Iterable[Finding]:
        yield ok("first", "fine")
        raise LookupError("a mistake of ours")

    monkeypatch.setattr(
        command, "GROUPS", {"One": (broken, github.given), "Two": (lambda _: [ok("last", "fine")],)}
    )
    assert command.main(["--network"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "could not be looked at (LookupError: a mistake of ours)" in lines[2]
    assert "`gh api --paginate` did not answer within 0.2 s" in lines[3]
    assert lines[-3:] == ["  ok       last           fine", "", "2 warnings."]


def test_outside_a_project_one_sentence_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here / "src/data")
    assert command.main([]) == 1
    said = f"error: This folder is inside the project {here}; call `modelyard doctor` there.\n"
    assert capsys.readouterr() == ("", said)
    monkeypatch.chdir(here.parent)
    assert command.main([]) == 1
    assert capsys.readouterr().err.startswith(f"error: {here.parent} is not a project of modelyard")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_gets_colours_and_lines_that_fit_but_no_broken_names(
    *, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "" if colour else "1")
    name = "a-very-long-name-of-a-service-account@a-project-123.iam.gserviceaccount.com"
    mend = f"gh variable set NAME --body {name}"
    found = Finding(State.ERROR, "thing", f"nobody knows {name} here, or where else it is", mend)
    terminal = Terminal()
    show([("Group", found)], terminal)
    lines = terminal.getvalue().splitlines()
    assert any(line.strip() == name for line in lines)
    assert any(line.endswith(mend) for line in lines)
    assert max(len(line) for line in lines if name not in line) <= 60 + 11 * colour
    assert ("\033[1;31merror" in terminal.getvalue()) == colour


def test_make_doctor_works_where_nothing_is_set_up(tmp_path: Path) -> None:
    root = bake(tmp_path)
    python = tmp_path / "bin/python3"  # of a system: without packages
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    said = run(root, "make", "doctor", check=False, PATH=path, KERAS_BACKEND="tensorflow")
    assert (
        "  error    environment    .venv does not exist\n           mend:          sh setup.sh\n"
        in said
    )
    assert "  -        configuration  not looked at, as .venv lacks the engine\n" in said
    assert "  ok       cml.yaml       its settings can work: " in said
    assert "Traceback" not in said
    assert not (root / ".venv").exists()


def test_an_old_python_is_refused_in_one_sentence() -> None:
    older = "import runpy, sys; sys.version_info = (3, 9); sys.argv = ['modelyard', 'doctor']; "
    start = "runpy.run_module('modelyard', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", older + start], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: modelyard needs Python 3.11 to 3.13, and this is ")

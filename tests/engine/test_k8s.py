"""A search over several machines: the manifests say what the configuration says."""

import math
import tomllib
from pathlib import Path

import pytest

from modelyard.cloud.k8s.command import main
from modelyard.cloud.k8s.pods import PROJECT, USER
from modelyard.search.patience import patience

from .conftest import ROOT, Run
from .rendering import CONFIG, IMAGE, Document, command, configure, pod, rendered, selects
from .tiny import PROCESSED


@pytest.fixture(autouse=True)
def _searched(workspace: Path) -> None:
    assert workspace == Path.cwd()
    configure()


def environment(job: Document) -> dict[str, str]:
    """Return values by name; of a value that the pod knows, its field."""
    found = {}
    for entry in pod(job)["containers"][0]["env"]:
        source = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        found[entry["name"]] = entry.get("value", source)
    return found


def test_there_are_a_chief_its_workers_its_name_and_its_guard() -> None:
    assert list(rendered()) == ["NetworkPolicy", "Service", "chief", "worker"]


@pytest.mark.parametrize("workers", [1, 4])
def test_as_many_workers_run_as_trials_may_run_at_once(workers: int) -> None:
    configure(max_instances_at_once=workers)
    spec = rendered()["worker"]["spec"]
    assert (spec["completions"], spec["parallelism"]) == (workers, workers)
    assert rendered()["chief"]["spec"].get("parallelism", 1) == 1


def test_chief_and_workers_run_the_same_command_in_the_same_image() -> None:
    for job in (rendered()["chief"], rendered()["worker"]):
        (container,) = pod(job)["containers"]
        assert container["image"] == IMAGE
        assert container["workingDir"] == PROJECT
        assert container["command"] == [
            *("python", "-m", "src.run", "tune"),
            *("--config", CONFIG, "--remote"),
        ]


def test_the_chief_listens_where_the_workers_look_for_it() -> None:
    documents = rendered()
    chief, worker = environment(documents["chief"]), environment(documents["worker"])
    service = documents["Service"]
    assert chief["KERASTUNER_ORACLE_IP"] == "status.podIP"
    assert worker["KERASTUNER_ORACLE_IP"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"
    assert selects(service["spec"]["selector"], documents["chief"])
    assert not selects(service["spec"]["selector"], documents["worker"])
    (port,) = service["spec"]["ports"]
    (listening,) = pod(documents["chief"])["containers"][0]["ports"]
    assert port["targetPort"] == listening["name"]
    assert chief["KERASTUNER_ORACLE_PORT"] == worker["KERASTUNER_ORACLE_PORT"] == "8000"
    assert port["port"] == listening["containerPort"] == 8000


def test_a_queue_starts_both_jobs_and_nothing_else_is_queued() -> None:
    queue, documents = "kueue.x-k8s.io/queue-name", rendered(queue="team-gpus")
    for job in (documents["chief"], documents["worker"]):
        assert job["spec"]["suspend"] is True
        assert job["metadata"]["labels"][queue] == "team-gpus"
        assert queue not in job["spec"]["template"]["metadata"]["labels"]
        assert environment(job)["SEARCH_IS_QUEUED"] == "1"
    assert queue not in documents["Service"]["metadata"]["labels"]
    assert queue not in documents["NetworkPolicy"]["metadata"]["labels"]


def test_without_a_queue_jobs_start_at_once() -> None:
    for job in (rendered()["chief"], rendered()["worker"]):
        assert "suspend" not in job["spec"]
        assert not [name for name in job["metadata"]["labels"] if "kueue" in name]
        assert "SEARCH_IS_QUEUED" not in environment(job)


def test_a_queue_may_keep_chief_and_workers_apart_for_longer_than_they_wait_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SEARCH_IS_QUEUED", raising=False)
    assert patience(600.0) == 600.0
    monkeypatch.setenv("SEARCH_IS_QUEUED", "1")
    assert patience(600.0) == math.inf


def test_a_worker_that_replaces_a_dead_one_has_its_name() -> None:
    documents = rendered()
    values = environment(documents["worker"])
    assert environment(documents["chief"])["KERASTUNER_TUNER_ID"] == "chief"
    assert values["KERASTUNER_TUNER_ID"] == "worker-$(WORKER_INDEX)"
    assert "job-completion-index" in values["WORKER_INDEX"]
    names = list(values)  # Kubernetes expands only what stands above
    assert names.index("WORKER_INDEX") < names.index("KERASTUNER_TUNER_ID")
    spec = documents["worker"]["spec"]
    assert spec["completionMode"] == "Indexed"
    # The API refuses a limit for each index with another policy.
    assert pod(documents["worker"])["restartPolicy"] == "Never"
    assert spec["backoffLimitPerIndex"] > 0
    assert spec["podReplacementPolicy"] == "Failed"  # never two with one name


def test_a_chief_that_died_starts_again() -> None:
    chief = rendered()["chief"]
    assert pod(chief)["restartPolicy"] == "OnFailure"
    assert chief["spec"]["backoffLimit"] > 0


def test_only_workers_get_gpus() -> None:
    def limits(documents: dict[str, Document], job: str) -> Document:
        return dict(pod(documents[job])["containers"][0]["resources"]["limits"])

    with_gpus, without = rendered(gpus="2"), rendered()
    assert limits(with_gpus, "worker")["nvidia.com/gpu"] == 2
    for documents, job in ((with_gpus, "chief"), (without, "worker"), (without, "chief")):
        assert "nvidia.com/gpu" not in limits(documents, job)


def test_pods_fetch_the_prepared_data_before_they_begin() -> None:
    for job in (rendered()["chief"], rendered()["worker"]):
        (fetch,) = pod(job)["initContainers"]
        assert fetch["command"] == ["dvc", "pull", "--force", "--", str(PROCESSED)]
        assert fetch["image"] == IMAGE
        (mounted,) = fetch["volumeMounts"]
        assert mounted in pod(job)["containers"][0]["volumeMounts"]
        assert mounted["mountPath"] == f"{PROJECT}/{PROCESSED}"


def test_all_pods_share_the_folder_that_the_search_resumes_from() -> None:
    for job in (rendered(prefix="a/b")["chief"], rendered(prefix="a/b")["worker"]):
        volume = next(v for v in pod(job)["volumes"] if "csi" in v)
        attributes = volume["csi"]["volumeAttributes"]
        assert attributes["bucketName"] == "searches"
        options = attributes["mountOptions"].split(",")
        assert {"only-dir=a/b", f"uid={USER}", f"gid={USER}"} <= set(options)
        annotations = job["spec"]["template"]["metadata"]["annotations"]
        assert annotations == {"gke-gcsfuse/volumes": "true"}
        mounts = {m["name"]: m["mountPath"] for m in pod(job)["containers"][0]["volumeMounts"]}
        assert mounts[volume["name"]] == f"{PROJECT}/.checkpoints/tune"


def test_without_a_prefix_the_whole_bucket_is_the_folder() -> None:
    volume = next(v for v in pod(rendered()["chief"])["volumes"] if "csi" in v)
    assert "only-dir" not in volume["csi"]["volumeAttributes"]["mountOptions"]


def test_no_container_has_more_rights_than_it_needs() -> None:
    for job in (rendered()["chief"], rendered()["worker"]):
        spec = pod(job)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == USER > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        for container in [*spec["initContainers"], *spec["containers"]]:
            rights = container["securityContext"]
            assert rights["allowPrivilegeEscalation"] is False
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert not rights.get("privileged")


def test_only_the_workers_of_this_search_reach_the_chief() -> None:
    documents = rendered()
    spec = documents["NetworkPolicy"]["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert selects(spec["podSelector"]["matchLabels"], documents["chief"])
    assert not selects(spec["podSelector"]["matchLabels"], documents["worker"])
    (rule,) = spec["ingress"]
    (allowed,) = rule["from"]
    assert selects(allowed["podSelector"]["matchLabels"], documents["worker"])
    assert rule["ports"] == [{"protocol": "TCP", "port": 8000}]
    Path("models/tiny").rename("models/other")
    other = rendered(config="models/other/config.yaml")["worker"]
    assert not selects(allowed["podSelector"]["matchLabels"], other)


@pytest.fixture
def dockerfile(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that --dockerfile prints."""
    with pytest.raises(SystemExit) as ended:
        main(["--dockerfile"])
    assert ended.value.code == 0
    return capsys.readouterr().out.splitlines()


def test_the_image_has_the_folder_and_the_user_that_the_pods_expect(dockerfile: list[str]) -> None:
    assert dockerfile[-1].startswith("RUN ")
    assert f"WORKDIR {PROJECT}" in dockerfile
    assert f"USER {USER}:{USER}" in dockerfile


def test_the_image_gets_all_that_its_environment_is_made_of(dockerfile: list[str]) -> None:
    sync = next(at for at, line in enumerate(dockerfile) if line.startswith("RUN uv sync"))
    copies = [line.split()[1:-1] for line in dockerfile[:sync] if line.startswith("COPY ")]
    copied = {name.rstrip("/") for names in copies for name in names}
    assert copied == {"pyproject.toml", "requirements.txt", "uv.lock", "vendor"}
    sources = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["sources"]
    assert Path(sources["modelyard"]["path"]).parts[0] in copied
    assert "--no-default-groups" in dockerfile[sync]  # whose tools no pod needs


def test_rendering_needs_neither_tensorflow_nor_a_kubernetes_package(python: Run) -> None:
    command_room = "from modelyard.cloud.k8s.command import main"
    show = f"import sys; {command_room}; main(sys.argv[1:]); print(*sys.modules)"
    done = python("-c", show, *command())
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not loaded & {"keras", "keras_tuner", "kubernetes", "tensorflow"}

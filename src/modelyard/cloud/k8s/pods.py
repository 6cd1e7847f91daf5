"""The pods of a search: the chief's and the workers' differ in environment and size alone."""

from typing import Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from modelyard.search.patience import QUEUED

from .cluster import ClusterSearch

Document = dict[str, Any]

PROJECT = "/project"  # as in the Dockerfile
USER = 1000  # as in the Dockerfile
PORT = 8000
STATE = ".checkpoints/tune"  # where `tune` keeps what it resumes from

# Memory is a limit, too: a pod that needs more is ended alone, and says why (OOMKilled).
SMALL = {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"memory": "4Gi"}}
# Fits a machine with 4 cores and 15 GB; params.cache_mb of each split must fit in it.
WORKER = {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}


def labels(search: ClusterSearch, component: str) -> dict[str, str]:
    """Return the labels of the chief's or the workers' objects, which also select their pods."""
    return {
        "app.kubernetes.io/name": "hyperparameter-search",
        "app.kubernetes.io/instance": search.name,
        "app.kubernetes.io/component": component,
    }


def chief_pod(search: ClusterSearch) -> Document:
    """Return the template of the chief's pod; it needs no GPU."""
    environment = [
        {"name": "KERASTUNER_TUNER_ID", "value": "chief"},
        _from_pod("KERASTUNER_ORACLE_IP", "status.podIP"),  # where it listens
        {"name": "KERASTUNER_ORACLE_PORT", "value": str(PORT)},
    ]
    container = _container(search, "chief", environment, SMALL)
    container["ports"] = [{"name": "grpc", "containerPort": PORT}]
    # A new container in the same pod keeps the address that the workers know.
    return _pod(search, "chief", container, restart="OnFailure")


def worker_pod(search: ClusterSearch) -> Document:
    """Return the template of a worker's pod.

    Its index is its identity: the pod that replaces a dead one has the same, and so the chief
    gives it the trial that the dead one left.
    """
    index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    environment = [
        _from_pod("WORKER_INDEX", index),  # before it is used
        {"name": "KERASTUNER_TUNER_ID", "value": "worker-$(WORKER_INDEX)"},
        {"name": "KERASTUNER_ORACLE_IP", "value": f"{search.name}-chief"},  # the Service
        {"name": "KERASTUNER_ORACLE_PORT", "value": str(PORT)},
    ]
    container = _container(search, "worker", environment, WORKER)
    if search.gpus:
        container["resources"]["limits"]["nvidia.com/gpu"] = search.gpus
    return _pod(search, "worker", container, restart="Never")


def _from_pod(name: str, field: str) -> Document:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


def _container(
    search: ClusterSearch, name: str, environment: list[Document], size: Document
) -> Document:
    data = search.config.input_paths.data.as_posix()
    tune = ["python", "-m", "src.run", "tune", "--config", search.config_path, "--remote"]
    return {
        "name": name,
        "image": search.image,
        "command": tune,
        "workingDir": PROJECT,
        "env": [*environment, *([{"name": QUEUED, "value": "1"}] if search.queue else [])],
        "resources": {kind: dict(amounts) for kind, amounts in size.items()},
        "securityContext": _unprivileged(),
        "volumeMounts": [
            {"name": "data", "mountPath": f"{PROJECT}/{data}"},
            {"name": "search", "mountPath": f"{PROJECT}/{STATE}"},
        ],
    }


def _data_container(search: ClusterSearch) -> Document:
    """Fetch the prepared data; --force, for a restarted one finds what the last one left."""
    data = search.config.input_paths.data.as_posix()
    return {
        "name": "data",
        "image": search.image,
        "command": ["dvc", "pull", "--force", "--", data],
        "workingDir": PROJECT,
        "resources": {kind: dict(amounts) for kind, amounts in SMALL.items()},
        "securityContext": _unprivileged(),
        "volumeMounts": [{"name": "data", "mountPath": f"{PROJECT}/{data}"}],
    }


def _pod(search: ClusterSearch, component: str, container: Document, restart: str) -> Document:
    return {
        "metadata": {
            "labels": labels(search, component),
            "annotations": {"gke-gcsfuse/volumes": "true"},  # adds the container that mounts
        },
        "spec": {
            "restartPolicy": restart,
            # kubectl reads YAML 1.1, where a bare `on` is not a string.
            "serviceAccountName": Quoted(search.service_account),
            # Workload identity asks the node, not the Kubernetes API.
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "initContainers": [_data_container(search)],
            "containers": [container],
            "volumes": [{"name": "data", "emptyDir": {}}, _bucket(search)],
        },
    }


def _unprivileged() -> Document:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def _bucket(search: ClusterSearch) -> Document:
    """Mount the search's folder; all pods see at once what another one wrote."""
    options = ["implicit-dirs", f"uid={USER}", f"gid={USER}", "rename-dir-limit=1000"]
    options += ["metadata-cache:ttl-secs:0", "metadata-cache:negative-ttl-secs:0"]
    if search.prefix:
        options.append(f"only-dir={search.prefix}")
    attributes = {"bucketName": Quoted(search.bucket), "mountOptions": ",".join(options)}
    driver = "gcsfuse.csi.storage.gke.io"
    return {"name": "search", "csi": {"driver": driver, "volumeAttributes": attributes}}

"""The Kubernetes objects of a search, and their text."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from .cluster import ClusterSearch
from .pods import PORT, Document, chief_pod, labels, worker_pod

QUEUE = "kueue.x-k8s.io/queue-name"  # a label by which Kueue knows what it manages
RETRIES = 6  # failures of the chief, and of each worker; Kubernetes' own default


def documents(search: ClusterSearch) -> list[Document]:
    """Return the objects in the order in which they should be made."""
    return [_network_policy(search), _service(search), _chief(search), _workers(search)]


def render(objects: list[Document]) -> str:
    """Return one text with a YAML document for each object."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.explicit_start = True
    text = StringIO()
    yaml.dump_all(objects, text)
    return text.getvalue()


def _object(version: str, kind: str, search: ClusterSearch, component: str) -> Document:
    metadata = {"name": f"{search.name}-{component}", "labels": labels(search, component)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _job(search: ClusterSearch, component: str, spec: Document) -> Document:
    """Return a Job; one for a queue begins suspended, and Kueue lets it run."""
    job = _object("batch/v1", "Job", search, component)
    if search.queue is not None:
        # kubectl reads YAML 1.1, where a bare `on` is not a string.
        job["metadata"]["labels"][QUEUE] = Quoted(search.queue)
        spec = {"suspend": True} | spec
    return job | {"spec": spec}


def _network_policy(search: ClusterSearch) -> Document:
    """Let nobody but the workers talk to the chief: its protocol asks for no password."""
    workers = {"podSelector": {"matchLabels": labels(search, "worker")}}
    ports = [{"protocol": "TCP", "port": PORT}]
    spec = {
        "podSelector": {"matchLabels": labels(search, "chief")},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [workers], "ports": ports}],
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", search, "chief") | {"spec": spec}


def _service(search: ClusterSearch) -> Document:
    """Give the chief a name; without an address of its own it leads to the pod itself."""
    spec = {
        "clusterIP": "None",
        "selector": labels(search, "chief"),
        "ports": [{"name": "grpc", "port": PORT, "targetPort": "grpc"}],
    }
    return _object("v1", "Service", search, "chief") | {"spec": spec}


def _chief(search: ClusterSearch) -> Document:
    return _job(search, "chief", {"backoffLimit": RETRIES, "template": chief_pod(search)})


def _workers(search: ClusterSearch) -> Document:
    spec: dict[str, Any] = {
        "completionMode": "Indexed",
        "completions": search.workers,
        "parallelism": search.workers,
        "backoffLimitPerIndex": RETRIES,
        # Two pods with one identity would work on one trial: the old one must have ended.
        "podReplacementPolicy": "Failed",
        # A node that is taken away, as spot machines are, is not a failure of the worker.
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "Ignore",
                    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                }
            ]
        },
        "template": worker_pod(search),
    }
    return _job(search, "worker", spec)

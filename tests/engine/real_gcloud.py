"""The real `gcloud`, in one process for all calls, against a Compute Engine on loopback."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

# It takes a second to start, so one process starts once, and forks for each command.
DRIVER = """
import json, os, sys, tempfile
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/third_party"]
from googlecloudsdk import gcloud_main
cli = gcloud_main.CreateCLI([])
files = [tempfile.TemporaryFile("w+") for _ in (1, 2)]
for line in iter(sys.stdin.readline, ""):
    for file in files:
        file.seek(0)
        file.truncate()
    child = os.fork()
    if not child:
        os.dup2(files[0].fileno(), 1)
        os.dup2(files[1].fileno(), 2)
        try:
            cli.Execute(json.loads(line))
        except SystemExit as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code or 0)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for file in files:
        file.seek(0)
    print(json.dumps([code, *(file.read() for file in files)]), flush=True)
os._exit(0)
"""
PROGRAM = shutil.which("gcloud")
LIBRARY = Path(PROGRAM).resolve().parents[1] / "lib" if PROGRAM else Path("/nowhere")
PYTHON = LIBRARY.parent / "platform/bundledpythonunix/bin/python3"
MISSING = not (LIBRARY / "googlecloudsdk").is_dir() or not PYTHON.exists()


@contextmanager
def real_gcloud(folder: Path, server: HTTPServer) -> Iterator[Any]:
    """Yield what runs `gcloud` instead of `subprocess.run`."""
    settings = {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": server.url_for("/compute/v1/"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(folder / "token"),
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        "CLOUDSDK_CONFIG": str(folder / "config"),
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",  # it would look for a minute
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
    }
    (folder / "token").write_text("a-token")
    with subprocess.Popen(
        [str(PYTHON), "-S", "-c", DRIVER, str(LIBRARY)],
        env=os.environ | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:

        def run(command: list[str], **_: Any) -> "CompletedProcess[str]":
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(command[1:]) + "\n")
            process.stdin.flush()
            code, out, said = json.loads(process.stdout.readline())
            return CompletedProcess(command, code, out, said)

        yield run


@dataclass
class Compute:
    """Compute Engine as far as a launch needs it; what is there, and what was asked.

    https://cloud.google.com/compute/docs/reference/rest/v1
    """

    base: str
    vms: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    preempted: list[str] = field(default_factory=list)
    last: tuple[str, str] = ("insert", "")

    def answer(self, request: Request) -> Response:
        """Answer a request."""
        path = request.path.partition("/projects/a-project/")[2]
        self.asked.append(re.sub("cml-[0-9-]+", "VM", f"{request.method} {path}"))
        if path.endswith("/wait"):
            return _json(self._described("DONE", *self.last))
        if path.startswith("aggregated/"):
            return self._listed(path.removeprefix("aggregated/"))
        zone, _, name = path.partition("/instances")
        if request.method == "POST" and name == "":
            body = json.loads(request.data)
            self.vms[body["name"]] = body | {
                "zone": f"{self.base}/{zone}",
                "status": "RUNNING",
                "creationTimestamp": "2026-11-29T10:00:00.000-08:00",
            }
            return self._operation("insert", body["name"])
        if not name:
            return _json({"name": zone.partition("/")[2], "status": "UP"})
        return self._of(name.split("/")[1], name, request)

    def _of(self, vm: str, path: str, request: Request) -> Response:
        if vm not in self.vms:
            message = f"The resource 'projects/a-project/zones/z/instances/{vm}' was not found"
            error = {"code": 404, "message": message, "errors": [{"message": message}]}
            return _json({"error": error}, 404)
        if request.method == "DELETE":
            del self.vms[vm]
            return self._operation("delete", vm)
        if path.endswith("/setMetadata"):
            self.vms[vm]["metadata"] = json.loads(request.data)
            return self._operation("setMetadata", vm)
        if path.endswith("/serialPort"):
            return _json({"contents": "it boots", "start": "0", "next": "8"})
        shown = self.vms[vm]
        return _json(shown | {"metadata": shown["metadata"] | {"fingerprint": "abc="}})

    def _listed(self, what: str) -> Response:
        found = [*self.vms.values()]
        if what == "operations":
            kind = "compute.instances.preempted"
            found = [self._described("DONE", kind, name) for name in self.preempted]
        return _json({"items": {"zones/us-central1-a": {what: found}}})

    def _operation(self, kind: str, name: str) -> Response:
        self.last = (kind, name)
        return _json(self._described("RUNNING", kind, name))

    def _described(self, status: str, kind: str, name: str) -> dict[str, Any]:
        zone = f"{self.base}/zones/us-central1-a"
        return {
            "name": "operation-1", "status": status, "operationType": kind, "zone": zone,
            "selfLink": f"{zone}/operations/operation-1", "targetLink": f"{zone}/instances/{name}",
        }  # fmt: skip


def _json(document: Any, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")


def serve_compute(server: HTTPServer) -> Compute:
    """Let a server be Compute Engine."""
    compute = Compute(server.url_for("/compute/v1/projects/a-project"))
    server.expect_request(re.compile("/compute/v1/.*")).respond_with_handler(compute.answer)
    return compute

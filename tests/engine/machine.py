"""A machine that only seems to be one: programs that record, a metadata server, Compute Engine."""

import hashlib
import io
import os
import re
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

TOKEN = "ya29.of-the-machine's-own-account"  # noqa: S105 (a token that opens nothing)
INSTANCE = {
    "instance/name": "cml-77-2",
    "instance/zone": "projects/1/zones/us-central1-a",
    "instance/image": "projects/ubuntu-os-cloud/global/images/ubuntu-2204",
    "project/project-id": "a-project",
    "instance/service-accounts/default/token": (
        f'{{"access_token":"{TOKEN}","expires_in":3599,"token_type":"Bearer"}}'
    ),
}
# What each program does besides being recorded.
PROGRAMS = {
    "apt-get": "",
    "chown": "",
    "curl": """
        args=()
        for one in "$@"; do args+=("${one/#https:\\/\\/*.com/$SERVER}"); done
        exec /usr/bin/curl "${args[@]}"
    """,
    "id": "exit 1",
    "install": 'mkdir -p "${@: -1}"',
    "nvidia-smi": '[ -e "$ROOT/driver" ] && echo "GPU 0: NVIDIA L4"',
    "pkill": "exit 1",
    "python3": 'eval "$INSTALLER"',
    "reboot": "",
    "runuser": 'shift 3; exec "$@"',
    "shutdown": "",
    "sleep": """
        [ "$1" != 600 ] || kill -KILL "$PPID" # by then this machine is gone
        if [ "$1" = 10 ]; then # by then the runner has begun, and its job if there is one
            begun=$ROOT/environment
            [ ! -e "$ROOT/job" ] || begun=$ROOT/home/runner/actions-runner/_diag/Worker_1.log
            until [ -e "$begun" ]; do /bin/sleep 0.01; done
        fi
        exec /bin/sleep 0.01
    """,
    "systemctl": "",
    "systemd-run": "",
    "useradd": "",
}
# The runner of GitHub: it writes down what it was given, and has a job where the test says so.
RUN = """\
#!/bin/bash
echo "$ACTIONS_RUNNER_INPUT_JITCONFIG" >>"$ROOT/configs"
env >"$ROOT/environment"
touch .credentials
if [ -e "$ROOT/job" ]; then mkdir -p _diag && touch _diag/Worker_1.log; /bin/sleep 0.1
else exec /bin/sleep 60; fi
"""


@dataclass
class Machine:
    """What happens on it.

    Attributes:
        metadata: as the metadata server gives it, by path.
        waited: what the metadata become, one after the other, while somebody waits for a change.
        deleted: the Authorization headers of requests to delete this machine.
        delete_status: how Compute Engine answers them.
    """

    root: Path
    server: HTTPServer
    metadata: dict[str, str] = field(default_factory=INSTANCE.copy)
    waited: list[dict[str, str]] = field(default_factory=list)
    deleted: list[str | None] = field(default_factory=list)
    delete_status: int = 200

    def __post_init__(self) -> None:
        """Put the programs there, and begin to serve."""
        (self.root / "bin").mkdir(parents=True)
        for name, body in PROGRAMS.items():
            path = self.root / "bin" / name
            path.write_text(f'#!/bin/bash\necho "{name} $*" >>"$ROOT/calls"\n{body}\n')
            path.chmod(0o755)
        self._serve(r"/computeMetadata/v1/.*", self._metadata)
        self._serve(r"/compute/v1/projects/.*", self._delete)
        self.archive = _archive()
        self._serve(r"/actions/runner/.*", lambda _: Response(self.archive))
        self._serve(r"/compute-gpu-installation-us/.*", lambda _: Response(b"an installer"))

    def _serve(self, pattern: str, answer: Callable[[Request], Response]) -> None:
        self.server.expect_request(re.compile(pattern)).respond_with_handler(answer)

    @property
    def checksum(self) -> str:
        """The SHA-256 of the archive with the runner."""
        return hashlib.sha256(self.archive).hexdigest()

    def _metadata(self, request: Request) -> Response:
        """Answer as https://cloud.google.com/compute/docs/metadata/querying-metadata says."""
        if request.headers.get("Metadata-Flavor") != "Google":
            return Response("Missing Metadata-Flavor:Google header.", 403)
        path = request.path.removeprefix("/computeMetadata/v1/")
        headers = {"Metadata-Flavor": "Google", "ETag": str(len(self.waited))}
        if request.args.get("wait_for_change") == "true":
            assert request.args["timeout_sec"] == "60"
            self.metadata |= self.waited.pop(0) if self.waited else {}
            return Response("{}", 200, headers)
        if path not in self.metadata:
            return Response("not found", 404, headers)
        return Response(self.metadata[path], 200, headers)

    def _delete(self, request: Request) -> Response:
        assert (request.method, request.path) == (
            "DELETE", "/compute/v1/projects/a-project/zones/us-central1-a/instances/cml-77-2",
        )  # fmt: skip
        self.deleted.append(request.headers.get("Authorization"))
        return Response("{}", self.delete_status)

    def boot(self, script: str, installer: str = "") -> str:
        """Run the script as at a boot of the machine; return what it said."""
        address = self.server.url_for("").rstrip("/")
        (self.root / "calls").write_text("")
        done = subprocess.run(
            ["/bin/bash", "-c", f"export SCRIPT=$$\n{script}"],
            env={
                "COMPUTE": f"{address}/compute/v1",
                "INSTALLER": installer,
                "METADATA": f"{address}/computeMetadata/v1",
                "PATH": f"{self.root / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
                "ROOT": str(self.root),
                "SERVER": address,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.stdout + done.stderr

    def calls(self, program: str) -> list[str]:
        """Return the arguments of a program's calls since the last boot."""
        lines = (self.root / "calls").read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if line.split()[0] == program]

    def configs(self) -> list[str]:
        """Return the registrations with which runners were started."""
        path = self.root / "configs"
        return path.read_text().splitlines() if path.exists() else []


def _archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in {"run.sh": RUN, "bin/installdependencies.sh": "#!/bin/sh\n"}.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size, entry.mode = len(text), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()

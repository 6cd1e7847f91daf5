"""Stages and DVC without their imports: forks of a process that has imported what is not ours.

`dvc repro` imports TensorFlow twice in every test, in `train` and in `evaluate`, which is half of
what a short training takes, and DVC itself, which is most of what a `dvc` without stages takes.
All code of the project and of the engine is imported by the stage itself, in a process and an
environment of its own. Every stage of the first run.sh, of the first workflow, of one on a VM, and
of whatever is to be killed starts a Python of its own.
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

# In place of `python` and `dvc` on PATH: hands both over to the server, all else to the real one.
CLIENT = """#!{python} -IS
import json, os, socket, sys

program = "{programs}/" + os.path.basename(sys.argv[0])
arguments = sys.argv[1:]
if program.endswith("python") and arguments[:2] != ["-m", "src.run"]:
    os.execv(program, [program, *arguments])
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect("{address}")
request = [program, arguments, os.getcwd(), dict(os.environ)]
socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2])
answer = server.recv(9)
sys.exit(int(answer) if answer else "the server of tests/pipeline/warm.py is gone")
"""

SERVER = """
import gc, importlib, json, os, runpy, select, signal, socket, sys
from pathlib import Path

from modelyard.startup import import_tensorflow

import_tensorflow(Path("no code"))
settings = {name: os.environ[name] for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")}
for name in [name for name in sys.modules if name.partition(".")[0] == "modelyard"]:
    del sys.modules[name]
for name in ("cli.parser", "repo.reproduce", "repo.status", "repo.commit", "scm", "stage.run"):
    importlib.import_module(f"dvc.{name}")
gc.collect()
gc.freeze()

server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if 0 in select.select([0, server], [], [])[0]:
        sys.exit()  # the tests have ended
    connection, _ = server.accept()
    if os.fork() == 0:
        break
    connection.close()

server.close()
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
message, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
stage = os.fork()
if stage:
    status = os.waitstatus_to_exitcode(os.waitpid(stage, 0)[1])
    connection.send(str(status % 256).encode())
    os._exit(0)

connection.close()
for number, file in enumerate(files):
    os.dup2(file, number)
    os.close(file)
program, arguments, folder, environment = json.loads(message)
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
if program.endswith("dvc"):
    sys.path[0], sys.argv = os.path.dirname(program), [program, *arguments]
    runpy.run_path(program, run_name="__main__")
os.environ.update(settings)
sys.path[0], sys.argv = folder, arguments[1:]
runpy.run_module("src.run", run_name="__main__", alter_sys=True)
"""


@cache
def environment(real: Path) -> Path:
    """Return what stands in for a virtual environment: its stages and its DVC start sooner.

    All else in it is the real one's. The server ends with the process that calls this.
    """
    folder = Path(tempfile.mkdtemp())
    address, python = folder / "socket", real / "bin/python"
    (folder / "bin").mkdir()
    for path in (*real.iterdir(), *real.glob("bin/*")):
        there = folder / path.relative_to(real)
        if path in {python, real / "bin/dvc"}:
            text = CLIENT.format(python=python, programs=real / "bin", address=address)
            there.write_text(text)
            there.chmod(0o755)
        elif path.parent == real and path.is_file():  # Git wants no link to a .gitignore
            shutil.copy(path, there)
        elif path.name != "bin":
            there.symlink_to(path)
    command = [str(python), "-c", SERVER, str(address)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _servers.append(server)
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    return folder


def stop() -> None:
    """End the servers."""
    while _servers:
        _servers.pop().communicate()
    environment.cache_clear()


_servers: list["subprocess.Popen[str]"] = []  # whose standard input stays open until the end

"""Stages that need not import TensorFlow: forks of a process that has done so.

`dvc repro` imports it twice in every test, in `train` and in `evaluate`, which is half of what a
short training takes. All code of the project and of the engine is imported by the stage itself, in
a process and an environment of its own. Whatever is started by run.sh, by a workflow, or to be
killed starts its own Python.
"""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

STAGES = ("train", "evaluate")

# In place of `python` on PATH: hands a stage over to the server, all else to the real Python.
CLIENT = """#!{python} -IS
import json, os, socket, sys

arguments = sys.argv[1:]
if arguments[:2] != ["-m", "src.run"] or arguments[2] not in {stages}:
    os.execv("{python}", ["{python}", *arguments])
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect("{address}")
request = [os.getcwd(), dict(os.environ), arguments[2:]]
socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2])
answer = server.recv(9)
sys.exit(int(answer) if answer else "the server of tests/pipeline/warm.py is gone")
"""

SERVER = """
import json, os, runpy, select, signal, socket, sys
from pathlib import Path

from modelyard.startup import import_tensorflow

import_tensorflow(Path("no code"))
settings = {name: os.environ[name] for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")}
for name in [name for name in sys.modules if name.partition(".")[0] == "modelyard"]:
    del sys.modules[name]

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
folder, environment, arguments = json.loads(message)
os.chdir(folder)
os.environ.clear()
os.environ.update(environment | settings)
sys.path[0], sys.argv = folder, ["src.run", *arguments]
runpy.run_module("src.run", run_name="__main__", alter_sys=True)
"""


@cache
def programs(environment: Path) -> Path:
    """Return a folder whose `python` is that of an environment, but starts stages sooner.

    The server ends with the process that calls this.
    """
    folder, python = Path(tempfile.mkdtemp()), environment / "bin/python"
    address = folder / "socket"
    client = folder / "python"
    client.write_text(CLIENT.format(python=python, address=address, stages=STAGES))
    client.chmod(0o755)
    command = [str(python), "-c", SERVER, str(address)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    _servers.append(server)
    return folder


_servers: list["subprocess.Popen[str]"] = []  # whose standard input stays open until the end

"""Serve saved models over HTTP, with a page to try them."""

import argparse
import errno
import gc
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import NamedTuple, get_args

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.official.choosing import add_options, chosen

from .hosts import Hosts
from .logs import set_up
from .predictor import Engine, load_predictor

PORTS = range(2**16)
FILES = 1024  # open at a time: connections, and what else a server has
TRY = "try 127.0.0.1, or 0.0.0.0 for all addresses of this machine"


class Reach(NamedTuple):
    """Who reaches a server, and what they see.

    Attributes:
        host: the name or address to listen on.
        port: 0 is any that is free.
        allowed: names for which to answer besides `host`, see `Hosts`.
        examples: whether the page offers examples of the test split; None: to this machine alone.
    """

    host: str
    port: int
    allowed: Sequence[str] = ()
    examples: bool | None = None


def serve(models: Sequence[str], reach: Reach, engine: Engine = "keras") -> None:
    """Answer until the process is told to end; then finish what has been accepted.

    Args:
        models: the first is that of /predict.
        reach: who reaches them.
        engine: what computes.

    Raises:
        UserError: no such model, two of one name, one that answers with NaN, or a name or an
            address that cannot be used.
    """
    host, port, allowed, examples = reach
    hosts = Hosts(allowed)
    with _bound(host, port) as listener:  # first: it costs nothing, and loading costs seconds
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # raised while TensorFlow loads it is noise
        from .app import application, server
        from .places import Places
        from .served import Served

        places = Places()
        served = [Served(load_predictor(model, engine), places, model) for model in models]
        check_names([one.name for one in served], models)
        for one in served:
            one.warm_up()
            one.offers_examples = _is_loopback(listener) if examples is None else examples
        gc.freeze()  # what is loaded stays: the collector need not look at it again and again
        for told in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told, signal.default_int_handler)  # what remains when the server is done

        def say_where() -> None:  # only now is a signal the server's, which then ends in order
            names = ", ".join(one.name for one in served)
            print(f"Serving {names} at {_url(listener)} (Ctrl-C ends it)", flush=True)

        hosts.allow(host)
        set_up()
        app = application(served, hosts, say_where)
        _listen(listener, host, port)
        _allow_files()
        server(app).run(sockets=[listener])


def check_names(names: Sequence[str], models: Sequence[str]) -> None:
    """Refuse models of one name, which paths could not tell apart.

    Raises:
        UserError: which they are.
    """
    for place, name in enumerate(names):
        if (first := names.index(name)) < place:
            raise UserError(
                f"{models[first]} and {models[place]} are both called {name}; leave one of them "
                "out, or serve it with another server."
            )


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Yield a socket that has the address and refuses everybody until it listens."""
    try:
        *kind, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise UserError(f"--host {host} cannot be looked up ({error.strerror}); {TRY}.") from None
    except UnicodeError:
        raise UserError(f"--host {host} is not a name that a machine can have; {TRY}.") from None
    # With its protocol, or asyncio leaves Nagle's algorithm on: 40 ms for each answer.
    with socket.socket(*kind) as found:
        if sys.platform != "win32":  # there it would share the port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(address)
        except OSError as error:
            raise _refused(host, port, error) from None
        yield found


def _listen(listener: socket.socket, host: str, port: int) -> None:
    try:
        listener.listen()
    except OSError as error:  # another process was faster
        raise _refused(host, port, error) from None


def _allow_files() -> None:
    """Let this process have a file for each connection: macOS begins with 256."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _refused(host: str, port: int, error: OSError) -> UserError:
    if error.errno not in (errno.EACCES, errno.EADDRINUSE):  # the port is not to blame
        return UserError(
            f"--host {host} is not an address of this machine that can be used; {TRY}."
        )
    return UserError(
        f"{host} port {port} cannot be used ({error.strerror}); choose another with --port, or 0 "
        f"for any that is free."
    )


def _is_loopback(listener: socket.socket) -> bool:
    """Say whether this machine alone can connect."""
    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; it is 0 to {PORTS[-1]}")
    return int(text)


def _run(options: argparse.Namespace) -> None:
    models = [chosen(model, options) for model in options.models]
    reach = Reach(options.host, options.port, options.allowed_host, options.examples)
    serve(models, reach, options.engine)


def main(arguments: list[str] | None = None) -> int:
    """Serve; return 0 when told to end, or 1 after one sentence on what to mend."""
    prog = program("modelyard.serving.serve", "modelyard serve")
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="models/<model>, a .keras file, or an official model: NAME, NAME@v1.0.0",
    )
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: for other machines too")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that clients call this server by, besides localhost and addresses; *: any",
    )
    parser.add_argument("--port", type=_port, default=8000, help="0: any that is free")
    parser.add_argument(
        "--engine",
        choices=get_args(Engine),
        default="keras",
        help="tflite: the exported model, without TensorFlow: starts and answers faster",
    )
    add_options(parser)
    parser.add_argument(
        "--examples",
        action=argparse.BooleanOptionalAction,
        help="whether the page offers examples of the test split; by default to this machine only",
    )
    options = parser.parse_args(arguments)
    try:
        return finish(lambda: _run(options))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

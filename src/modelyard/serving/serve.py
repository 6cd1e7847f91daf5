"""Serve a saved model over HTTP, with a page to try it: `modelyard serve MODEL`."""

import argparse
import errno
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from modelyard.command import finish
from modelyard.errors import UserError

from .predicting import Predicting
from .predictor import load_predictor

PORTS = range(2**16)
TRY = "try 127.0.0.1, or 0.0.0.0 for all addresses of this machine"
WARM_UP = (1, 2, 32)  # batches: for another size TensorFlow prepares itself anew, twice


def serve(model: str, host: str, port: int) -> None:
    """Answer until the process is told to end; then finish what has been accepted.

    Raises:
        UserError: no such model, one that answers with NaN, or an address that cannot be used.
    """
    with _bound(host, port) as listener:  # first: it costs nothing, and loading costs seconds
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # raised while TensorFlow loads it is noise
        predictor = load_predictor(model)
        _warm_up(predictor)
        for told in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told, signal.default_int_handler)  # what remains when the server is done
        from .app import create_app, server

        def say_where() -> None:  # only now is a signal the server's, which then ends in order
            name = predictor.about["model"]
            print(f"Serving {name} at {_url(listener)} (Ctrl-C ends it)", flush=True)

        app = create_app(predictor, say_where)
        _listen(listener, host, port)
        server(app).run(sockets=[listener])


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


def _refused(host: str, port: int, error: OSError) -> UserError:
    if error.errno not in (errno.EACCES, errno.EADDRINUSE):  # the port is not to blame
        return UserError(
            f"--host {host} is not an address of this machine that can be used; {TRY}."
        )
    return UserError(
        f"{host} port {port} cannot be used ({error.strerror}); choose another with --port, or 0 "
        f"for any that is free."
    )


def _warm_up(predictor: Predicting) -> None:
    for count in WARM_UP:
        predictor.outputs(predictor.kind.blank(count))


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; it is 0 to {PORTS[-1]}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Serve; return 0 when told to end, or 1 after one sentence on what to mend."""
    parser = argparse.ArgumentParser(prog="modelyard serve", description=__doc__)
    parser.add_argument("model", help="models/<model>, a .keras file, or an official model's name")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: for other machines too")
    parser.add_argument("--port", type=_port, default=8000, help="0: any that is free")
    options = parser.parse_args(arguments)
    try:
        return finish(lambda: serve(options.model, options.host, options.port))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

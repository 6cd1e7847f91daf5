"""moto's S3, a request at a time: `python s3.py PORT`.

moto looks whether a key is there and then makes it; only one by one that is a precondition.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

LOCK = threading.Lock()
Answer = Iterable[bytes]


def one_by_one(application: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return a WSGI application that answers no two requests at once."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Answer:
        with LOCK:
            return list(application(environ, start_response))

    return answer


if __name__ == "__main__":
    s3 = one_by_one(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), s3, threaded=True)

"""Import TensorFlow and Keras quickly, and without their pages of start-up notices."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What Keras loads, where it is installed, for keras.visualization and keras.wrappers, which nothing
# here uses: a third of every start. Take a name out to use them.
NOT_FOR_KERAS = ("matplotlib", "sklearn")


def import_tensorflow() -> None:
    """Import TensorFlow; what it says on standard error is shown only if the import fails."""
    if sys.modules.get("tensorflow"):
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after the import; what matters it raises
    with _quiet(), _uncollected(), _hidden(*NOT_FOR_KERAS):
        import tensorflow  # noqa: F401  (it brings Keras)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what is written to standard error, unless the block fails."""
    if sys.stderr is None:  # closed by who started us
        os.open(os.devnull, os.O_WRONLY)  # takes its place, or the next file would get the notices
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        # The notices come from C++ before any Python setting reaches it, hence the descriptor.
        os.dup2(notices.fileno(), 2)
        try:
            yield
        except Exception:  # not for Ctrl-C
            notices.seek(0)
            os.write(stderr, notices.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the collector of garbage what the block makes, now and for ever: nothing of it goes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _hidden(*packages: str) -> Iterator[None]:
    """Make imports of packages fail in the block as if they were not installed."""
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in packages if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: an import raises
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]

"""Import TensorFlow and Keras quickly, and without their pages of start-up notices."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import UserError

# Keras loads these, where they are installed, for modules that few use: a third of every start.
OPTIONAL = {"matplotlib": b"keras.visualization", "sklearn": b"keras.wrappers"}
BACKEND = "tensorflow"


def import_tensorflow(code: Path) -> None:
    """Import TensorFlow and Keras; what they print is shown only if the import fails.

    What Keras loads for a few users only is left out, unless a file of the folder `code` names it.

    Raises:
        UserError: KERAS_BACKEND asks for another backend.
    """
    if sys.modules.get("tensorflow"):
        return
    _choose_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after the import; what matters it raises
    with quiet(), _frozen(), _hidden(*_unused(code)):
        import tensorflow  # noqa: F401  (it brings Keras)


def _choose_backend() -> None:
    """Have Keras use TensorFlow, whatever ~/.keras/keras.json says."""
    backend = os.environ.get("KERAS_BACKEND") or BACKEND
    if backend != BACKEND:
        raise UserError(
            f"The environment variable KERAS_BACKEND is {backend!r}, but the stages train with "
            f"TensorFlow, which alone exports TFLite; unset it, or set it to {BACKEND}."
        )
    os.environ["KERAS_BACKEND"] = BACKEND


def _unused(code: Path) -> list[str]:
    """Return the packages that Keras need not load, because no file in a folder names their use."""
    texts = [file.read_bytes() for file in code.rglob("*.py")]
    return [name for name, part in OPTIONAL.items() if not any(part in text for text in texts)]


@contextmanager
def quiet() -> Iterator[None]:
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
def _frozen() -> Iterator[None]:
    """Freeze what the block creates, so that the garbage collector skips it from now on."""
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

"""Import TensorFlow without its pages of start-up notices."""

import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Import TensorFlow; what it says on standard error is shown only if the import fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after the import; what matters it raises
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as notices:
        # The notices come from C++ before any Python setting reaches it, hence the descriptor.
        os.dup2(notices.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            notices.seek(0)
            os.write(stderr, notices.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)

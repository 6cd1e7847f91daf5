"""Load a saved Keras model together with the layers of the project's own in it."""

import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras

from modelyard.config.project import import_own
from modelyard.errors import UserError
from modelyard.faults import machine_fault
from modelyard.files import read_yaml

from .description import description_of
from .foreign import Named, foreign_objects


def load_saved(path: Path) -> keras.Model:
    """Return the model of a .keras file, uncompiled.

    A layer is known once the module that registers it is imported; those of this project that the
    file or its description names are. No other code is loaded. Keras raises errors of many kinds
    for a damaged file.

    Raises:
        UserError: a layer of somebody's own cannot be found: of which module, trained where.
    """
    objects = sorted(set(foreign_objects(path)))
    about = _description(path)
    for name in dict.fromkeys([*(one.module for one in objects), str(about.get("module", ""))]):
        import_own(name)
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        missing = [one for one in objects if not is_registered(one.registered)]
        if not missing:
            raise
        raise UserError(_not_found(path, missing[0], about)) from error


def load_intact(path: Path) -> keras.Model:
    """Return the model of a .keras file that a stage wrote, uncompiled, see `load_saved`.

    Raises:
        UserError: it is damaged, or a layer cannot be found.
    """
    try:
        return load_saved(path)
    except (UserError, ImportError, SyntaxError, MemoryError):
        raise
    except Exception as error:  # a damaged file makes Keras raise errors of many kinds
        if machine_fault(error):
            raise
        raise UserError(
            f"{path} is not a model that Keras can load ({_why(path, error)}); `dvc pull` or train "
            "it again."
        ) from None


def _why(path: Path, error: Exception) -> str:
    if path.is_file() and not zipfile.is_zipfile(path):
        return "it is empty" if not path.stat().st_size else "it is not a complete .keras file"
    return str(error).strip().partition("\n")[0].partition(". ")[0]


def is_registered(name: str) -> bool:
    """Say whether Keras knows an object of somebody's own by that name."""
    return name in keras.saving.get_custom_objects()


def _description(path: Path) -> dict[str, Any]:
    """Return what describes a saved model, where it is readable."""
    file = description_of(path)
    with suppress(UserError):
        document = read_yaml(file) if file.is_file() else {}
        return document if isinstance(document, dict) else {}
    return {}


def _not_found(path: Path, missing: Named, about: dict[str, Any]) -> str:
    trained = about.get("trained_in")
    trained = trained if isinstance(trained, dict) else {}
    where = " at commit ".join(
        str(trained[key]) for key in ("project", "commit") if trained.get(key)
    )
    file = f"{missing.module.replace('.', '/')}.py"
    return (
        f"{path} needs {missing.kind} of {missing.module}, which is not here or does not register "
        f"it; it was trained in {where or 'another project'}: bring {file} from there, with "
        f"@keras.saving.register_keras_serializable() above {missing.kind}."
    )

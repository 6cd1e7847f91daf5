"""Before the first epoch, one batch goes through all that can fail, up to the export.

It warms exactly the functions that `fit` uses, so that nothing is traced twice, and puts every
variable back. Saving and exporting are left out where the network has known layers only: they cost
seconds and cannot fail.
"""

import inspect
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from modelyard.config.own_code import explained, placed, summary
from modelyard.errors import UserError
from modelyard.recipe.precision import is_mixed
from modelyard.recipe.recipe import Recipe
from modelyard.recipe.validation import check_defined, judged_names
from modelyard.saved.encoding import with_encoder
from modelyard.saved.exporting import check_forms, needs_rehearsal
from modelyard.saved.foreign import Named, foreign_objects
from modelyard.saved.loading import is_registered, load_saved
from modelyard.tasks import Datasets, finished, task_of
from modelyard.tasks.batches import picked

from .state import restore_state, state_of

TOLERANCE = 1e-3  # between what a model says and what it says once saved and loaded
_HOW_TO_SAVE = "give the class a get_config that returns the arguments of its __init__"


def rehearse(
    model: keras.Model, recipe: Recipe, data: Datasets, *, thorough: bool = False
) -> list[str]:
    """Run one batch through build, loss, metrics, a step, saving, loading and every export.

    Args:
        model: compiled; it is left as it was.
        recipe: how it is trained.
        data: gives the batches.
        thorough: save and export whatever the layers are.

    Returns:
        What the model reports, as `<name>` and `val_<name>`.

    Raises:
        UserError: what fails, where in the team's code, and what to do.
    """
    check_defined(recipe.config, recipe.manifest)
    if warning := getattr(task_of(recipe.config), "warning", lambda _: None)(recipe.config):
        print(f"warning: {warning}", file=sys.stderr)
    recipe.own_callbacks()
    inputs = next(iter(data.validation))[0]
    _check_outputs(model, recipe, next(iter(recipe.validation_data(data)))[0])
    with _put_back(model):
        reported = _step(model, recipe, data)
    _check_values_are_read(recipe)  # a loss may read some when it is first called
    _check_saving(model, recipe, picked(inputs, slice(4)), thorough=thorough)
    return reported


def _check_values_are_read(recipe: Recipe) -> None:
    """Name hyperparameters that nobody reads: half of a search may be noise."""
    config, values = recipe.config, recipe.hyperparameters
    own = [name for name in config.tuning.hyperparams if not name.startswith("params.")]
    unread = [name for name in own if name not in getattr(values, "read", own)]
    for name in unread:
        entry = config.tuning.hyperparams[name]
        what = f"{config.file}: tuning.hyperparams.{name} is never read by {recipe.own.file}"
        if config.tuning.tune and entry.searched:
            raise UserError(
                f"{what}: searching it would only add noise; read it there, remove it, or say by "
                "`when` for which other values it is read."
            )
        print(f"note: {what}; read it there, or remove it.", file=sys.stderr)


def _check_outputs(model: keras.Model, recipe: Recipe, inputs: object) -> None:
    task, count = task_of(recipe.config), recipe.manifest.output_count
    with explained("the network on a batch", "correct it"):
        outputs = model(inputs, training=False)
    problem = task.problem(np.asarray(outputs, np.float32), count)
    if problem:
        raise UserError(f"{recipe.own.returns('build_model')}: {problem}.")


@contextmanager
def _put_back(model: keras.Model) -> Iterator[None]:
    before = state_of(model)
    try:
        yield
    finally:
        restore_state(model, before)


def _step(model: keras.Model, recipe: Recipe, data: Datasets) -> list[str]:
    """Learn from one batch and judge another, as each epoch does; return what is reported."""
    config = recipe.config
    try:
        history = model.fit(
            recipe.training_data(data).take(1),
            shuffle=False,
            validation_data=recipe.validation_data(data).take(1),
            class_weight=recipe.class_weight,
            verbose=0,
        ).history
    except UserError:
        raise
    except Exception as error:
        with explained("the network on a batch in training", "correct it"):  # not the loss then
            model(next(iter(recipe.encoded(data.train)))[0], training=True)
        said = (
            f"{config.file}: params.loss is {config.params.loss!r}: it or params.metrics do not "
            f"fit the targets and the output {model.output_shape}: {summary(error).rstrip('.')}"
        )
        raise UserError(placed(error, said)) from error
    broken = [name for name, values in history.items() if not np.isfinite(values).all()]
    if "loss" in broken:
        raise UserError(
            f"{config.file}: params.loss {config.params.loss!r} is not a finite number for the "
            "first batch; look for broken values in the data, or for a division by 0 in the loss."
        )
    return [*history, *judged_names(recipe.manifest)]


def _check_saving(model: keras.Model, recipe: Recipe, inputs: Any, *, thorough: bool) -> None:
    own, task = recipe.own.file, task_of(recipe.config)
    if not (thorough or is_mixed(model) or needs_rehearsal(model, recipe.config)):
        return
    whole = recipe.kept(model)
    most = recipe.config.params.max_objects
    network = finished(task, whole, recipe.manifest, most)
    complete = with_encoder(recipe.encoder, network)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.keras")
        with explained(f"{own}: saving the network", _HOW_TO_SAVE):
            complete.save(file, include_optimizer=False)
        for one in sorted(set(foreign_objects(file))):
            if not is_registered(one.registered):
                raise UserError(_unregistered(one))
        with explained(f"{own}: loading the saved network", _HOW_TO_SAVE):
            loaded = load_saved(file)
        with explained(f"{own}: the loaded network", _HOW_TO_SAVE):
            before, after = complete(inputs, training=False), loaded(inputs, training=False)
        apart = float(np.abs(np.asarray(before) - np.asarray(after)).max())
        if not apart <= TOLERANCE:
            raise UserError(
                f"{own}: the saved and loaded model answers otherwise, by {apart:.3g}; "
                "make all variables of own layers in `build` or `__init__` by add_weight, and "
                "return every argument in get_config."
            )
        check_forms(complete, recipe.config, inputs, Path(folder))


def _unregistered(one: Named) -> str:
    return (
        f"{one.module.replace('.', '/')}.py{_line(one)}: the saved model could not be loaded, as "
        f"Keras does not know {one.kind}; write @keras.saving.register_keras_serializable() above "
        f"it."
    )


def _line(one: Named) -> str:
    """Return the line of a class, where it is known."""
    found: Any = getattr(sys.modules.get(one.module), one.kind, None)
    try:
        return f", line {inspect.getsourcelines(found)[1]}"
    except (OSError, TypeError):
        return ""

"""How one model is trained: what `params` says, unless the architecture's module says it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import keras
import tensorflow as tf

from modelyard.config.hyperparameters import Hyperparameters
from modelyard.config.schema import Config
from modelyard.data.manifest import Manifest
from modelyard.errors import UserError
from modelyard.saved.encoding import taken
from modelyard.tasks import Datasets, task_of
from modelyard.tasks.kinds import kind_of

from . import devices, losses, optimizers
from .augmentation import augmented
from .balance import class_weight
from .freezing import Unfreezing, freeze
from .network import built
from .own import OwnModule
from .precision import in_full_precision, set_precision
from .schedules import History, LearningRate
from .usage import Usage
from .validation import TaskValidation, is_asked_for
from .weights import begin_with


def encoder_for(config: Config, manifest: Manifest) -> keras.Model | None:
    """Return what stands before the network in the saved model, as its data was prepared."""
    return kind_of(manifest).encoder(manifest, config.input_paths.data)


class Recipe:
    """Builds, compiles and accompanies the training of one model.

    Attributes:
        config: the model's configuration, with what a search chose of `params`.
        own: the architecture's module.
        manifest: of the prepared data.
        encoder: from what the saved model takes to what the network does; None if it is the same.
        notes: what is worth telling before the first epoch, a line each.
        usage: of the devices, once the training has begun.
    """

    def __init__(
        self, config: Config, hyperparameters: Hyperparameters, manifest: Manifest
    ) -> None:
        """Read the architecture's module; nothing is built yet."""
        self.config, self.manifest, self.hyperparameters = config, manifest, hyperparameters
        self.own = OwnModule(config)
        self.encoder = encoder_for(config, manifest)
        self.notes: list[str] = []
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)  # of the augmentation
        self.usage: Usage | None = None
        self._frozen: list[keras.Layer] = []

    @property
    def given(self) -> dict[str, Any]:
        """What the functions of the architecture's module may ask for."""
        shape, count = self.manifest.input_shape, self.manifest.output_count
        return {"config": self.config, "hyperparameters": self.hyperparameters,
                "input_shape": shape, "class_count": count}  # fmt: skip

    def scope(self) -> AbstractContextManager[Any]:
        """Return what the model must be built in, for `params.devices`."""
        return devices.scope(self.config)

    def network(self, build_model: Callable[..., keras.Model]) -> keras.Model:
        """Return the uncompiled network, with the weights that it begins with."""
        set_precision(self.config)
        specs = self.manifest.learned
        values, name = self.hyperparameters, self.config.name
        model = built(lambda: build_model(*self.given.values()), self.own, specs, name, values)
        begin = getattr(task_of(self.config), "begin", None)
        model = begin(model, self.config) if begin else model
        taken = begin_with(model, self.config, self.own)
        self.notes += [taken] if taken else []
        return model

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Return the module's own optimizer, or the one that `params.optimizer` describes."""
        return optimizers.optimizer(self.config, self.own, self.given)

    def loss(self) -> Any:
        """Return the module's own loss, or the one that `params.loss` names."""
        return losses.loss(self.config, self.own, self.given)

    def metrics(self) -> list[Any]:
        """Return the module's own metrics, or those that `params.metrics` names."""
        return losses.metrics(self.config, self.own, self.given)

    def judging_metrics(self) -> list[Any]:
        """Return the same, and those by which every model of the task is judged."""
        return losses.metrics(self.config, self.own, self.given, task_of(self.config).ALWAYS)

    def ready(self, model: keras.Model) -> keras.Model:
        """Return a compiled model with its layers frozen, and all that its optimizer will need."""
        settings = self.config.params.freeze
        learning = model.trainable_variables
        self._frozen = freeze(model, self.config)
        thaws = settings is not None and settings.unfreeze_at_epoch is not None
        model.optimizer.build(learning if thaws else model.trainable_variables)
        if self.config.params.ema:
            # `fit` would end with it, and take the layers that learn for those that are averaged.
            model.optimizer.finalize_variable_values = lambda _: None
        return model

    def training_data(self, data: Datasets) -> Any:
        """Return the batches that `fit` learns from, augmented as params or the module say."""
        own = self.own.find("augment") if self.own.defines("augment") else None
        size = self.manifest.epoch_size(self.config)
        batches = devices.shared_evenly(self.encoded(data.train), self.config, size)
        return augmented(batches, self.config, self.epoch, own)

    def validation_data(self, data: Datasets) -> Any:
        """Return the batches that an epoch is judged by."""
        return self.encoded(data.validation)

    def encoded(self, batches: Any) -> Any:
        """Return batches of what the saved model takes as batches of what the network takes."""
        encoder = self.encoder
        if encoder is None:
            return batches
        return batches.map(
            lambda inputs, *rest: (encoder(inputs, training=False), *rest),
            tf.data.AUTOTUNE,
            deterministic=True,
        ).prefetch(tf.data.AUTOTUNE)

    def kept(self, model: keras.Model) -> keras.Model:
        """Return the trained model as it is saved: in float32, and loadable by plain Keras.

        What only this project can rebuild (a loss, a schedule, frozen layers) is left out of it.
        """
        full = in_full_precision(model)
        plain = all(isinstance(one, str) for one in (self.loss(), *self.metrics()))
        if full is not model or (plain and not self.own.defines("optimizer") and not self._frozen):
            return full
        return keras.Model(taken(model), model.outputs[0], name=model.name)

    @property
    def class_weight(self) -> dict[int, float] | None:
        """The weight of each class by its label, None where all have the same."""
        return class_weight(self.config, self.manifest)

    def callbacks(self, data: Datasets, backup: Any) -> list[keras.callbacks.Callback]:
        """Return what runs between epochs, in this order; the backup also stops early."""
        settings, freezing = self.config.params, self.config.params.freeze
        order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda n, _: self._begin(data, n))
        history: History = lambda: backup.history  # noqa: E731
        found = [order, *self._schedule(history)]
        if settings.ema:
            found.append(keras.callbacks.SwapEMAWeights())  # judged by the average
        if is_asked_for(self.config, self.manifest):
            found.append(TaskValidation(data, self.config, settings.validate_every, history))
        self.usage = Usage(devices.chosen(self.config))
        found += [*self.own_callbacks(), backup, self.usage]
        if freezing and freezing.unfreeze_at_epoch:
            found.append(Unfreezing(self._frozen, freezing.unfreeze_at_epoch))
        return found

    def _begin(self, data: Datasets, epoch: int) -> None:
        data.set_epoch(epoch)
        self.epoch.assign(epoch)

    def _schedule(self, history: History) -> list[keras.callbacks.Callback]:
        if self.config.params.schedule is None:
            return []
        return [LearningRate(self.config, self.hyperparameters, history)]

    def own_callbacks(self) -> list[keras.callbacks.Callback]:
        """Return what the module's own `callbacks` returns.

        Raises:
            UserError: something else than callbacks, or two that set the learning rate.
        """
        if not self.own.defines("callbacks"):
            return []
        found = self.own.call("callbacks", **self.given)
        where = self.own.place(self.own.find("callbacks"))
        wrong = [one for one in found if not isinstance(one, keras.callbacks.Callback)]
        if wrong:
            raise UserError(f"{where}: callbacks returns {wrong[0]!r}; return a list of callbacks.")
        reduces = any(isinstance(one, keras.callbacks.ReduceLROnPlateau) for one in found)
        if reduces and self.config.params.schedule:
            raise UserError(
                f"{where}: callbacks has ReduceLROnPlateau, and {self.config.file} a "
                "params.schedule; both set the learning rate, remove one of them."
            )
        return [*found]

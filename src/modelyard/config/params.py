"""The section `params` of a model's config.yaml: how it is trained."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from modelyard.errors import did_you_mean

from .augmentation_section import Augmentation
from .data_section import Positive, Seed
from .export_section import DEFAULT, Exports
from .section import Section
from .training_section import (
    ClassWeight,
    Devices,
    Freeze,
    MixedPrecision,
    Optimizer,
    Schedule,
    Share,
)
from .tuning_section import EarlyStopping

MOST_OBJECTS = 50
TUNED = "params."  # begins the name of a hyperparameter that takes the place of a key of params
# Keys that say how long, where and by what is trained and judged, not what is trained.
NEVER_TUNED = ("seed", "deterministic", "epochs", "epochs_per_pass", "batch_size", "cache_mb",
               "early_stopping", "devices", "validate_every", "max_objects", "metrics",
               "export")  # fmt: skip


class Params(Section):
    """Settings of training; a hyperparameter named `params.KEY` lets a search choose one.

    Attributes:
        epochs_per_pass: into how many epochs a pass over the training split is divided: with much
            data it is judged and saved more often, so that a kill loses less.
        optimizer: a name, or a name with arguments; its learning rate is a hyperparameter.
        schedule: how the learning rate changes: cosine, exponential, piecewise, reduce_on_plateau.
        gradient_accumulation: batches whose gradients are averaged before a step.
        ema: momentum of a moving average of the weights, which is judged and kept; 0 is none.
        label_smoothing: share of each label that is given to all classes alike.
        class_weight: balanced, or a weight by class; the others have 1.
        mixed_precision: float16 or bfloat16 for what is computed; weights stay float32.
        jit_compile: with XLA; auto leaves it to Keras.
        initial_weights: to begin with: a `.keras` file, an official model, or imagenet.
        freeze: layers that do not learn, or not from the beginning.
        devices: that a training uses: all, how many, or which ones.
        export: forms besides `.keras` in which the trained model is written.
        augmentation: of training batches: preprocessing layers of Keras, such as `RandomFlip` or
            `{name: RandomRotation, factor: 0.05}`, used in this order.
        validate_every: so many epochs, if early_stopping.metric is of found objects, such as
            val_box.map; the value in between is the last one.
        max_objects: that the saved model finds in one image, the likeliest; fewer where its map
            has fewer cells.
    """

    seed: Seed
    epochs: Positive
    epochs_per_pass: Positive = 1
    deterministic: bool
    batch_size: Annotated[int, Field(gt=0, le=2**20)]
    cache_mb: Annotated[int, Field(ge=0)]
    optimizer: Optimizer
    schedule: Schedule = None
    gradient_accumulation: Positive = 1
    ema: Share = 0.0
    loss: str
    label_smoothing: Share = 0.0
    class_weight: ClassWeight = None
    metrics: list[str]
    early_stopping: EarlyStopping
    mixed_precision: MixedPrecision = False
    jit_compile: Literal["auto"] | bool = "auto"
    initial_weights: str | None = None
    freeze: Freeze | None = None
    devices: Devices = "all"
    augmentation: Augmentation = Field(default=[])
    validate_every: Positive = 1
    max_objects: Positive = MOST_OBJECTS
    export: Exports = DEFAULT

    @model_validator(mode="after")
    def _nothing_random_is_frozen(self) -> Self:
        if self.freeze and not self.initial_weights:
            raise ValueError(
                "freeze keeps layers as they begin, and without initial_weights that is at random; "
                "set initial_weights, or remove freeze"
            )
        return self

    @model_validator(mode="after")
    def _xla_is_not_deterministic(self) -> Self:
        if self.jit_compile is True and self.deterministic:
            raise ValueError(
                "jit_compile is true, but TensorFlow has no deterministic XLA; set deterministic "
                "to false, or jit_compile to auto"
            )
        return self


Found = TypeVar("Found", bound=Params)


def tuned_params(params: Found, values: Mapping[str, Any]) -> Found:
    """Return `params` with the hyperparameters that are named `params.KEY`.

    Raises:
        ValueError: there is no such key, no search may choose it, or the value is not allowed.
    """
    chosen = {name: one for name, one in values.items() if name.startswith(TUNED)}
    if not chosen:
        return params
    document = params.model_dump()
    for name, value in chosen.items():
        _set(document, name.removeprefix(TUNED), value, name)
    try:
        return type(params).model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        names = ", ".join(f"{name} = {value!r}" for name, value in chosen.items())
        raise ValueError(f"tuning.hyperparams.{names} cannot be: {reason}") from None


def _set(document: dict[str, Any], key: str, value: Any, name: str) -> None:
    """Put a value into nested sections; a section that is a plain name so far gets arguments."""
    first, *rest = key.split(".")
    if first not in document or first in NEVER_TUNED:
        allowed = [one for one in document if one not in NEVER_TUNED]
        raise ValueError(
            f"tuning.hyperparams.{name} names no key of params that a search may choose"
            f"{did_you_mean(first, allowed)}; known: {', '.join(allowed)}"
        )
    if not rest:
        document[first] = value
        return
    section = document[first]
    section = {"name": section} if isinstance(section, str) else dict(section or {})
    if len(rest) > 1:
        raise ValueError(
            f"tuning.hyperparams.{name} has too many parts; write params.{first}.{rest[0]}"
        )
    document[first] = section | {rest[0]: value}

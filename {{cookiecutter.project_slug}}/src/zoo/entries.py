"""What the zoo holds: entries of src/models/zoo.yaml, or of a models.json as ZazuML writes it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from ..utils.ranges import Value
from ..utils.section import Section
from ..utils.utils import UserError, read_yaml

ZOO = Path(__file__).parents[1] / "models/zoo.yaml"
AXES = ("accuracy", "speed", "memory")
# ZazuML's names for the same tasks.
SHORT = {
    "classification": "image_classification",
    "detection": "object_detection",
    "instance segmentation": "instance_segmentation",
}

Task = Annotated[
    Literal["image_classification", "object_detection", "instance_segmentation"],
    BeforeValidator(lambda name: SHORT.get(name, name)),
]
Rating = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class ModelSpace(Section):
    """Where a model lies: 10 is the most accurate, the fastest, the smallest."""

    accuracy_rating: Rating
    speed_rating: Rating
    memory_rating: Rating

    @property
    def point(self) -> tuple[float, float, float]:
        """The ratings in the order of AXES."""
        return self.accuracy_rating, self.speed_rating, self.memory_rating


class Tunable(Section):
    """A hyperparameter that a search may set to one of its values."""

    name: str
    values: list[Value] = Field(min_length=1)
    sampling: Literal["linear", "log", "reverse_log"] | None = None


class Entry(Section):
    """One model of the zoo; `training_configs` are fixed, `hp_search_space` may be searched."""

    task: Task
    model_space: ModelSpace
    hp_search_space: list[Tunable] = Field(default=[])
    training_configs: dict[str, Value] = Field(default={})


def load_zoo(path: Path = ZOO) -> dict[str, Entry]:
    """Return the entries of a zoo by name, in the file's order; JSON is YAML, too.

    Raises:
        UserError: naming the file, the entry, the key and what is allowed, one line a mistake.
    """
    try:
        return TypeAdapter(dict[str, Entry]).validate_python(read_yaml(path))
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(map(str, one['loc']))} is {one['input']!r}: {one['msg']}."
            for one in error.errors(include_url=False)
        ]
        raise UserError("\n".join(lines)) from None

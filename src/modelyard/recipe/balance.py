"""How much each class counts."""

from modelyard.config.schema import Config
from modelyard.data.manifest import Head, Manifest
from modelyard.errors import UserError, did_you_mean

LEARNED: dict[Head, str] = {
    "labels": "several labels per example",
    "number": "a number per example",
    "boxes": "objects",
    "masks": "objects",
}


def class_weight(config: Config, manifest: Manifest) -> dict[int, float] | None:
    """Return the weight of each class by its label, None where all have the same.

    `balanced` gives every class the same sum of weights; a class that is not named has 1.

    Raises:
        UserError: a name that is not a class, or a task whose targets are not classes.
    """
    wanted = config.params.class_weight
    if wanted is None:
        return None
    if manifest.head != "class":
        raise UserError(
            f"{config.file}: params.class_weight is {wanted!r}, which weighs examples of one class "
            f"each; what is learned here is {LEARNED[manifest.head]}: remove it."
        )
    if wanted == "balanced":
        counts = manifest.counts["train"]
        total, classes = sum(counts.values()), len(manifest.classes)
        return {n: total / (classes * max(counts.get(name, 0), 1))
                for n, name in enumerate(manifest.classes)}  # fmt: skip
    for name in wanted:
        if name not in manifest.classes:
            raise UserError(
                f"{config.file}: params.class_weight names {name!r}, which is not a class"
                f"{did_you_mean(name, manifest.classes)}; classes: {', '.join(manifest.classes)}."
            )
    return {n: wanted.get(name, 1.0) for n, name in enumerate(manifest.classes)}

"""`perturbations` of a test: how test images are changed before the saved model sees them."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from modelyard.config.measured import BY_CLASS, PERTURBATIONS, SCORED
from modelyard.config.requirement import Requirement
from modelyard.config.section import Section
from modelyard.data.manifest import Manifest
from modelyard.errors import did_you_mean

Share = Annotated[float, Field(gt=0, le=1)]


class Perturbations(Section):
    """How far every test image is changed, each way by itself; every way needs a limit.

    Attributes:
        brightness: share of the range from black to white that it is lighter or darker by.
        blur: standard deviation of a Gaussian, in pixels of what the model sees.
        noise: standard deviation of Gaussian noise, a share of the range from black to white.
        shift: pixels of what the model sees, along each axis; the edge is repeated.
    """

    brightness: Share | None = None
    blur: Annotated[float, Field(gt=0, le=50)] | None = None
    noise: Share | None = None
    shift: Annotated[int, Field(gt=0, le=1024)] | None = None

    def amounts(self) -> dict[str, float]:
        """Return how far by what, for those that are asked for."""
        return self.model_dump(exclude_none=True)


def part_of(wanted: Requirement) -> str | None:
    """Return the perturbation that a limit is of, None if it is of what evaluate measured."""
    part = wanted.metric.partition(".")[0]
    return part if part in PERTURBATIONS else None


def without_partner(asked: Perturbations, limits: Sequence[Requirement]) -> Iterator[str]:
    """Yield a sentence for a perturbation without a limit, or a limit without its perturbation."""
    limited = {part for one in limits if (part := part_of(one))}
    for name in asked.amounts():
        if name not in limited:
            yield (
                f"perturbations.{name} has no limit; write one in metrics, such as "
                f"{name}.exact_match: 0.8"
            )
    for name in sorted(limited - asked.amounts().keys()):
        yield f"metrics limits {name}, but perturbations does not say how far; add {name} there"


def not_possible(asked: Perturbations, manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for whatever the prepared data cannot be perturbed by."""
    if not asked.amounts():
        return
    if manifest.kind != "image":
        yield (
            f"perturbations are of images only, and the prepared data is of the kind "
            f"{manifest.kind}; remove them"
        )
        return
    if asked.shift and manifest.head == "masks":
        yield "perturbations.shift does not move masks; remove it, or test the others"
    side = min(manifest.input_shape[:2])
    if asked.shift and asked.shift >= side:
        yield f"perturbations.shift is {asked.shift}, but the images are {side} pixels; write less"


def why_not_scored(wanted: Requirement, manifest: Manifest) -> str | None:
    """Say why what a limit names is not measured of perturbed images; None: it is."""
    head, name = manifest.head, wanted.metric.partition(".")[2]
    names = (BY_CLASS if wanted.of_class is not None else SCORED)[head]
    if name in names:
        return None
    of_what = "a class of perturbed images" if wanted.of_class is not None else "perturbed images"
    known = ", ".join(names) or "nothing"
    return f"there is no {name!r} of {of_what}{did_you_mean(name, names)}, only {known}"

"""`params.export`: in which forms besides `.keras` a trained model is written."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelyard.errors import did_you_mean

from .section import Section

Format = Literal["tflite", "onnx"]
Precision = Literal["float32", "float16", "dynamic", "int8"]
FORMATS: tuple[str, ...] = get_args(Format)
PRECISIONS: tuple[str, ...] = get_args(Precision)
NOT_RUN = "not run: this interpreter has no TensorFlow operators"
COSTS = ("latency_ms", "size_bytes")  # parts of metrics.json with an entry per form


def _one_of(known: tuple[str, ...], what: str) -> Any:
    def check(value: object) -> object:
        if value in known:
            return value
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        raise ValueError(f"not a known {what}{hint}; known: {', '.join(known)}")

    return BeforeValidator(check)


class Export(Section):
    """One form in which a trained model is written.

    Attributes:
        format: tflite, for small devices, or onnx.
        precision: of the weights, for tflite: float32; float16, half the size; dynamic, 8-bit
            weights; int8, 8-bit throughout, measured on 100 training images.
        select_tf_ops: tflite may need TensorFlow's own operators, which few interpreters have.
    """

    format: Annotated[Format, _one_of(FORMATS, "format")]
    precision: Annotated[Precision, _one_of(PRECISIONS, "precision")] = "float32"
    select_tf_ops: bool = False

    @model_validator(mode="after")
    def _onnx_has_no_options(self) -> Self:
        if self.format == "onnx" and self.precision != "float32":
            raise ValueError(
                f"onnx is written in float32 only, not {self.precision}; drop precision, or write "
                "format: tflite"
            )
        if self.format == "onnx" and self.select_tf_ops:
            raise ValueError("select_tf_ops is of tflite only; drop it, or write format: tflite")
        return self


def _section(value: object) -> object:
    """Take a plain name for the format."""
    if not isinstance(value, str):
        return value
    if value not in FORMATS:
        hint = did_you_mean(value, FORMATS)
        raise ValueError(f"not a known format{hint}; known: {', '.join(FORMATS)}")
    return {"format": value}


def _each_once(exports: list[Export]) -> list[Export]:
    formats = [one.format for one in exports]
    for name in formats:
        if formats.count(name) > 1:
            raise ValueError(f"names {name} more than once; each format is written once")
    return exports


Exports = Annotated[list[Annotated[Export, BeforeValidator(_section)]], AfterValidator(_each_once)]
DEFAULT = Field(default=[Export(format="tflite")])


def why_not_judged(metric: str, exported: Collection[str], metrics: object) -> str | None:
    """Say why metrics.json lacks a metric of an export, such as tflite.max_difference.

    None: the metric is not of an export, or the export was written and measured.
    """
    part, _, rest = metric.partition(".")
    form = rest.partition(".")[0].partition("_batch_")[0] if part in COSTS else part
    if form not in FORMATS:
        return None
    if form not in exported:
        return f"not judged: params.export has no {form}"
    measured = metrics.get(form) if isinstance(metrics, dict) else None
    return NOT_RUN if measured == {"not_run": NOT_RUN} else None

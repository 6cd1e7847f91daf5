"""The zoo's index: reports/zoo.md, what there is and where it lies, and a picture of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from modelyard import terminal
from modelyard.config.schema import ModelSpace
from modelyard.files import whole_file

from .entries import AXES, Entry
from .measuring import Measured
from .selection import HIGHEST

PAGE = Path("reports/zoo.md")
PICTURE = PAGE.with_suffix(".png")


def write_page(
    zoo: Mapping[str, Entry], models: Sequence[Measured], priority: Sequence[float]
) -> None:
    """Write the entries of the zoo, the models measured here, and the picture."""
    draw(models, priority, PICTURE)
    with whole_file(PAGE) as temporary:
        temporary.write_text("\n".join(_lines(zoo, models)), encoding="utf-8")


def _lines(zoo: Mapping[str, Entry], models: Sequence[Measured]) -> Iterator[str]:
    yield "# The zoo\n"
    yield "Made by `modelyard zoo measure`. Ratings from 0 to 10: accuracy, speed, memory.\n"
    yield "## Measured here\n"
    yield "| model | accuracy | ms an example | MB | measured | declared |"
    yield "|---|---|---|---|---|---|"
    for model in models:
        numbers = f"{model.accuracy:.4f} | {model.latency_ms:.2f} | {model.size_bytes / 1e6:.2f}"
        yield f"| `{model.name}` | {numbers} | {ratings(model.space)} | {ratings(model.declared)} |"
    yield "\n10 is the best of these models, 0 the worst: the last two by logarithm.\n"
    yield f"![Accuracy, speed and memory of the models]({PICTURE.name})\n"
    yield "## Entries\n"
    yield "| entry | task | declared | searched | fixed |"
    yield "|---|---|---|---|---|"
    for name, entry in zoo.items():
        searched = ", ".join(f"`{one.name}`" for one in entry.hp_search_space)
        fixed = ", ".join(f"`{key}: {value}`" for key, value in entry.training_configs.items())
        yield (f"| `{name}` | {entry.task} | {ratings(entry.model_space)} | {searched} | {fixed} |")
    yield ""


def ratings(space: ModelSpace | None) -> str:
    """Return the three ratings as one cell."""
    return " ".join(f"{value:g}" for value in space.point) if space else ""


def print_table(models: Sequence[Measured]) -> None:
    """Print what was measured, and the ratings by that and as declared."""
    from rich.table import Table

    table = Table("model", "metric", "ms", "MB", *AXES, "declared")
    for model in models:
        measured = (f"{value:g}" for value in model.space.point)
        numbers = (f"{model.accuracy:.4f}", f"{model.latency_ms:.2f}")
        size = f"{model.size_bytes / 1e6:.2f}"
        table.add_row(model.name, *numbers, size, *measured, ratings(model.declared))
    terminal.print_table(table)


def draw(models: Sequence[Measured], priority: Sequence[float], file: Path) -> None:
    """Write a PNG of the models in the space, accuracy against speed, memory as size, and the wish.

    Filled: measured; hollow: declared; cross: the priority.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    for model in models:
        accuracy, speed, memory = model.space.point
        dots = axes.scatter(speed, accuracy, s=30 + 20 * memory, alpha=0.7)
        side = "right" if speed > HIGHEST / 2 else "left"  # inside the frame
        axes.annotate(model.name, (speed, accuracy), (0, 10), textcoords="offset points", ha=side)
        if model.declared:
            accuracy, speed, memory = model.declared.point
            colour = dots.get_facecolor()
            axes.scatter(speed, accuracy, 30 + 20 * memory, facecolor="none", edgecolor=colour)
    accuracy, speed, memory = priority
    axes.scatter(speed, accuracy, 30 + 20 * memory, marker="x", color="black")
    axes.annotate("priority", (speed, accuracy), (6, -12), textcoords="offset points")
    axes.set(xlim=(-0.5, 10.9), ylim=(-0.5, 11.2), xlabel="speed", ylabel="accuracy",
             title="Large dots are small models; hollow: as declared")  # fmt: skip
    with whole_file(file) as temporary:
        figure.savefig(temporary, dpi=120)

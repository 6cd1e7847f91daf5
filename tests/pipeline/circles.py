"""A small data set of one's own: bright and dark images, in place of the example data."""

from pathlib import Path
from random import Random

from pipeline.stages import MODEL, Project


def write_circles(folder: Path, count: int) -> None:
    """Write images of two classes, bright and dark noise, with their CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path,class"]
    for number in range(count):
        label, least = ("bright", 128) if number % 2 else ("dark", 0)
        values = Random(number).randbytes(360)  # noqa: S311  (nothing secret)
        noise = bytes(least + value // 2 for value in values)
        (folder / f"{number}.ppm").write_bytes(b"P6 10 12 255\n" + noise)
        rows.append(f"{number}.ppm,{label}")
    (folder / "annotations.csv").write_text("\n".join(rows) + "\n")


def adopt(project: Project, root: str) -> None:
    """Make the project learn from other data, in one short epoch."""
    project.run("modelyard", "adopt", root, "--yes")
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 1")
    project.replace(f"models/{MODEL}/config.yaml", "batch_size: 28", "batch_size: 8")


def use(project: Project, root: str) -> None:
    """Point the configuration at other data, as src/data/README.md says."""
    project.replace("config.yaml", "root: data/raw/digits", f"root: {root}")
    project.replace("config.yaml", "image_size:", "image_size:  # of circles")
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 1")
    project.replace(f"models/{MODEL}/config.yaml", "batch_size: 32", "batch_size: 8")

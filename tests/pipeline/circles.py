"""A small data set of one's own: bright and dark images, in place of the example data."""

from pathlib import Path

from pipeline.stages import MODEL, Project


def write_circles(folder: Path, count: int) -> None:
    """Write images of two classes, bright and dark, with their CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["path,class"]
    for number in range(count):
        label, value = ("bright", 200 + number) if number % 2 else ("dark", number)
        (folder / f"{number}.ppm").write_bytes(b"P6 10 12 255\n" + bytes([value] * 360))
        rows.append(f"{number}.ppm,{label}")
    (folder / "annotations.csv").write_text("\n".join(rows) + "\n")


def use(project: Project, root: str) -> None:
    """Point the configuration at other data, as src/data/README.md says."""
    project.replace("config.yaml", "root: data/raw/digits", f"root: {root}")
    project.replace("config.yaml", "image_size:", "image_size:  # of circles")
    project.replace(f"models/{MODEL}/config.yaml", "epochs: 40", "epochs: 1")
    project.replace(f"models/{MODEL}/config.yaml", "batch_size: 32", "batch_size: 8")

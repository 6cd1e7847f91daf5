"""What of the data a report doubts: labels that are probably wrong, and examples that are copies.

Neither decides anything: a label may be right and the model wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from modelyard.config.schema import Config
from modelyard.damage import understood
from modelyard.data.images import opened
from modelyard.data.left_out import list_file
from modelyard.data.manifest import read_manifest
from modelyard.data.opaque import opaque
from modelyard.errors import UserError
from modelyard.files import read_csv, read_json

from .tables import table

MOST = 20  # of each table
LABELS = "label_errors.json"
PICTURE = "label_errors.png"
SIDE, TEXT, MARGIN = 128, 30, 6  # pixels of a tile, of the lines below it, between two
COLUMNS, TILES, SHADES = 4, 8, 64
COLOUR = 3  # channels
LONGEST = 22  # characters of a line below a tile
COPIES = ("path", "split", "classes", "is", "to", "its_split", "its_classes")


def suspects(config: Config, folder: Path) -> Iterator[str]:
    """Yield the tables, and write a picture of the likeliest label errors into the folder."""
    yield from _labels(config, folder)
    yield from _copies(config)


def _labels(config: Config, folder: Path) -> Iterator[str]:
    path = config.output_paths.training_metrics / LABELS
    if not path.is_file():
        return  # found objects, an adapter, or results of before
    with understood(path):
        document = read_json(path)
        counts, examples = dict(document["found"]), list(document["examples"])
        keys = ("split", "path", "label", "likelier", "probability_of_label", "probability")
        rows = [tuple(one[key] for key in keys) for one in _shown(examples)]
    if not rows:
        return
    said = ", ".join(f"{count} in {split}" for split, count in counts.items())
    yield f"### Probable label errors ({said})\n"
    yield "Of these the model says another class, as surely as it usually says that one.\n"
    header = ("split", "example", "label", "likelier", "label's probability", "its probability")
    yield table(header, rows, MOST, path)
    if _draw(config, _shown(examples), folder / PICTURE):
        yield f"![Probable label errors: label, then what is likelier]({PICTURE})\n"


def _shown(examples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the surest first, whatever split they are in."""
    return sorted(examples, key=lambda one: one["probability_of_label"] - one["probability"])


def _copies(config: Config) -> Iterator[str]:
    """Yield the pairs that `prepare` found: equal or nearly equal, in two splits or two classes."""
    path = list_file(config.data, "duplicates")
    rows = read_csv(path, COPIES) if path.is_file() else []
    if rows:
        yield f"### Equal or nearly equal examples ({len(rows)})\n"
        yield "In two splits they make the test easier than it is; with two labels one is wrong.\n"
        header = ("example", "split", "label", "is", "to", "in split", "its label")
        yield table(header, [tuple(row[key] for key in COPIES) for row in rows], MOST, path)


def _draw(config: Config, examples: Sequence[Mapping[str, Any]], file: Path) -> bool:
    """Write a picture of the first examples; say whether they are images that are here."""
    tiles = list(_tiles(config, examples[:TILES]))
    if not tiles:
        return False
    step, rise = SIDE + MARGIN, SIDE + TEXT + MARGIN
    columns, rows = min(COLUMNS, len(tiles)), -(-len(tiles) // COLUMNS)
    picture = Image.new("RGB", (columns * step - MARGIN, rows * rise - MARGIN), "white")
    for number, tile in enumerate(tiles):
        picture.paste(tile, (number % COLUMNS * step, number // COLUMNS * rise))
    picture.quantize(SHADES).save(file, "PNG", optimize=True)
    return True


def _tiles(config: Config, examples: Sequence[Mapping[str, Any]]) -> Iterator[Image.Image]:
    try:
        manifest = read_manifest(config.input_paths.data)
    except UserError:
        return  # the data is not on this machine
    if manifest.kind != "image":
        return
    for one in examples:
        source = config.data.root / str(one["path"])
        if not source.is_file():
            continue
        try:
            with opened(source) as image:
                whole = opaque(image, manifest.reading, COLOUR)[0]
        except UserError:
            continue  # it has changed since; the table names it
        yield _tile(whole, str(one["label"]), str(one["likelier"]))


def _tile(image: Image.Image, label: str, likelier: str) -> Image.Image:
    """Return an image with the label and the likelier class below it."""
    tile = Image.new("RGB", (SIDE, SIDE + TEXT), "white")
    scale = SIDE / max(image.size)
    sides = [max(1, round(side * scale)) for side in image.size]
    tile.paste(image.resize((sides[0], sides[1])), (0, 0))
    pen = ImageDraw.Draw(tile)
    for number, text in enumerate((f"label {label or 'none'}", f"likelier {likelier}")):
        pen.text((2, SIDE + 2 + number * 14), _short(text), fill="black", font_size=11)
    return tile


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

"""Draw docs/assets/run.svg: what a first run of a bake has left there, as its files say.

`python scripts/picture.py PROJECT` after `sh run.sh` in a project with the default answers.
"""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs/assets/run.svg"
WIDTH, HEIGHT = 860, 300
TEXT_LEFT, LINE = 24, 19
LEFT, TOP, WIDE, HIGH = 560, 56, 270, 190  # of the curves
STYLE = """\
.paper{fill:#fff}.frame{fill:none;stroke:#c8ccd4}text{font:13px ui-monospace,monospace;fill:#24292f}
.faint{fill:#6a737d}.train{stroke:#3f51b5}.validation{stroke:#e8710a}
.train,.validation{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){.paper{fill:#0d1117}.frame{stroke:#30363d}text{fill:#e6edf3}
.faint{fill:#8b949e}.train{stroke:#8c9eff}.validation{stroke:#ffb74d}}"""
# Key in training_metrics.json, title, form, and where the column ends: fonts differ in width.
COLUMNS = (
    ("test_accuracy", "test accuracy", "{:.4f}", 270),
    ("test_loss", "test loss", "{:.4f}", 350),
    ("keras_ms", "ms", "{:.2f}", 400),
    ("keras_megabytes", "MB", "{:.2f}", 450),
)


def draw(project: Path) -> str:
    """Return the picture: commands and ranking on the left, learning curves on the right."""
    ranked = json.loads((project / "training_metrics.json").read_text("utf-8"))
    model = min(ranked, key=lambda name: ranked[name]["rank"])
    with (project / "training_metrics" / model / "history.csv").open(encoding="utf-8") as file:
        history = list(csv.DictReader(file))
    after = 5 + len(ranked)
    parts = [
        _text(TEXT_LEFT, 0, f"$ sh {project.name}/run.sh"),
        _text(TEXT_LEFT, 1, "prepare, tune, train, evaluate, summary"),
        *_ranking(ranked),
        *_files(project, model, after),
        _text(TEXT_LEFT, after + 4, "$ make serve"),
        _text(TEXT_LEFT, after + 5, "a page to try it: http://127.0.0.1:8000"),
        *_curves(history),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="sh run.sh, and what it has left">\n<style>{STYLE}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _ranking(ranked: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield the table of the models, the best first."""
    yield _text(TEXT_LEFT, 3, "model")
    yield from (_text(end, 3, title, end=True) for _, title, _, end in COLUMNS)
    for row, (name, values) in enumerate(ranked.items(), start=4):
        scaled = values | {"keras_megabytes": values["keras_bytes"] / 1e6}
        yield _text(TEXT_LEFT, row, name)
        yield from (
            _text(end, row, form.format(scaled[key]), end=True) for key, _, form, end in COLUMNS
        )


def _files(project: Path, model: str, row: int) -> Iterator[str]:
    """Yield what lies there now, a line each."""
    saved = sorted((project / "models" / model).glob("model.*"))
    found = [f"models/{model}/{file.name}" for file in saved]
    for offset, line in enumerate([*found, f"training_metrics/{model}/"]):
        yield _text(TEXT_LEFT, row + offset, line)


def _text(x: int, row: int, line: str, *, end: bool = False) -> str:
    """Return one line of text; commands stand out."""
    kind = "" if line.startswith("$") else ' class="faint"'
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x}" y="{40 + row * LINE}"{kind}{anchor}>{escape(line)}</text>'


def _curves(history: Sequence[dict[str, str]]) -> Iterator[str]:
    """Yield the frame, the two curves of the loss, and their names."""
    highest = max(float(row["loss"]) for row in history)
    yield f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{WIDE}" height="{HIGH}"/>'
    yield f'<text class="faint" x="{LEFT}" y="{TOP - 14}">loss by epoch, 1 to {len(history)}</text>'
    for at, (kind, name) in enumerate((("train", "loss"), ("validation", "val_loss"))):
        points = [
            f"{LEFT + WIDE * epoch / (len(history) - 1):.1f},"
            f"{TOP + HIGH * (1 - float(row[name]) / highest):.1f}"
            for epoch, row in enumerate(history)
        ]
        yield f'<polyline class="{kind}" points="{" ".join(points)}"/>'
        x, y = LEFT + 110 * at, TOP + HIGH + 24
        yield f'<path class="{kind}" d="M{x} {y - 4}h18"/>'
        yield f'<text class="faint" x="{x + 24}" y="{y}">{kind}</text>'


if __name__ == "__main__":
    TARGET.write_text(draw(Path(sys.argv[1])), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{TARGET}\n")

"""The page's colours can be told apart, light and dark: contrasts of WCAG 2.2, level AA."""

import re

import pytest

from modelyard.serving.app import PAGE

STYLE = (PAGE / "page.css").read_text(encoding="utf-8")
THEMES = [
    dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{[^}]*", STYLE)
]
TEXT, PART = 4.5, 3.0  # of text; of what else must be seen, such as the edges of fields
PAIRS = {
    ("ink", "ground"): TEXT,
    ("ink", "card"): TEXT,
    ("ink", "bar"): TEXT,
    ("quiet", "ground"): TEXT,
    ("quiet", "card"): TEXT,
    ("quiet", "bar"): TEXT,
    ("accent", "card"): TEXT,
    ("accent", "bar"): TEXT,
    ("card", "accent"): TEXT,
    ("wrong", "card"): TEXT,
    ("edge", "card"): PART,
    ("edge", "ground"): PART,
    ("accent", "ground"): PART,
}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > 4 else "".join(2 * one for one in colour[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_text_and_parts_stand_out(theme: dict[str, str]) -> None:
    found = {}
    for pair, least in PAIRS.items():
        low, high = sorted(luminance(theme[name]) for name in pair)
        contrast = (high + 0.05) / (low + 0.05)
        if contrast < least:
            found[pair] = round(contrast, 2)
    assert found == {}


def test_no_other_colour_is_written_of_text() -> None:
    """Boxes have black text on bright colours, the pad is black or white; all else is named."""
    for file in PAGE.glob("*.css"):
        style = file.read_text(encoding="utf-8").split("* { box-sizing")[-1]
        assert set(re.findall(r"#[0-9a-f]{3,6}(?=;)", style)) <= {"#000", "#fff"}

"""Blocks of code in pages of documentation, with the file that each belongs to."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(\w+)$")
FILE = re.compile(r"`([^`]+\.\w+)`")  # in the line above a block: `src/models/focal.py`:


class Block(NamedTuple):
    """A block of code: below which heading, into which file (or ""), in which language."""

    heading: str
    file: str
    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """Return all fenced blocks of a page that name their language."""
    return list(_blocks(page.read_text(encoding="utf-8").splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    heading, above, inside = "", "", ""
    code: list[str] = []
    for line in lines:
        if inside and line == "```":
            placed = FILE.search(above) if above.endswith(":") else None
            yield Block(heading, placed[1] if placed else "", inside, "\n".join(code) + "\n")
            inside, above = "", ""
        elif inside:
            code.append(line)
        elif match := FENCE.match(line):
            inside, code = match[1], []
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif line:
            above = line

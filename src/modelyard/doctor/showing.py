"""The answer of the doctor on a terminal, or in a pipe."""

import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from .finding import Finding, State

NARROWEST = 60  # columns; on narrower terminals, too
COLOURS = {State.OK: "32", State.WARNING: "33", State.ERROR: "1;31", State.LEFT: "2"}
BOLD, FAINT = "1", "2"
STATE, WHAT = 9, 15  # columns
INDENT = 2 + STATE + WHAT


@dataclass(frozen=True)
class Style:
    """How to print: whether in colours, and how wide; 0 where nobody looks at it."""

    colour: bool
    width: int

    def painted(self, text: str, code: str) -> str:
        """Return a text in a colour."""
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def lines(self, finding: Finding) -> Iterator[str]:
        """Yield the lines of a finding; what one may copy from them is never broken."""
        state = self.painted(f"{finding.state:{STATE}}", COLOURS[finding.state])
        first, *more = self._wrapped(finding.found) or [""]
        yield f"  {state}{finding.what:{WHAT - 1}} {first}"
        yield from (" " * INDENT + line for line in more)
        if finding.mend:
            label = self.painted(f"{'mend:':{WHAT}}", FAINT)
            yield f"{'':{2 + STATE}}{label}{finding.mend}"

    def _wrapped(self, text: str) -> list[str]:
        if not self.width:
            return [text]
        columns = self.width - INDENT
        return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)


def style(to: TextIO) -> Style:
    """Return the style of a stream: https://no-color.org."""
    if not to.isatty():
        return Style(colour=False, width=0)
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(colour=colour, width=max(shutil.get_terminal_size().columns, NARROWEST))


def show(found: Iterable[tuple[str, Finding]], to: TextIO) -> list[Finding]:
    """Print each finding as soon as it is there, below its group; return them."""
    how, group, shown = style(to), "", list[Finding]()
    for name, finding in found:
        if name != group:
            print("\n" * bool(group) + how.painted(name, BOLD), file=to)
            group = name
        print(*how.lines(finding), sep="\n", file=to, flush=True)
        shown.append(finding)
    print(f"\n{summary(shown)}", file=to)
    return shown


def summary(found: list[Finding]) -> str:
    """Return how many things are wrong."""
    counts = Counter(one.state for one in found)
    parts = [
        f"{counts[state]} {state}{'s' * (counts[state] > 1)}"
        for state in (State.ERROR, State.WARNING)
        if counts[state]
    ]
    return f"{', '.join(parts)}." if parts else "Nothing is wrong."

"""Tables on a terminal whose names can be copied."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

WIDEST = 10_000  # columns; no table is this wide


def print_table(table: "Table") -> None:
    """Print a table as wide as it is, so that no name is broken or cut at the edge."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(highlight=False)
    wanted = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
    console.width = max(console.width, wanted)
    console.print(table, soft_wrap=False, crop=False)

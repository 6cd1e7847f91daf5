"""Bars of what is sent and fetched, where there is a terminal."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress


def bar(progress: "Progress", description: str) -> Any:
    """Return a callback of fsspec that draws a bar of the bytes of one file until all are sent."""
    from fsspec.callbacks import Callback

    task = progress.add_task(description, total=None)

    def draw(size: int | None, value: int, **_: object) -> None:
        progress.update(task, total=size, completed=value, visible=size is None or value < size)

    return Callback(hooks={"bar": draw})


def bars(*, stderr: bool = False) -> "Progress":
    """Return a display of bars, which shows none where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=stderr)
    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

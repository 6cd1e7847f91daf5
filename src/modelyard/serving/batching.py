"""Join what waits into batches for a function of many items."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, Self, TypeVar

from .pace import Pace

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Waiting(NamedTuple, Generic[Item, Answer]):
    item: Item
    short: bool
    future: "asyncio.Future[Answer]"


class Batcher(Generic[Item, Answer]):
    """Awaited with an item, it returns what a function of many items says of this one.

    Nothing waits for company that is not there: what comes while a batch is computed makes up the
    next one, with what each further turn of the event loop brings, so that batches grow with the
    load. The function runs in a thread of its own, or, where the pace says
    that this batch is short, in the event loop: changing threads takes longer than a small model.
    To be used in `async with`, which ends when all is answered.
    """

    def __init__(
        self,
        function: Callable[[list[Item]], Sequence[Answer]],
        most: int,
        pace: Pace | None = None,
    ) -> None:
        """`function` returns the answers in the order of its items, which are at most `most`."""
        self._function, self._most, self._pace = function, most, pace or Pace()
        self._may_run_here = pace is not None
        self._waiting: deque[_Waiting[Item, Answer]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = ThreadPoolExecutor(1, "batches")

    def __call__(self, item: Item, *, short: bool = False) -> "asyncio.Future[Answer]":
        """Return the answer, to be awaited; what a batch raises, each of its items raises.

        `short`: it is no example that takes longer than others of its shape.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append(_Waiting(item, short, future))
        if self._idle.is_set():
            self._idle.clear()
            loop.call_soon(self._gather, 0)
        return future

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._idle.wait()
        self._thread.shutdown()

    def _gather(self, before: int) -> None:
        """Let whoever is ready come along: take another turn of the loop while it brings more."""
        if before < len(self._waiting) < self._most:
            asyncio.get_running_loop().call_soon(self._gather, len(self._waiting))
        else:
            self._start()

    def _start(self) -> None:
        """Compute what waits, at most one batch, here or in the thread."""
        count = min(self._most, len(self._waiting))
        batch = [self._waiting.popleft() for _ in range(count)]
        short = self._may_run_here and self._pace.is_short(count)
        if short and all(one.short for one in batch):
            self._finish(batch, self._outcome(batch, in_loop=True))
            return
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._outcome, batch)
        running.add_done_callback(lambda done: self._finish(batch, done.result()))

    def _outcome(
        self, batch: Sequence[_Waiting[Item, Answer]], *, in_loop: bool = False
    ) -> list[Answer] | Exception:
        try:
            with self._pace.measured(len(batch), in_loop=in_loop):
                answers = self._function([one.item for one in batch])
            return [answer for _, answer in zip(batch, answers, strict=True)]
        except Exception as error:  # whatever it is, nobody may wait for ever
            return error

    def _finish(
        self, batch: Sequence[_Waiting[Item, Answer]], outcome: list[Answer] | Exception
    ) -> None:
        for place, (_, _, future) in enumerate(batch):
            if future.done():  # as when its request was cancelled
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome[place])
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._gather, 0)
        else:
            self._idle.set()

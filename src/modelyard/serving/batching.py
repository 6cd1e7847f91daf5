"""Join what waits into batches for a function that runs in a thread of its own."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Awaited with an item, it returns what a function of many items says of this one.

    Nothing waits for company: what comes while a batch is computed makes up the next one, so that
    batches grow with the load. To be used in `async with`, which ends when all is answered.
    """

    def __init__(self, function: Callable[[list[Item]], Sequence[Answer]], most: int) -> None:
        """`function` returns the answers in the order of its items, which are at most `most`."""
        self._function, self._most = function, most
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[Answer]]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "batches")

    async def __call__(self, item: Item) -> Answer:
        """Return the answer; what a batch raises, each of its items raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, future))
        return await future

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._waiting.join()
        self._worker.cancel()
        self._thread.shutdown()

    async def _work(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            await asyncio.sleep(0)  # whoever is ready now comes along
            while len(batch) < self._most and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._answer(batch)
            for _ in batch:
                self._waiting.task_done()

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        items, futures = zip(*batch, strict=True)
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._thread, self._function, list(items))
            pairs = list(zip(futures, answers, strict=True))
        except Exception as error:  # whatever it is, nobody may wait for ever
            for future in futures:
                if not future.done():  # as when its request was cancelled
                    future.set_exception(error)
            return
        for future, answer in pairs:
            if not future.done():
                future.set_result(answer)

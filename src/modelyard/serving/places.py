"""Bound how many requests are read and computed at a time; whoever comes later waits a while."""

import asyncio

from starlette.exceptions import HTTPException

PLACES = 128  # requests at a time, each of which may hold an upload in memory
QUEUE = 256  # more requests that wait for a place
SECONDS = 10  # that they wait


class Places:
    """To be used in `async with`, which takes a place, or waits for one."""

    def __init__(self) -> None:
        self._free, self._waiting = asyncio.Semaphore(PLACES), 0

    async def __aenter__(self) -> None:
        """Take a place.

        Raises:
            HTTPException: 503: none has become free, or too many wait already.
        """
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        if self._waiting >= QUEUE:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


def _busy() -> HTTPException:
    sentence = "The server is busy with other requests; send this one again in a few seconds."
    return HTTPException(503, sentence, {"Retry-After": str(SECONDS)})

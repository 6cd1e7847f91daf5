"""The server's log: a JSON object per line on standard error, and bounds on what repeats."""

import json
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

LOGGER = "modelyard.serving"
MOST = 10  # lines of one sort within a period
PERIOD = 60.0  # seconds
SORTS = 500  # that are told apart; the rest is one
LONGEST = 500  # characters of a message, which may repeat what a client sent
FIELDS = ("status", "route", "model", "client")
SERVERS = ("asyncio", "uvicorn", "uvicorn.error")


class JsonLines(logging.Formatter):
    """A record as one line of JSON, in ASCII: nothing that a client sent can begin another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time in UTC, level, event, what it is about, message, traceback."""
        at = time.gmtime(record.created)
        found: dict[str, Any] = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', at)}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            **{key: getattr(record, key) for key in FIELDS if hasattr(record, key)},
            "message": record.getMessage()[:LONGEST],
        }
        if left_out := getattr(record, "left_out", 0):
            found["left_out_before"] = left_out
        if record.exc_info:
            found["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(found)


class RateLimit(logging.Filter):
    """Lets a few lines of each sort through in a period; the next one counts those left out.

    The sort is event, status and route, and of an error its type and line: what a client sends may
    be in the message, which therefore does not count.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Take a clock of seconds."""
        super().__init__()
        self._now = now
        self._seen: dict[object, tuple[float, int]] = {}  # when the period began, how many came

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to write a record."""
        sort = self._sort(record)
        if sort not in self._seen and len(self._seen) >= SORTS:
            sort = None
        began, count = self._seen.get(sort, (self._now(), 0))
        if self._now() - began >= PERIOD:
            record.left_out = max(0, count - MOST)
            began, count = self._now(), 0
        self._seen[sort] = began, count + 1
        return count < MOST

    def _sort(self, record: logging.LogRecord) -> object:
        event = getattr(record, "event", record.msg)
        where = None
        if record.exc_info and record.exc_info[1]:
            last = traceback.extract_tb(record.exc_info[1].__traceback__)[-1:]
            where = type(record.exc_info[1]), *((one.filename, one.lineno) for one in last)
        return event, getattr(record, "status", None), getattr(record, "route", None), where


def set_up() -> None:
    """Write what this server and those below it have to say as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.addFilter(RateLimit())
    for name in (LOGGER, *SERVERS):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)


def complain(event: str, message: str, *, error: BaseException | None = None, **about: Any) -> None:
    """Log what went wrong; `about` are some of FIELDS."""
    level = logging.ERROR if error else logging.WARNING
    logging.getLogger(LOGGER).log(level, message, exc_info=error, extra={"event": event, **about})

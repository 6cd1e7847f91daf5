"""The server's log: one line of JSON each, and bounds on what repeats."""

import json
import logging
from collections.abc import Iterator

import pytest

from modelyard.serving import logs

SERVER = logging.getLogger("uvicorn.error")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    names = (logs.LOGGER, *logs.SERVERS)
    kept = {name: (one.handlers, one.propagate, one.level) for name in names
            if (one := logging.getLogger(name))}  # fmt: skip
    yield capfd
    for name, (handlers, propagate, level) in kept.items():
        one = logging.getLogger(name)
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def lines(log: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.readouterr().err.splitlines()]


def test_a_complaint_is_one_line_whatever_a_client_sent(log: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    sent = 'a"\r\n{"level": "error"}\x1b[2J\u2028' + "x" * 10_000
    logs.complain("refused", sent, status=422, route="/predict", client="127.0.0.1")
    text = log.readouterr().err
    assert text.isascii()
    assert text.count("\n") == 1
    found = json.loads(text)
    assert found["message"] == sent[: logs.LONGEST]
    assert [*found] == ["time", "level", "event", "status", "route", "client", "message"]
    assert (found["level"], found["event"], found["status"]) == ("warning", "refused", 422)


def test_an_error_brings_its_traceback_on_the_same_line(log: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    try:
        raise RuntimeError("secret\nline")
    except RuntimeError as error:
        logs.complain("failed", "The server failed", error=error)
    [found] = lines(log)
    assert found["level"] == "error"
    assert str(found["traceback"]).endswith("RuntimeError: secret\nline\n")


def test_the_server_below_writes_such_lines_too(log: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    for _ in range(100):
        SERVER.warning("Invalid HTTP request received.")
    SERVER.info("Started")
    found = lines(log)
    assert len(found) == logs.MOST
    assert found[0]["event"] == "uvicorn.error"
    assert found[0]["message"] == "Invalid HTTP request received."


def test_ten_thousand_complaints_are_a_few_lines_and_their_number() -> None:
    clock = Clock()
    limit = logs.RateLimit(clock)

    def comes(number: int, status: int = 422) -> logging.LogRecord | None:
        record = logging.makeLogRecord({"msg": str(number), "event": "refused", "status": status})
        return record if limit.filter(record) else None

    written = [one for number in range(10_000) if (one := comes(number))]
    assert len(written) == logs.MOST
    assert comes(0, 415)  # of another sort
    clock.now += logs.PERIOD
    later = comes(0)
    assert later
    assert later.__dict__["left_out"] == 10_000 - logs.MOST
    assert len([one for number in range(10_000) if comes(0, number)]) <= logs.SORTS + logs.MOST

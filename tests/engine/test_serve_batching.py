"""Batches: what waits together is answered together, and nobody waits for ever."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from modelyard.serving.batching import Batcher


class Recorder:
    """Squares numbers, keeps the batches and their threads; fails at a negative first number."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()

    def __call__(self, items: list[int]) -> Sequence[int]:
        self.batches.append(items)
        self.threads.add(threading.get_ident())
        if items[0] < 0:
            raise ValueError("negative")
        return [item**2 for item in items]


def test_what_waits_is_answered_in_order_and_in_one_other_thread() -> None:
    square = Recorder()

    async def run() -> list[int]:
        async with Batcher(square, 32) as batcher:
            return list(await asyncio.gather(*map(batcher, range(70))))

    assert asyncio.run(run()) == [number**2 for number in range(70)]
    assert [len(batch) for batch in square.batches] == [32, 32, 6]
    assert len(square.threads) == 1
    assert threading.get_ident() not in square.threads


def test_what_comes_alone_is_answered_alone() -> None:
    square = Recorder()

    async def run() -> list[int]:
        async with Batcher(square, 32) as batcher:
            return [await batcher(number) for number in range(3)]

    assert asyncio.run(run()) == [0, 1, 4]
    assert square.batches == [[0], [1], [2]]


def test_what_the_next_turns_of_the_loop_bring_comes_along() -> None:
    square = Recorder()

    async def run() -> list[int]:
        async with Batcher(square, 32) as batcher:
            asked = []
            for number in range(5):
                asked.append(batcher(number))
                await asyncio.sleep(0)
            return list(await asyncio.gather(*asked))

    assert asyncio.run(run()) == [0, 1, 4, 9, 16]
    assert square.batches == [[0, 1, 2, 3, 4]]


def test_what_comes_while_a_batch_is_computed_is_the_next_one() -> None:
    started, go = threading.Event(), threading.Event()
    batches: list[int] = []

    def slow(items: list[int]) -> list[int]:
        started.set()
        go.wait()
        batches.append(len(items))
        return items

    async def run() -> list[int]:
        async with Batcher(slow, 32) as batcher:
            asked = [asyncio.ensure_future(batcher(0))]
            await asyncio.to_thread(started.wait)
            asked += [asyncio.ensure_future(batcher(number)) for number in range(1, 6)]
            await asyncio.sleep(0)
            go.set()
            return list(await asyncio.gather(*asked))

    assert asyncio.run(run()) == list(range(6))
    assert batches == [1, 5]


def test_a_failing_batch_answers_all_of_its_own_and_no_other() -> None:
    async def run() -> list[object]:
        async with Batcher(Recorder(), 3) as batcher:
            asked = map(batcher, [-1, 2, 3, 4, 5])
            return list(await asyncio.gather(*asked, return_exceptions=True))

    *failed, four, five = asyncio.run(run())
    assert [str(error) for error in failed] == ["negative"] * 3
    assert (four, five) == (16, 25)


def test_too_few_answers_are_an_error_for_all() -> None:
    async def run() -> None:
        batcher: Batcher[int, int] = Batcher(lambda items: items[1:], 3)
        async with batcher:
            await asyncio.gather(*map(batcher, range(2)))

    with pytest.raises(ValueError, match="shorter"):
        asyncio.run(run())


def test_who_no_longer_waits_is_left_out_and_the_end_waits_for_the_others() -> None:
    async def run() -> int:
        async with Batcher(Recorder(), 32) as batcher:
            gone, stays = (asyncio.ensure_future(batcher(number)) for number in (2, 3))
            await asyncio.sleep(0)
            gone.cancel()
        return stays.result()

    assert asyncio.run(run()) == 9

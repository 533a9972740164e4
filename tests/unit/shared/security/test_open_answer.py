"""A live view ends with the rights of whoever looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hackai_shared.security.open_answer import OpenAnswer


class Wire:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))


async def stream(answer: OpenAnswer, parts: AsyncIterator[bytes]) -> None:
    await answer.send({"type": "http.response.start", "status": 200})
    async for part in parts:
        await answer.send({"type": "http.response.body", "body": part, "more_body": True})
    await answer.send({"type": "http.response.body", "body": b""})


async def two() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def test_a_short_answer_passes_as_it_is() -> None:
    wire = Wire()
    answer = OpenAnswer(wire.send)
    await answer.while_it_holds(stream(answer, two()), lambda: False, period_s=5)
    assert [message.get("body") for message in wire.sent] == [None, b"a", b"b", b""]


async def test_a_silent_stream_is_closed_and_its_work_ended() -> None:
    wire, ended, rights = Wire(), asyncio.Event(), [True]
    answer = OpenAnswer(wire.send)

    async def silent() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            rights[0] = False
            await asyncio.Event().wait()
        finally:
            ended.set()

    holding = answer.while_it_holds(stream(answer, silent()), lambda: rights[0], period_s=0.01)
    await asyncio.wait_for(holding, 5)
    await asyncio.wait_for(ended.wait(), 5)
    assert wire.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_an_error_of_the_handler_stays_an_error() -> None:
    async def broken() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await OpenAnswer(Wire().send).while_it_holds(broken(), lambda: True, period_s=5)


async def test_a_reader_who_leaves_ends_the_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(OpenAnswer(Wire().send).while_it_holds(work(), lambda: True, period_s=0.01))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 5)
    await asyncio.wait_for(ended.wait(), 5)

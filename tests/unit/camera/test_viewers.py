"""Live views."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hackai_camera.viewers import TooManyViewers, Viewers
from hackai_shared.envelope import Frame


class Stage:
    """A camera as its viewers see it."""

    def __init__(self, make_frame: Any) -> None:
        self.newest: Frame | None = None
        self._make = make_frame
        self._count = 0
        self.viewers = Viewers(lambda: self.newest, limit=2)

    def show(self) -> None:
        self.newest = self._make(self._count / 10, sequence=self._count)
        self._count += 1
        self.viewers.notify()


@pytest.fixture
async def stage(make_frame: Any) -> Stage:
    return Stage(make_frame)


async def test_a_viewer_gets_the_newest_frame_at_once_and_skips_what_it_missed(stage: Stage) -> None:
    stage.show()
    view = stage.viewers.follow(heartbeat_s=5)
    first = await anext(view)
    for _ in range(7):
        stage.show()
    second = await anext(view)

    assert first is not None
    assert second is not None
    assert (first.header.sequence, second.header.sequence) == (0, 7)


async def test_a_waiting_viewer_is_woken(stage: Stage) -> None:
    view = stage.viewers.follow(heartbeat_s=5)
    waiting = asyncio.ensure_future(anext(view))
    await asyncio.sleep(0)
    stage.show()

    frame = await asyncio.wait_for(waiting, 5)

    assert frame is stage.newest


async def test_silence_gives_a_heartbeat_so_that_a_gone_viewer_is_noticed(stage: Stage) -> None:
    assert await anext(stage.viewers.follow(heartbeat_s=0.01)) is None


async def test_closing_ends_the_views_after_the_last_frame(stage: Stage) -> None:
    view = stage.viewers.follow(heartbeat_s=5)
    rest = asyncio.ensure_future(_collect(view))
    await asyncio.sleep(0)
    stage.show()
    stage.viewers.close()

    assert await asyncio.wait_for(rest, 5) == [0]
    assert await _collect(stage.viewers.follow(heartbeat_s=5)) == [0]


async def _collect(view: Any) -> list[int]:
    return [frame.header.sequence async for frame in view]


async def test_seats_are_bounded_and_given_back(stage: Stage) -> None:
    stage.viewers.take_seat()
    stage.viewers.take_seat()
    with pytest.raises(TooManyViewers):
        stage.viewers.take_seat()

    stage.viewers.leave_seat()
    stage.viewers.take_seat()

    assert stage.viewers.count == 2

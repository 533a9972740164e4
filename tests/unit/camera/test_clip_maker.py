"""The queue in front of the encoder."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hackai_camera.clip import ClipError
from hackai_camera.clip_maker import MAX_WAITING, ClipMaker, TooManyClips


async def test_a_clip_is_made_beside_the_event_loop(make_frame: Any) -> None:
    maker = ClipMaker()

    video = await maker.make([make_frame(0.0), make_frame(0.1)])

    assert video[4:8] == b"ftyp"
    await maker.close()


async def test_the_queue_is_bounded(make_frame: Any) -> None:
    maker = ClipMaker()
    frames = [make_frame(n / 10) for n in range(20)]
    tasks = [asyncio.ensure_future(maker.make(frames)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(TooManyClips):
        await maker.make(frames)

    assert all(await asyncio.gather(*tasks))
    assert await maker.make(frames)
    await maker.close()


async def test_closing_cancels_what_is_being_made(make_frame: Any) -> None:
    maker = ClipMaker()
    frames = [make_frame(n / 10, width=1280, height=720) for n in range(2)] * 200
    task = asyncio.ensure_future(maker.make(frames))
    await asyncio.sleep(0.05)

    await maker.close()

    with pytest.raises(ClipError, match="cancelled"):
        await task

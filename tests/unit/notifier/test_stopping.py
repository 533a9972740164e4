import asyncio

from hackai_notifier.stopping import either, pause, unless


async def forever() -> int:
    await asyncio.Event().wait()
    return 1


async def test_a_wait_ends_with_the_service() -> None:
    stop = asyncio.Event()
    waiting = asyncio.ensure_future(pause(stop, 3600.0))
    await asyncio.sleep(0)
    stop.set()

    await asyncio.wait_for(waiting, 5)


async def test_a_wait_ends_when_woken_or_when_the_time_is_over() -> None:
    wake = asyncio.Event()
    wake.set()

    await asyncio.wait_for(either(asyncio.Event(), wake, None), 5)
    await asyncio.wait_for(either(asyncio.Event(), asyncio.Event(), 0.01), 5)


async def test_work_gives_its_result_unless_the_service_stops_first() -> None:
    stop = asyncio.Event()
    assert await unless(stop, asyncio.sleep(0, "done")) == "done"

    stop.set()
    assert await asyncio.wait_for(unless(stop, forever()), 5) is None
    assert await unless(stop, asyncio.sleep(0.01, "finished"), finish_s=5.0) == "finished"

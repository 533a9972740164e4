"""The place between a reader's thread and the event loop."""

from __future__ import annotations

import asyncio
import threading

from hackai_camera.slot import Slot


async def test_the_newest_item_wins_and_the_loss_is_told() -> None:
    slot: Slot[int] = Slot()

    assert slot.put(1) is False
    assert slot.put(2) is True
    assert await slot.take() == 2


async def test_the_last_item_is_never_lost() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.close()

    assert await slot.take() == 1
    assert await slot.take() is None


async def test_close_wakes_a_waiting_reader() -> None:
    slot: Slot[int] = Slot()
    taker = asyncio.ensure_future(slot.take())
    await asyncio.sleep(0)

    slot.close()

    assert await asyncio.wait_for(taker, 5) is None


async def test_a_thread_that_waits_for_each_item_loses_none() -> None:
    slot: Slot[int] = Slot()

    def write() -> None:
        for number in range(500):
            assert slot.wait_until_free(10)
            assert slot.put(number) is False

    thread = threading.Thread(target=write)
    thread.start()
    taken = [await asyncio.wait_for(slot.take(), 10) for _ in range(500)]
    thread.join()

    assert taken == list(range(500))


async def test_waiting_for_the_place_ends_after_the_time() -> None:
    slot: Slot[int] = Slot()
    slot.put(1)

    assert slot.wait_until_free(0.01) is False
    slot.close()
    assert slot.wait_until_free(0.01) is True

"""The workers: order per camera, live first, a bounded queue."""

from __future__ import annotations

import asyncio
import threading
from typing import Iterator

import pytest

from hackai_inference.live.engine import Engine, EngineStopped, Overloaded


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def pass_through(self) -> None:
        self.entered.release()
        assert self.open.wait(10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


async def test_a_request_returns_its_result(engine: Engine) -> None:
    assert await engine.run(lambda: 6 * 7) == 42


async def test_a_request_raises_what_its_job_raises(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        await engine.run(lambda: 1 // 0)
    assert await engine.run(lambda: "still there") == "still there"


async def test_more_requests_than_the_queue_holds_are_refused(engine: Engine, gate: Gate) -> None:
    busy = asyncio.ensure_future(engine.run(gate.pass_through))
    await asyncio.get_running_loop().run_in_executor(None, gate.entered.acquire)
    waiting = [asyncio.ensure_future(engine.run(lambda: 1)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await engine.run(lambda: 1)

    assert engine.waiting == 2
    gate.open.set()
    assert await asyncio.gather(*waiting) == [1, 1]
    await busy


async def test_live_work_goes_before_requests_that_wait(gate: Gate) -> None:
    order: list[str] = []
    engine = Engine(1, queue_size=10)
    engine.start(order.append)
    busy = asyncio.ensure_future(engine.run(gate.pass_through))
    await asyncio.get_running_loop().run_in_executor(None, gate.entered.acquire)
    request = asyncio.ensure_future(engine.run(lambda: order.append("request")))
    await asyncio.sleep(0)
    engine.wake("camera")
    gate.open.set()
    await asyncio.gather(busy, request)
    engine.stop()

    assert order == ["camera", "request"]


def test_one_camera_is_never_served_twice_at_the_same_time_and_no_wake_is_lost() -> None:
    active: list[str] = []
    overlaps = 0
    last = threading.Event()
    guard = threading.Lock()

    def serve(key: str) -> None:
        nonlocal overlaps
        with guard:
            overlaps += key in active
            active.append(key)
        threading.Event().wait(0.001)
        with guard:
            active.remove(key)
            if woken_last.is_set():
                last.set()

    woken_last = threading.Event()
    engine = Engine(4, queue_size=1)
    engine.start(serve)
    for _ in range(300):
        engine.wake("front")
    woken_last.set()
    engine.wake("front")

    assert last.wait(10)
    engine.stop()
    assert overlaps == 0


def test_a_camera_that_breaks_something_does_not_stop_the_others() -> None:
    done = threading.Event()

    def serve(key: str) -> None:
        if key == "bad":
            raise RuntimeError("poison")
        done.set()

    engine = Engine(1, queue_size=1)
    engine.start(serve)
    engine.wake("bad")
    engine.wake("good")

    assert done.wait(10)
    engine.stop()


async def test_what_waits_when_the_engine_stops_fails_at_once(gate: Gate) -> None:
    engine = Engine(1, queue_size=10)
    engine.start(lambda key: None)
    busy = asyncio.ensure_future(engine.run(gate.pass_through))
    await asyncio.get_running_loop().run_in_executor(None, gate.entered.acquire)
    waiting = asyncio.ensure_future(engine.run(lambda: 1))
    await asyncio.sleep(0)
    engine.stop(timeout_s=0.01)

    with pytest.raises(EngineStopped):
        await waiting
    with pytest.raises(EngineStopped):
        await engine.run(lambda: 1)
    gate.open.set()
    await busy


async def test_a_request_whose_client_hung_up_is_not_run(engine: Engine, gate: Gate) -> None:
    ran: list[int] = []
    busy = asyncio.ensure_future(engine.run(gate.pass_through))
    await asyncio.get_running_loop().run_in_executor(None, gate.entered.acquire)
    gone = asyncio.ensure_future(engine.run(lambda: ran.append(1)))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    gate.open.set()
    await busy
    await engine.run(lambda: None)

    assert ran == []

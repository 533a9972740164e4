"""Leases on a real server: claims, shares, losses and take-overs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Set

import pytest

from hackai_inference.live.lease import LEASE_S, RENEW_S, CameraLeases
from hackai_shared.bus import Bus, names
from hackai_shared.reserved import CANARY_CAMERA

QUICK = {"lease_s": 0.4, "renew_s": 0.05}


class Watcher:
    """A replica that takes down what its leases tell it."""

    def __init__(self, bus: Bus, replica: str, **options: Any) -> None:
        self.told: List[str] = []
        self.occupied: Set[str] = set()
        self.leases = CameraLeases(bus, replica, self, **{**QUICK, **options})
        self._task: "asyncio.Future[None] | None" = None

    async def prepare(self, camera: str) -> None:
        self.told.append(f"prepare {camera}")

    def begin(self, camera: str) -> None:
        assert self.leases.holds(camera)
        self.told.append(f"begin {camera}")

    def end(self, camera: str) -> None:
        assert not self.leases.holds(camera)
        self.told.append(f"end {camera}")

    def busy(self) -> Set[str]:
        return self.occupied

    def start(self, *cameras: str) -> None:
        for camera in cameras:
            self.leases.note(camera)
        self._task = asyncio.ensure_future(self.leases.keep())

    async def stop(self) -> None:
        """Fall silent, as a killed replica does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


@pytest.fixture
async def watcher(bus: Bus) -> Any:
    made: List[Watcher] = []

    def make(replica: str, **options: Any) -> Watcher:
        made.append(Watcher(bus, replica, **options))
        return made[-1]

    yield make
    for one in made:
        await one.stop()


async def test_a_free_camera_is_watched_at_once(watcher: Callable[..., Watcher], live: Any) -> None:
    a = watcher("a")
    a.start("front")

    await live.until(lambda: a.leases.holds("front"))

    assert a.told == ["prepare front", "begin front"]
    assert a.leases.held == ["front"]


async def test_one_camera_is_never_watched_twice(watcher: Callable[..., Watcher], live: Any) -> None:
    cameras = [f"camera-{n}" for n in range(6)]
    replicas = [watcher(name) for name in "abc"]
    for replica in replicas:
        replica.start(*cameras)

    seen: Dict[str, int] = {}
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for camera in cameras:
            seen[camera] = max(seen.get(camera, 0), sum(r.leases.holds(camera) for r in replicas))
        await asyncio.sleep(0)

    assert seen == dict.fromkeys(cameras, 1)
    await live.until(lambda: [len(r.leases.held) for r in replicas] == [2, 2, 2])


async def test_a_silent_replica_is_replaced_when_its_lease_has_run_out(
    watcher: Callable[..., Watcher], live: Any
) -> None:
    a, b = watcher("a"), watcher("b")
    a.start("front")
    await live.until(lambda: a.leases.holds("front"))
    b.start("front")
    await live.until(lambda: b.leases.elsewhere("front"))

    await a.stop()
    await live.until(lambda: b.leases.holds("front"))

    assert not a.leases.holds("front")  # it stopped by its own clock, nobody had to tell it
    assert b.told == ["prepare front", "begin front"]
    a.start()
    await live.until(lambda: a.leases.elsewhere("front"))
    assert a.told[-1] == "end front"


async def test_an_interruption_in_which_nobody_else_watched_is_no_change(
    watcher: Callable[..., Watcher], live: Any
) -> None:
    a = watcher("a")
    a.start("front")
    await live.until(lambda: a.leases.holds("front"))
    await a.stop()
    await live.until(lambda: not a.leases.holds("front"))

    a.start()
    await live.until(lambda: a.leases.holds("front"))

    assert a.told == ["prepare front", "begin front", "begin front"]


async def test_a_stop_lets_the_next_one_begin_at_once(watcher: Callable[..., Watcher], live: Any) -> None:
    a, b = watcher("a", lease_s=60.0), watcher("b", lease_s=60.0)
    a.start("front")
    await live.until(lambda: a.leases.holds("front"))
    b.start("front")
    await live.until(lambda: b.leases.elsewhere("front"))

    await a.stop()
    await a.leases.release()
    await live.until(lambda: b.leases.holds("front"), 5.0)

    assert a.leases.held == []


async def test_a_camera_with_something_going_on_stays(watcher: Callable[..., Watcher], live: Any) -> None:
    a, b = watcher("a"), watcher("b")
    a.occupied = {"x", "y"}
    a.start("x", "y")
    await live.until(lambda: a.leases.held == ["x", "y"])
    b.start("x", "y")
    await live.until(lambda: b.leases.elsewhere("x") and b.leases.elsewhere("y"))
    for _ in range(5):
        await asyncio.sleep(QUICK["renew_s"])
        assert a.leases.held == ["x", "y"]

    a.occupied = {"x"}
    await live.until(lambda: b.leases.held == ["y"])

    assert a.told[-1] == "end y"


async def test_the_canary_goes_round_and_counts_for_nobodys_share(watcher: Callable[..., Watcher], live: Any) -> None:
    replicas = {name: watcher(name) for name in "abc"}
    for replica in replicas.values():
        replica.start(CANARY_CAMERA, "front", "yard", "cellar")
    await live.until(lambda: [len(set(r.leases.held) - {CANARY_CAMERA}) for r in replicas.values()] == [1, 1, 1])

    def holder() -> str:
        return "".join(name for name, replica in replicas.items() if replica.leases.holds(CANARY_CAMERA))

    await live.until(lambda: len(holder()) == 1)
    seen = []
    for _ in range(4):
        seen.append(holder())
        replicas[seen[-1]].leases.pass_on(CANARY_CAMERA)
        await live.until(lambda: len(holder()) == 1 and holder() != seen[-1])

    assert set(seen[:3]) == set("abc")
    assert seen[3] == seen[0]
    assert [len(set(r.leases.held) - {CANARY_CAMERA}) for r in replicas.values()] == [1, 1, 1]


async def test_the_only_replica_keeps_the_canary(watcher: Callable[..., Watcher], live: Any) -> None:
    a = watcher("a")
    a.start(CANARY_CAMERA)
    await live.until(lambda: a.leases.holds(CANARY_CAMERA))
    a.leases.pass_on(CANARY_CAMERA)
    await asyncio.sleep(3 * QUICK["renew_s"])

    assert a.leases.holds(CANARY_CAMERA)
    assert a.told == [f"prepare {CANARY_CAMERA}", f"begin {CANARY_CAMERA}"]


async def test_a_lease_from_before_the_clock_was_set_back_counts_for_nothing(
    watcher: Callable[..., Watcher], live: Any, bus: Bus
) -> None:
    next_year = int(1000 * (time.time() + 365 * 86400))
    await bus.client.hset(names.CAMERA_LEASES, "front", f"{next_year} 7 somebody")
    await bus.client.zadd(names.INFERENCE_REPLICAS, {"somebody": next_year})

    a = watcher("a")
    a.start("front")

    await live.until(lambda: a.leases.holds("front"))
    assert await bus.client.zrange(names.INFERENCE_REPLICAS, 0, -1) == [b"a"]


async def test_a_killed_replica_is_replaced_within_ten_seconds_and_its_incident_goes_on(
    service: Any, second_service: Any, live: Any, bus: Bus, redis_url: str
) -> None:
    config = "cameras:\n  front:\n    name: Front door\n    source: {type: pattern}\n"
    service.start(redis_url, config)
    camera = live.FakeCamera(bus)
    while await bus.client.pubsub_numpat() < 1:
        await asyncio.sleep(0.01)
    await camera.show("fire", 3)

    async def stored() -> bool:
        return bool(await bus.client.get(names.open_incident_key("front")))

    await live.until(stored)
    second_service.start(redis_url, config)
    while await bus.client.zcard(names.INFERENCE_REPLICAS) < 2:  # it counts itself in with the first frame
        await camera.show("fire", 0.1, pause_s=0.1)

    async def holder() -> bytes:
        return (await bus.client.hget(names.CAMERA_LEASES, "front")).split(b" ", 2)[2]

    first = await holder()
    killed = time.monotonic()
    service.kill()
    while await holder() == first:
        await camera.show("fire", 0.1, pause_s=0.1)
        assert time.monotonic() - killed < 10
    assert time.monotonic() - killed < LEASE_S + 2 * RENEW_S + 1
    await camera.show("nothing", 6)

    async def cleared() -> bool:
        return any(event.change == "cleared" for event, _ in await live.incidents(bus))

    await live.until(cleared)
    events = [event for event, _ in await live.incidents(bus)]
    assert [event.change for event in events if event.change != "updated"] == ["opened", "cleared"]
    assert len({event.incident_id for event in events}) == 1


async def test_each_replica_recognises_a_canary_in_turn(
    service: Any, second_service: Any, live: Any, bus: Bus, redis_url: str
) -> None:
    service.start(redis_url)
    second_service.start(redis_url)
    camera = live.FakeCamera(bus, CANARY_CAMERA)
    begun = time.monotonic()
    while await bus.client.zcard(names.INFERENCE_REPLICAS) < 2:  # each counts itself in with its first frame
        await camera.show("nothing", 0.1, pause_s=0.1)
        assert time.monotonic() - begun < 60

    async def cleared() -> int:
        return sum(event.change == "cleared" for event, _ in await live.incidents(bus))

    async def holder() -> bytes:
        return (await bus.client.hget(names.CAMERA_LEASES, CANARY_CAMERA)).split(b" ", 2)[2]

    for turn in (1, 2, 3):
        first = await holder()
        await camera.show("fire", 3, pause_s=0.02)
        deadline = time.monotonic() + 30
        while await cleared() < turn:
            await camera.show("nothing", 0.5, pause_s=0.02)
            assert time.monotonic() < deadline
        while await holder() == first:
            await asyncio.sleep(0.02)
            assert time.monotonic() < deadline

    opened = [event.judged_by for event, _ in await live.incidents(bus) if event.change == "opened"]
    assert len(set(opened)) == 2
    assert opened[0] != opened[1]
    assert opened[2] == opened[0]


@pytest.fixture
def second_service(tmp_path: Path, service: Any, make_package: Callable[..., Path]) -> Any:
    """Another replica beside ``service``."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "second"
    folder.mkdir()
    make_package(folder / "models")
    running = type(service)(folder, port)
    yield running
    running.close()

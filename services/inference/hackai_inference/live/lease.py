"""A camera is watched by one replica, through a lease in Redis that it renews; when it falls silent another takes over.

All leases are one hash, ``camera -> "<expires ms> <tenure> <holder>"``, by the clock of Redis: the clocks of the
replicas need not agree. The tenure counts the changes of the holder, so that a replica knows whether somebody else
watched in between. A replica that cannot renew because nobody answers stops watching before its lease runs out by
anybody's clock; one whose renewal Redis answers with an error watches on, because frames may still come.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Collection, Dict, FrozenSet, List, Mapping, NamedTuple, Set, Tuple

import structlog
from redis.exceptions import RedisError, ResponseError
from typing_extensions import Protocol

from hackai_inference.live.sharing import handovers, next_in_turn
from hackai_shared.bus import Bus, names
from hackai_shared.reserved import CANARY_CAMERA

log = structlog.get_logger(__name__)

# A lost replica's cameras are watched again after at most this long and one renewal: well within ten seconds.
LEASE_S = 3.0
RENEW_S = 0.5
# What the release at a stop may take: without it the lease runs out by itself.
RELEASE_S = 0.3

# KEYS: leases, replicas. ARGV: replica, milliseconds, cameras … Returns the replicas, and tenure and holder per camera.
# A lease that ends later than one made now can end was written before the clock was set back: it counts for nothing.
_RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, length = ARGV[1], tonumber(ARGV[2])
redis.call('ZADD', KEYS[2], now + length, me)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', now + length), '+inf')
local held = {}
for number = 3, #ARGV do
  local ends, tenure, holder = 0, 0, nil
  local lease = redis.call('HGET', KEYS[1], ARGV[number])
  if lease then
    ends, tenure, holder = string.match(lease, '^(%d+) (%d+) (.*)$')
  end
  local left = tonumber(ends) - now
  if holder == me or left <= 0 or left > length then
    if holder ~= me then tenure = tenure + 1 end
    holder = me
    redis.call('HSET', KEYS[1], ARGV[number], string.format('%.0f %d %s', now + length, tenure, me))
  end
  held[#held + 1] = {tonumber(tenure), holder}
end
return {redis.call('ZRANGE', KEYS[2], 0, -1), held}
"""

# KEYS: leases, replicas. ARGV: replica, milliseconds, then camera and heir in turn. An empty heir: whoever comes first.
_GIVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for number = 3, #ARGV, 2 do
  local camera, heir = ARGV[number], ARGV[number + 1]
  local lease = redis.call('HGET', KEYS[1], camera)
  local tenure, holder = string.match(lease or '', '^%d+ (%d+) (.*)$')
  if holder == ARGV[1] then
    if heir == '' then
      redis.call('HSET', KEYS[1], camera, string.format('0 %d %s', tenure, holder))
    else
      redis.call('HSET', KEYS[1], camera, string.format('%.0f %d %s', now + ARGV[2], tenure + 1, heir))
    end
  end
end
return #ARGV
"""


class Duties(Protocol):
    """What the leases ask of whoever watches the cameras; all of it on the event loop."""

    async def prepare(self, camera: str) -> None:
        """Take up a camera where somebody else left it. Redis errors may come out: it is tried again."""

    def begin(self, camera: str) -> None:
        """Watch it from now on; also after an interruption in which nobody else did."""

    def end(self, camera: str) -> None:
        """Somebody else watches it now: forget it."""

    def busy(self) -> Collection[str]:
        """Return the cameras in whose picture something is going on: they are not given away."""


class Holding(NamedTuple):
    """Who watches a camera, and the how-manieth change of hands that was."""

    tenure: int
    holder: str


class CameraLeases:
    """The leases of this replica; :meth:`holds` and :meth:`elsewhere` may be asked from any thread."""

    def __init__(
        self,
        bus: Bus,
        replica: str,
        duties: Duties,
        *,
        lease_s: float = LEASE_S,
        renew_s: float = RENEW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._me = replica
        self._duties = duties
        self._lease_s = lease_s
        self._renew_s = renew_s
        self._clock = clock
        self._renew: Any = bus.client.register_script(_RENEW)
        self._give: Any = bus.client.register_script(_GIVE)
        self._known: Set[str] = set()
        self._tenures: Dict[str, int] = {}
        self._until: Dict[str, float] = {}
        self._elsewhere: FrozenSet[str] = frozenset()
        self._passing: Set[str] = set()
        self._news = asyncio.Event()

    def note(self, camera: str) -> None:
        """Somebody has to watch this camera: it is claimed at once where nobody does."""
        if camera not in self._known:
            self._known.add(camera)
            self._news.set()

    def pass_on(self, camera: str) -> None:
        """Let the next replica in turn watch this camera, where there is another one."""
        self._passing.add(camera)
        self._news.set()

    def holds(self, camera: str) -> bool:
        """Return whether this replica watches the camera and its lease has not run out."""
        until = self._until.get(camera)
        return until is not None and self._clock() < until

    def elsewhere(self, camera: str) -> bool:
        """Return whether another replica is known to watch the camera."""
        return camera in self._elsewhere

    @property
    def held(self) -> List[str]:
        """The cameras that this replica watches."""
        return sorted(camera for camera in list(self._until) if self.holds(camera))

    async def keep(self) -> None:
        """Claim, renew and share for ever."""
        reachable = True
        while True:
            self._news.clear()
            try:
                if self._known:
                    await self._round()
                reachable = True
            except (RedisError, OSError) as error:
                if isinstance(error, ResponseError):
                    self._keep_without_renewal()
                if reachable:
                    log.warning("leases are not renewed, waiting for Redis", error=str(error))
                reachable = False
                await asyncio.sleep(self._renew_s)
            try:
                await asyncio.wait_for(self._news.wait(), self._renew_s)
            except asyncio.TimeoutError:
                continue

    async def release(self) -> None:
        """Let others take the cameras at once; called after the last frame was judged."""
        mine, self._until = list(self._until), {}
        if not mine:
            return
        try:
            await asyncio.wait_for(self._hand([(camera, "") for camera in mine]), RELEASE_S)
        except (RedisError, OSError, asyncio.TimeoutError) as error:
            log.warning("leases run out by themselves", cameras=mine, error=str(error))

    def _keep_without_renewal(self) -> None:
        """Watch on: a server that writes for nobody (out of memory, read-only) gives our cameras to nobody else."""
        until = self._clock() + self._lease_s
        for camera in self.held:
            self._until[camera] = until

    async def _round(self) -> None:
        cameras = sorted(self._known)
        sent = self._clock()
        answer = await self._renew(
            keys=[names.CAMERA_LEASES, names.INFERENCE_REPLICAS], args=[self._me, self._milliseconds, *cameras]
        )
        replicas = [replica.decode() for replica in answer[0]]
        holdings = {camera: Holding(tenure, holder.decode()) for camera, (tenure, holder) in zip(cameras, answer[1])}
        self._elsewhere = frozenset(camera for camera, holding in holdings.items() if holding.holder != self._me)
        for camera in self._elsewhere:
            self._lose(camera)
        for camera, holding in holdings.items():
            if holding.holder == self._me:
                await self._hold(camera, holding.tenure, sent + self._lease_s)
        await self._share(holdings, replicas)

    async def _hold(self, camera: str, tenure: int, until: float) -> None:
        if self._tenures.get(camera) != tenure:
            self._until.pop(camera, None)
            await self._duties.prepare(camera)
            self._tenures[camera] = tenure
            log.info("watching a camera", camera=camera, tenure=tenure)
        watching = self.holds(camera)
        self._until[camera] = until
        if not watching:
            self._duties.begin(camera)

    def _lose(self, camera: str) -> None:
        if self._tenures.pop(camera, None) is not None:
            self._until.pop(camera, None)
            self._duties.end(camera)
            log.info("another replica watches the camera", camera=camera)

    async def _share(self, holdings: Mapping[str, Holding], replicas: Collection[str]) -> None:
        # The canary goes round from replica to replica, and is no work to be shared.
        holders = {camera: holding.holder for camera, holding in holdings.items() if camera != CANARY_CAMERA}
        given = handovers(self._me, holders, replicas, self._duties.busy())
        passing, self._passing = self._passing, set()
        heir = next_in_turn(self._me, replicas)
        if heir != self._me:
            given += [(camera, heir) for camera in sorted(passing) if camera not in self._elsewhere]
        for camera, _ in given:
            # No frame of it is judged here from now on, whether or not the answer arrives.
            self._elsewhere |= {camera}
            self._lose(camera)
        if given:
            await self._hand(given)

    async def _hand(self, given: Collection[Tuple[str, str]]) -> None:
        flat = [part for pair in given for part in pair]
        await self._give(
            keys=[names.CAMERA_LEASES, names.INFERENCE_REPLICAS], args=[self._me, self._milliseconds, *flat]
        )

    @property
    def _milliseconds(self) -> int:
        return round(1000 * self._lease_s)

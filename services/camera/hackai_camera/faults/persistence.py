"""From what single looks say to a fault: only what persists is told, and only what has passed is over. Pure."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

from hackai_shared.config.cameras import CameraFault

Fault = CameraFault

# Seconds for which a condition must persist. ``offline`` and ``frozen`` have waited before they are one. All are found
# within 30 s, with a look every second.
PERSISTS_S: dict[Fault, float] = {
    "offline": 0.0,
    "frozen": 1.0,
    "dark": 10.0,
    "covered": 10.0,
    "defocused": 12.0,
    "moved": 15.0,
}
# A hand that moves in front of the lens is now this and now that: so long of anything is the most frequent of them.
ANYTHING_S = 20.0
# Of the looks in that time.
SHARE = 0.8
CLEARS_S = 5.0
# A service that slept (a laptop's lid, a stopped process) has not watched: what it knew before says nothing any more.
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class FaultChange:
    """A step in the life of a fault; ``since_s`` is when the condition began."""

    change: Literal["opened", "updated", "cleared"]
    fault: Fault
    since_s: float


class Persistence:
    """The open fault of one camera, one at a time: a hand over the lens is one trouble, however it looks."""

    def __init__(self, *, open_fault: Fault | None = None) -> None:
        self.fault = open_fault
        self._seen: deque[tuple[float, Fault | None]] = deque()

    def note(self, condition: Fault | None, now_s: float) -> FaultChange | None:
        """Take what a look says; return what has changed by it."""
        if self._seen and now_s - self._seen[-1][0] > LONGEST_PAUSE_S:
            self._seen.clear()
        self._seen.append((now_s, condition))
        while now_s - self._seen[0][0] > ANYTHING_S + 1.0:
            self._seen.popleft()
        lasting = self._lasting(now_s)
        if self.fault is None:
            return None if lasting is None else self._become("opened", lasting, now_s)
        if lasting is not None and lasting != self.fault:
            return self._become("updated", lasting, now_s)
        if self._healthy(now_s):
            over, self.fault = self.fault, None
            return FaultChange("cleared", over, now_s - CLEARS_S)
        return None

    def forget(self) -> FaultChange | None:
        """End what is open, because the camera is not meant to be watched any more or the view was accepted."""
        self._seen.clear()
        if self.fault is None:
            return None
        over, self.fault = self.fault, None
        return FaultChange("cleared", over, 0.0)

    def _become(self, change: Literal["opened", "updated"], fault: Fault, now_s: float) -> FaultChange:
        self.fault = fault
        since_s = next((at for at, seen in self._seen if seen == fault), now_s)
        return FaultChange(change, fault, since_s)

    def _lasting(self, now_s: float) -> Fault | None:
        present = self._seen[-1][1]
        if present is None:
            return None
        if self._share_s(now_s, PERSISTS_S[present], present) >= SHARE:
            return present
        recent = self._within(now_s, ANYTHING_S)
        troubled = [seen for seen in recent if seen is not None]
        if len(troubled) < SHARE * len(recent) or self._watched_s(now_s) < ANYTHING_S:
            return None
        return Counter(troubled).most_common(1)[0][0]

    def _share_s(self, now_s: float, seconds: float, fault: Fault) -> float:
        if self._watched_s(now_s) < seconds:
            return 0.0
        recent = self._within(now_s, seconds)
        return sum(seen == fault for seen in recent) / len(recent)

    def _healthy(self, now_s: float) -> bool:
        return self._watched_s(now_s) >= CLEARS_S and not any(self._within(now_s, CLEARS_S))

    def _watched_s(self, now_s: float) -> float:
        return now_s - self._seen[0][0]

    def _within(self, now_s: float, seconds: float) -> list[Fault | None]:
        return [seen for at, seen in self._seen if now_s - at <= seconds]

"""Every camera learns its own quiet: how suspicious its harmless footage is, per place and time of day. Pure.

Kept for each place and each eighth of the day is a histogram over minutes: the highest *excess* that lasted a second.
The excess is how far a score lies above the plain reference, in logits; 0 is the reference itself. What counts at a
place is raised to what 99 % of its harmless minutes stay below, and a margin, from an hour on, never above ``HIGHEST``.

What burns is not learned. A minute is learned ten minutes later, and only if no evidence that could become an alarm was
seen from then till now; evidence is measured against what holds *without* this learning, so that it cannot climb on its
own shoulders. Only people teach more: a false alarm raises its places at once.

A new fire breaks through, since it burns where nothing was learned; so does one that grows beyond the extent that a
false alarm had: to it the plain reference applies again. Everything expires: habits with a half-life,
false alarms after a month.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Deque, Dict, List, Optional, Tuple

import cv2
import numpy as np

from hackai_inference.decision.places import PLACES, SIDE

Places = "np.ndarray[Any, Any]"

SLOTS = 8
SLOT_HOURS = 24 // SLOTS
# Lower edges of the histogram's bins, logits above the plain reference; the first holds all that needs no raise.
EDGES = np.arange(-1.0, 3.5, 0.25)
# The plain reference of fire (0.5) with this raise is 0.97, the highest threshold that people can set, too.
HIGHEST = math.log(0.97 / 0.03)
MARGIN = 0.5
# Minutes from which on something is known, and the share of them that what counts may not reach.
ENOUGH_MINUTES = 60.0
USUAL = 0.99
HALF_LIFE = timedelta(days=14)
TAUGHT_FOR = timedelta(days=30)
# Seconds of certainty: less than a third of the least that confirms. Minutes with more are not learned.
BURNS_FROM_S = 0.12
SETTLE = timedelta(minutes=10)
# A longer pause between two frames was not watched.
PAUSE_S = 5.0
MOST_INCIDENTS = 8
MOST_LESSONS = 16


@dataclass(frozen=True)
class Lesson:
    """A false alarm: the raise that it taught ``(PLACES,) float``, the extent that it had, and when."""

    incident_id: str
    raised: "np.ndarray[Any, Any]"
    extent: float
    at: datetime


@dataclass(frozen=True)
class Seen:
    """An incident as it was seen: at each place the highest excess ``(PLACES,) float``, and the largest extent."""

    excess: "np.ndarray[Any, Any]"
    extent: float


@dataclass(frozen=True)
class Learned:
    """What a camera knows: ``days`` of quiet watched, the false alarms that count, how far it reaches.

    ``highest`` is the greatest raise in logits, ``share`` the part of the picture that has one.
    """

    days: float
    false_alarms: int
    highest: float
    share: float


def excess_of(score: "np.ndarray[Any, Any]", reference: float) -> "np.ndarray[Any, Any]":
    """Return how far scores (0-1) lie above a reference, in logits."""
    kept = np.clip(np.asarray(score, np.float64), 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(kept / (1.0 - kept)) - math.log(reference / (1.0 - reference)))


class LearnedQuiet:
    """The quiet of one camera. Times are wall clock with a time zone; ``now`` is stream time in seconds."""

    def __init__(self) -> None:
        self.minutes: np.ndarray[Any, Any] = np.zeros((SLOTS, PLACES, len(EDGES)), np.float32)
        self.lessons: List[Lesson] = []
        self.incidents: Dict[str, Seen] = {}
        self.aged_at: Optional[datetime] = None
        self.moved_by = ""
        self._restart()

    def _restart(self) -> None:
        self._second: Optional[Tuple[float, np.ndarray[Any, Any], np.ndarray[Any, Any]]] = None
        self._last_s: Optional[float] = None
        self._minute: Optional[Tuple[datetime, np.ndarray[Any, Any]]] = None
        self._waiting: Deque[Tuple[datetime, np.ndarray[Any, Any]]] = deque()
        self._grown = np.zeros(PLACES)
        self._burned_at: Optional[datetime] = None
        self._usual: Dict[int, np.ndarray[Any, Any]] = {}

    def new_clock(self) -> None:
        """The camera restarted: stream time begins anew."""
        self._second, self._last_s = None, None

    def forget(self, moved_by: str = "") -> None:
        """Forget everything: the camera sees other places now; ``moved_by``: the incident that said so."""
        self.minutes[:] = 0.0
        self.lessons.clear()
        self.incidents.clear()
        self.moved_by = moved_by
        self._restart()

    def raised(self, at: datetime) -> "np.ndarray[Any, Any]":
        """Return the logits ``(PLACES,)``, at most ``HIGHEST``, by which references are raised at a local time."""
        return np.asarray(np.maximum(self._usual_raise(at.hour // SLOT_HOURS), self.taught(at)))

    def taught(self, at: datetime) -> "np.ndarray[Any, Any]":
        """Return the part of :meth:`raised` that people taught."""
        raises = [lesson.raised for lesson in self._lessons(at)]
        return np.max(raises, axis=0) if raises else np.zeros(PLACES)

    def usual_extent(self, at: datetime) -> float:
        """Return the largest extent of a false alarm, in the unit of :meth:`note_incident`; 0: there was none."""
        return max((lesson.extent for lesson in self._lessons(at)), default=0.0)

    def _lessons(self, at: datetime) -> List[Lesson]:
        self.lessons = [lesson for lesson in self.lessons if timedelta(0) <= at - lesson.at + SETTLE <= TAUGHT_FOR]
        return self.lessons

    def known(self, at: datetime) -> Learned:
        """Return what is known at a local time."""
        raised = self.raised(at)
        return Learned(
            days=self.known_days,
            false_alarms=len(self.lessons),
            highest=float(raised.max()),
            share=float((raised > 0).mean()),
        )

    @property
    def known_days(self) -> float:
        """Days of quiet that still count."""
        return float(self.minutes.sum(axis=2).max(axis=1).sum()) / (24 * 60)

    def watch(
        self, excess: "np.ndarray[Any, Any]", plain: "np.ndarray[Any, Any]", now: float, at: datetime, *, burns: bool
    ) -> None:
        """Add a frame.

        ``excess`` ``(PLACES,)`` of its scores; ``plain``: the raise that holds without what was learned; ``burns``:
        an incident is open, or evidence is half of what confirms.
        """
        self._age(at)
        if burns:
            self._spoil(at)
        gap = 0.0 if self._last_s is None else now - self._last_s
        self._last_s = now
        if not 0.0 <= gap <= PAUSE_S or self._second is None:
            self._second = (now, excess, plain)
            return
        began, lowest, least = self._second
        self._second = (began, np.minimum(lowest, excess), np.minimum(least, plain))
        if now - began >= 1.0:
            self._end_second(self._second[1], self._second[2], now - began, at)
            self._second = (now, excess, plain)

    def note_incident(self, incident_id: str, excess: "np.ndarray[Any, Any]", extent: float = 0.0) -> None:
        """Remember how suspicious an open incident is, for the day that somebody calls it a false alarm."""
        before = self.incidents.pop(incident_id, None)
        if before is not None:
            excess, extent = np.maximum(before.excess, excess), max(before.extent, extent)
        self.incidents[incident_id] = Seen(excess, extent)
        while len(self.incidents) > MOST_INCIDENTS:
            self.incidents.pop(next(iter(self.incidents)))

    def teach(self, incident_id: str, at: datetime) -> bool:
        """Learn from a false alarm; return whether that is news: the incident is known, and was not taught before."""
        seen = self.incidents.get(incident_id)
        if seen is None or any(lesson.incident_id == incident_id for lesson in self.lessons):
            return False
        raised = np.where(seen.excess > 0.0, np.clip(seen.excess + MARGIN, 0.0, HIGHEST), 0.0)
        self.lessons = [*self.lessons, Lesson(incident_id, _around(raised), seen.extent, at)][-MOST_LESSONS:]
        self._burned_at = None  # nothing did
        return True

    def _end_second(
        self, lowest: "np.ndarray[Any, Any]", plain: "np.ndarray[Any, Any]", seconds: float, at: datetime
    ) -> None:
        over = 1.0 / (1.0 + np.exp(-lowest)) - 1.0 / (1.0 + np.exp(-np.maximum(plain, self.taught(at))))
        self._grown = np.where(over > 0.0, self._grown + over * seconds, 0.0)
        if float(self._grown.max()) >= BURNS_FROM_S:
            self._spoil(at)
        if self._minute is None:
            self._minute = (at, lowest)
            return
        began, highest = self._minute
        self._minute = (began, np.maximum(highest, lowest))
        if at - began >= timedelta(minutes=1):
            self._waiting.append(self._minute)
            self._minute = None
        while self._waiting and at - self._waiting[0][0] >= SETTLE:
            self._learn(*self._waiting.popleft())

    def _learn(self, at: datetime, highest: "np.ndarray[Any, Any]") -> None:
        if self._burned_at is not None and abs(at - self._burned_at) < SETTLE:
            return
        bins = np.clip(np.searchsorted(EDGES, highest, side="right") - 1, 0, len(EDGES) - 1)
        slot = at.hour // SLOT_HOURS
        self.minutes[slot, np.arange(PLACES), bins] += 1.0
        self._usual.clear()

    def _spoil(self, at: datetime) -> None:
        """Something may burn: nothing of the last minutes is learned, nor of the next ones."""
        self._burned_at = at
        self._minute = None
        self._waiting.clear()

    def _age(self, at: datetime) -> None:
        if self.aged_at is None or at < self.aged_at - SETTLE:
            self.aged_at = at
        elapsed = at - self.aged_at
        if elapsed >= timedelta(hours=1):
            self.minutes *= 0.5 ** (elapsed / HALF_LIFE)
            self.aged_at = at
            self._usual.clear()

    def _usual_raise(self, slot: int) -> "np.ndarray[Any, Any]":
        if slot not in self._usual:
            near = [(slot - 1) % SLOTS, slot, (slot + 1) % SLOTS]
            seen = self.minutes[near].sum(axis=0)
            if float(seen.sum(axis=1).max()) < ENOUGH_MINUTES:
                seen = self.minutes.sum(axis=0)  # a new camera: the whole day is one
            self._usual[slot] = _raise_of(seen)
        return self._usual[slot]


def _raise_of(minutes: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return the raise ``(PLACES,)`` that a histogram ``(PLACES, bins)`` asks for."""
    watched = minutes.sum(axis=1)
    # The highest bin that more than 1 % of the minutes reach; what is in it lies below the next edge.
    reach = np.cumsum(minutes[:, ::-1], axis=1)[:, ::-1]
    usual = (reach > (1.0 - USUAL) * watched[:, None] + 1e-6).sum(axis=1)
    level = np.where(usual > 1, EDGES[0] + 0.25 * usual + MARGIN, 0.0)
    return _around(np.where(watched >= ENOUGH_MINUTES, np.clip(level, 0.0, HIGHEST), 0.0))


def _around(raised: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return for each place the highest raise of it and its neighbors: what was seen there moves a little."""
    grid = raised.reshape(SIDE, SIDE).astype(np.float32)
    return np.asarray(cv2.dilate(grid, np.ones((3, 3), np.uint8)), np.float64).reshape(PLACES)

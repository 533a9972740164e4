"""From the scores of single frames to a confirmed fire: evidence over time and at one place, with hysteresis.

Pure: stream time and scores are arguments. Two bodies of evidence grow side by side, one for ``fire`` (the probability
of fire) and one for ``start_fire`` (fire and starting fire together: where there is fire, smoke was not wrong). Each is
kept for every place of the picture, measured in seconds, and grows with the steady score of that place, so that a few
weak frames delay a confirmation instead of cancelling it, and two spots at different places do not add up.

The steady score is the lowest of the last second, its very darkest frames left aside. A fire is there all the time,
and so is its smoke; a neon sign, a flashing lamp or a reflection goes out again and again. The mean does not tell them
apart: a sign that is taken for fire in two thirds of its frames has the same mean as faint smoke.

    clear -> suspected -> confirmed -> clearing -> clear

While an incident is open, a fire at a place of its own is a step of that incident too (``further``, see
:mod:`hackai_inference.decision.notified_places`): one camera has one incident, and no fire hides behind another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from typing_extensions import Literal

from hackai_inference.decision.evidence import Evidence, PerPlace, Suspicion
from hackai_inference.decision.growth import GROWS_FROM, Growth
from hackai_inference.decision.notified_places import NotifiedPlaces
from hackai_shared.config.detection import ConfirmationConfig
from hackai_shared.messages import Trend

State = Literal["clear", "suspected", "confirmed", "clearing"]
Label = Literal["fire", "start_fire"]
Change = Literal["opened", "worsened", "further", "cleared"]

# A confirmed incident starts to clear below this part of what confirms.
RELEASE = 0.5


@dataclass(frozen=True)
class FrameScores:
    """What one frame says: each figure for the whole picture, or one per place ``(places,) float``.

    ``fire`` and ``smoke`` (fire and starting fire together) are 0-1. ``liveliness`` is 0 where nothing flickers,
    moves, and 1 where it does as flames do, or where that is not known. ``raised``: logits by which the references
    are raised there. ``learned``: those by which the camera's own quiet raises them at least, unless something grows
    beyond ``usual_extent``.
    ``extent``: how much of the picture speaks for fire or smoke, in any unit; 0: not known.
    """

    stream_s: float
    fire: PerPlace
    smoke: PerPlace
    liveliness: PerPlace = 1.0
    raised: PerPlace = 0.0
    extent: float = 0.0
    learned: PerPlace = 0.0
    usual_extent: float = 0.0


@dataclass(frozen=True)
class Transition:
    """A step in the life of an incident; times are stream time in seconds.

    ``opened_s`` is when the suspicion began that led to it, ``at_s`` when the step happened. ``frames_positive`` of
    ``frames_seen`` frames since ``opened_s`` spoke for ``label`` at ``place``. ``replaces``: the incident that was
    cleared in the same breath had not ended by itself.
    """

    change: Change
    label: Label
    opened_s: float
    at_s: float
    frames_positive: int
    frames_seen: int
    replaces: bool = False
    place: int = 0


@dataclass(frozen=True)
class Verdict:
    """What a frame did to its camera's state.

    ``evidence`` is relative to what confirms (1 = confirmed) at the place with the most, ``positive`` tells whether
    this frame spoke for fire or smoke anywhere, ``label`` is that of the open incident, ``trend`` what its extent
    does.
    """

    state: State
    evidence: float
    positive: bool
    label: Optional[Label]
    transitions: Tuple[Transition, ...] = ()
    trend: Optional[Trend] = None


class Confirmation:
    """The state of one camera."""

    def __init__(self, config: ConfirmationConfig, places: int = 1) -> None:
        """``places``: into how many places the picture is divided."""
        self._config = config
        self._fire = Evidence(config.fire_reference, config.fire_seconds, config, places)
        self._smoke = Evidence(config.smoke_reference, config.smoke_seconds, config, places)
        self._growth = Growth()
        self._told = NotifiedPlaces(places)
        self._open: Optional[Transition] = None
        self._clearing_s: Optional[float] = None
        self._last_s: Optional[float] = None
        self.plain: np.ndarray[Any, Any] = np.zeros(places)
        """The logits by which references were raised at the last frame, had the camera learned nothing."""
        self.outgrown = False
        """Whether something grew beyond what is usual at the last frame, so that nothing learned counted."""

    def resume(self, label: Label, opened_s: float, now: float, *, told: Sequence[int] = ()) -> None:
        """Go on with an incident that an earlier run of the service confirmed; ``told``: the places it told of."""
        self._told.resume(np.asarray(told, int))
        self._open = Transition("opened", label, opened_s, now, 0, 0)
        for evidence in (self._smoke, self._fire) if label == "fire" else (self._smoke,):
            evidence.fill(now)

    def new_clock(self) -> None:
        """The camera restarted: the next frame's time cannot be compared with the last one's."""
        self._last_s = None
        self._told.new_clock()

    @property
    def levels(self) -> "np.ndarray[Any, Any]":
        """The evidence at each place ``(places,) float``, relative to what confirms."""
        return np.maximum(self._fire.levels, self._smoke.levels)  # type: ignore[no-any-return]

    def observe(self, look: FrameScores) -> Verdict:
        """Judge one frame.

        A pause longer than ``max_gap_s`` counts as that long, and time that went backwards (a file that begins again)
        as no time at all.
        """
        now = look.stream_s
        dt = self._elapsed(now)
        # What grows is no lamp, however still it is: a smoulder creeps.
        growing = self._growth.trend == "growing"
        still = 0.0 if growing else 1.0 - np.asarray(look.liveliness)
        self.plain = np.broadcast_to(look.raised + still * self._config.still_raise, self.plain.shape)
        self.outgrown = growing and look.extent >= GROWS_FROM * look.usual_extent
        raised = self.plain if self.outgrown else np.maximum(self.plain, look.learned)
        self._fire.add(look.fire, dt, now, raised=raised)
        self._smoke.add(look.smoke, dt, now, raised=raised)
        transitions = self._advance(now, dt)
        state = self._state()
        positive = self._fire.positive or self._smoke.positive
        # Measured from the plain reference on: what must grow to count has to be watched before it counts.
        if positive or float(np.max(look.smoke)) > self._config.smoke_reference:
            self._growth.add(look.extent, now)
        return Verdict(
            state=state,
            evidence=max(self._fire.level, self._smoke.level),
            positive=positive,
            label=self._open.label if self._open else None,
            transitions=tuple(transitions),
            trend=self._growth.trend,
        )

    def _elapsed(self, now: float) -> float:
        last, self._last_s = self._last_s, now
        if last is None or now < last:
            self._fire.restart_at(now)
            self._smoke.restart_at(now)
            self._told.new_clock()
            return 0.0
        return min(now - last, self._config.max_gap_s)

    def _advance(self, now: float, dt: float) -> List[Transition]:
        if self._open is None:
            confirmed = self._confirming()
            return [] if confirmed is None else [self._begin(confirmed, now)]
        if self._open.label == "start_fire" and self._fire.confirms:
            return self._worsen(self._open, now)
        steps = self._hold(self._open, now, dt)
        return steps if self._open is None else [*steps, *self._further(self._open, now)]

    def _confirming(self) -> Optional[Label]:
        return "fire" if self._fire.confirms else "start_fire" if self._smoke.confirms else None

    def _begin(self, label: Label, now: float, *, replaces: bool = False) -> Transition:
        self._open = self._transition("opened", label, now, replaces=replaces)
        self._clearing_s = None
        self._told.begin(self._evidence(label).seen(RELEASE), self._open.place)
        return self._open

    def _worsen(self, incident: Transition, now: float) -> List[Transition]:
        """Flames where there was smoke: the same incident, unless its smoke was going: then it is another fire."""
        if self._clearing_s is None:
            self._open = self._transition("worsened", "fire", now)
            self._told.begin(self._fire.seen(RELEASE), self._open.place)
            return [self._open]
        ended = Transition("cleared", incident.label, incident.opened_s, now, 0, 0)
        return [ended, self._begin("fire", now, replaces=True)]

    def _hold(self, incident: Transition, now: float, dt: float) -> List[Transition]:
        level = max(self._fire.level, self._smoke.level)
        if self._clearing_s is None:
            self._clearing_s = 0.0 if level < RELEASE else None
            return []
        if self._confirming() is not None:
            self._clearing_s = None
            return []
        self._clearing_s = self._clearing_s + dt if level < RELEASE else 0.0
        if self._clearing_s < self._config.clear_after_s:
            return []
        self._open = None
        self._clearing_s = None
        self._fire.reset()
        self._smoke.reset()
        return [Transition("cleared", incident.label, incident.opened_s, now, 0, 0)]

    def _further(self, incident: Transition, now: float) -> List[Transition]:
        """Flames beside known flames, smoke beside known smoke; the smoke of a known fire drifts everywhere."""
        evidence = self._evidence(incident.label)
        cells = self._told.look(evidence.confirmed, evidence.seen(RELEASE), now)
        return [_step("further", incident.label, evidence.strongest_of(cells, now), now)] if cells.any() else []

    def _evidence(self, label: Label) -> Evidence:
        return self._fire if label == "fire" else self._smoke

    def _state(self) -> State:
        if self._open is not None:
            return "confirmed" if self._clearing_s is None else "clearing"
        return "suspected" if self._fire.suspected or self._smoke.suspected else "clear"

    def _transition(self, change: Change, label: Label, at_s: float, *, replaces: bool = False) -> Transition:
        return _step(change, label, self._evidence(label).strongest(at_s), at_s, replaces=replaces)


def _step(change: Change, label: Label, found: Suspicion, at_s: float, *, replaces: bool = False) -> Transition:
    place, began, positive, seen = found
    return Transition(change, label, began, at_s, positive, seen, replaces, place)

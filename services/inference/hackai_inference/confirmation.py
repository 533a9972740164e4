"""From the scores of single frames to a confirmed fire: evidence over time, with hysteresis.

Pure: stream time and scores are arguments. Two bodies of evidence grow side by side, one for ``fire`` (the probability
of fire) and one for ``start_fire`` (fire and starting fire together: where there is fire, smoke was not wrong). Each is
measured in seconds and grows by ``(steady score - reference) * dt``, so that a few weak frames delay a confirmation
instead of cancelling it.

The steady score is the lowest of the last second, its very darkest frames left aside. A fire is there all the time,
and so is its smoke; a neon sign, a flashing lamp or a reflection goes out again and again. The mean does not tell them
apart: a sign that is taken for fire in two thirds of its frames has the same mean as faint smoke.

    clear -> suspected -> confirmed -> clearing -> clear
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Deque, List, Optional, Tuple

from typing_extensions import Literal

from hackai_shared.config.detection import ConfirmationConfig

State = Literal["clear", "suspected", "confirmed", "clearing"]
Label = Literal["fire", "start_fire"]
Change = Literal["opened", "worsened", "cleared"]

# Evidence is kept up to this multiple of what confirms: enough to bridge a second of doubt, little enough that an
# incident which ended is left within about a second, before the next one begins.
CEILING = 1.5
# A confirmed incident starts to clear below this part of what confirms.
RELEASE = 0.5
# Frames that the steady score looks at, at most: two seconds of the fastest camera.
LONGEST_WINDOW = 120


@dataclass(frozen=True)
class Transition:
    """A step in the life of an incident; times are stream time in seconds.

    ``opened_s`` is when the suspicion began that led to it, ``at_s`` when the step happened. ``frames_positive`` of
    ``frames_seen`` frames since ``opened_s`` spoke for ``label``. ``replaces``: the incident that was cleared in the
    same breath had not ended by itself.
    """

    change: Change
    label: Label
    opened_s: float
    at_s: float
    frames_positive: int
    frames_seen: int
    replaces: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a frame did to its camera's state.

    ``evidence`` is relative to what confirms (1 = confirmed), ``positive`` tells whether this frame spoke for fire or
    smoke, ``label`` is that of the open incident.
    """

    state: State
    evidence: float
    positive: bool
    label: Optional[Label]
    transitions: Tuple[Transition, ...] = ()


class _SteadyScore:
    """The lowest score of a sliding window, a share of the darkest frames left aside."""

    def __init__(self, window_s: float, overlooked_share: float) -> None:
        self._window_s = window_s
        self._share = overlooked_share
        self._scores: Deque[Tuple[float, float]] = deque(maxlen=LONGEST_WINDOW)

    def clear(self) -> None:
        self._scores.clear()

    def add(self, score: float, now: float) -> float:
        self._scores.append((now, score))
        while now - self._scores[0][0] > self._window_s:
            self._scores.popleft()
        ranked = sorted(score for _, score in self._scores)
        return ranked[int(self._share * len(ranked))]


class _Evidence:
    """Evidence in seconds for one label: never below 0, never above ``CEILING`` times what confirms."""

    def __init__(self, label: Label, reference: float, confirms_s: float, config: ConfirmationConfig) -> None:
        self.label = label
        self._reference = reference
        self._confirms_s = confirms_s
        self._min_frames = config.min_frames
        self._steady = _SteadyScore(config.window_s, config.overlooked_share)
        self._positive = False
        self.reset()

    def reset(self) -> None:
        self._seconds = 0.0
        self.began_s: Optional[float] = None
        self.frames_positive = 0
        self.frames_seen = 0

    def fill(self, now: float) -> None:
        """Take what confirms for granted: an incident that an earlier run confirmed goes on."""
        self.reset()
        self._seconds = self._confirms_s
        self.began_s = now

    def restart_at(self, now: float) -> None:
        """Let the suspicion begin ``now``: the clock that dated it is gone."""
        self._steady.clear()
        if self.began_s is not None:
            self.began_s = now

    def add(self, score: float, dt: float, now: float) -> bool:
        """Add a frame; return whether it speaks for the label."""
        self._positive = score > self._reference
        grown = self._seconds + (self._steady.add(score, now) - self._reference) * dt
        self._seconds = min(max(grown, 0.0), CEILING * self._confirms_s)
        if not self._positive and self._seconds == 0.0:
            self.reset()
            return False
        if self.began_s is None:
            self.began_s = now
        self.frames_seen += 1
        self.frames_positive += self._positive
        return self._positive

    @property
    def level(self) -> float:
        return self._seconds / self._confirms_s

    @property
    def confirms(self) -> bool:
        # Upon a frame that shows it: its picture is what people get.
        return self._positive and self.level >= 1.0 and self.frames_positive >= self._min_frames

    def transition(self, change: Change, at_s: float, *, replaces: bool = False) -> Transition:
        opened = at_s if self.began_s is None else self.began_s
        return Transition(change, self.label, opened, at_s, self.frames_positive, self.frames_seen, replaces)


class Confirmation:
    """The state of one camera."""

    def __init__(self, config: ConfirmationConfig) -> None:
        self._config = config
        self._fire = _Evidence("fire", config.fire_reference, config.fire_seconds, config)
        self._smoke = _Evidence("start_fire", config.smoke_reference, config.smoke_seconds, config)
        self._open: Optional[Transition] = None
        self._clearing_s: Optional[float] = None
        self._last_s: Optional[float] = None

    def resume(self, label: Label, opened_s: float, now: float) -> None:
        """Go on with an incident that an earlier run of the service confirmed."""
        self._open = Transition("opened", label, opened_s, now, 0, 0)
        for evidence in (self._smoke, self._fire) if label == "fire" else (self._smoke,):
            evidence.fill(now)

    def new_clock(self) -> None:
        """The camera restarted: the next frame's time cannot be compared with the last one's."""
        self._last_s = None

    def observe(self, stream_s: float, *, fire: float, start_fire: float) -> Verdict:
        """Judge one frame, given the probabilities of ``fire`` and ``start_fire``.

        A pause longer than ``max_gap_s`` counts as that long, and time that went backwards (a file that begins again)
        as no time at all.
        """
        dt = self._elapsed(stream_s)
        fire_positive = self._fire.add(fire, dt, stream_s)
        smoke_positive = self._smoke.add(fire + start_fire, dt, stream_s)
        transitions = self._advance(stream_s, dt)
        return Verdict(
            state=self._state(),
            evidence=max(self._fire.level, self._smoke.level),
            positive=fire_positive or smoke_positive,
            label=self._open.label if self._open else None,
            transitions=tuple(transitions),
        )

    def _elapsed(self, now: float) -> float:
        last, self._last_s = self._last_s, now
        if last is None or now < last:
            self._fire.restart_at(now)
            self._smoke.restart_at(now)
            return 0.0
        return min(now - last, self._config.max_gap_s)

    def _advance(self, now: float, dt: float) -> List[Transition]:
        if self._open is None:
            confirmed = self._confirming()
            return [] if confirmed is None else [self._begin(confirmed, now)]
        if self._open.label == "start_fire" and self._fire.confirms:
            return self._worsen(self._open, now)
        return self._hold(self._open, now, dt)

    def _confirming(self) -> Optional[_Evidence]:
        return next((evidence for evidence in (self._fire, self._smoke) if evidence.confirms), None)

    def _begin(self, evidence: _Evidence, now: float, *, replaces: bool = False) -> Transition:
        self._open = evidence.transition("opened", now, replaces=replaces)
        self._clearing_s = None
        return self._open

    def _worsen(self, incident: Transition, now: float) -> List[Transition]:
        """Flames where there was smoke: the same incident, unless its smoke was going: then it is another fire."""
        if self._clearing_s is None:
            self._open = self._fire.transition("worsened", now)
            return [self._open]
        ended = Transition("cleared", incident.label, incident.opened_s, now, 0, 0)
        return [ended, self._begin(self._fire, now, replaces=True)]

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

    def _state(self) -> State:
        if self._open is not None:
            return "confirmed" if self._clearing_s is None else "clearing"
        suspected = self._fire.began_s is not None or self._smoke.began_s is not None
        return "suspected" if suspected else "clear"

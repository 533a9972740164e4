"""Evidence for one label, kept for every place of the picture by itself. Pure: stream time is an argument."""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, NamedTuple, Tuple, Union

import numpy as np

from hackai_shared.config.detection import ConfirmationConfig

Array = "np.ndarray[Any, Any]"
# A figure for the whole picture, or one for each of its places.
PerPlace = Union[float, "np.ndarray[Any, Any]"]

# Evidence is kept up to this multiple of what confirms: enough to bridge a second of doubt, little enough that an
# incident which ended is left within about a second, before the next one begins.
CEILING = 1.5
# Frames that the steady score looks at, at most: two seconds of the fastest camera.
LONGEST_WINDOW = 120
# A slow camera has few frames in a window and may miss every dark moment of a blinking light: the window is up to twice
# as long where it would hold fewer than eight.
FEWEST_IN_WINDOW = 8
LONGER = 2.0
# No sum of raises takes a reference further than this: thresholds are raised, a fire is never silenced.
HIGHEST_REFERENCE = 0.98
# Evidence falls by no more than one second per second: where a reference is raised, a doubtful frame costs no more.
STEEPEST_FALL = -1.0


class Suspicion(NamedTuple):
    """What is known of the place with the most evidence; ``place`` is its index, ``began_s`` is in stream time."""

    place: int
    began_s: float
    frames_positive: int
    frames_seen: int


def raised_reference(reference: float, logits: PerPlace) -> "np.ndarray[Any, Any]":
    """Return a reference (0-1) moved up by ``logits``, at most to ``HIGHEST_REFERENCE``."""
    moved = np.log(reference / (1.0 - reference)) + np.asarray(logits, np.float64)
    highest = max(HIGHEST_REFERENCE, reference)
    return np.asarray(np.minimum(1.0 / (1.0 + np.exp(np.minimum(-moved, 700.0))), highest))


class _SteadyScore:
    """The lowest score of a sliding window at each place, a share of the darkest frames left aside."""

    def __init__(self, window_s: float, overlooked_share: float) -> None:
        self._window_s = window_s
        self._share = overlooked_share
        self._scores: Deque[Tuple[float, np.ndarray[Any, Any], float]] = deque(maxlen=LONGEST_WINDOW)

    def clear(self) -> None:
        self._scores.clear()

    def add(self, score: "np.ndarray[Any, Any]", now: float) -> None:
        self._scores.append((now, score, float(score.max())))
        while self._is_over(now - self._scores[0][0]):
            self._scores.popleft()

    def _is_over(self, age_s: float) -> bool:
        enough = len(self._scores) > FEWEST_IN_WINDOW
        return age_s > (self._window_s if enough else LONGER * self._window_s)

    @property
    def highest(self) -> float:
        """The highest score of the window, anywhere."""
        return max(highest for _, _, highest in self._scores)

    @property
    def lowest(self) -> "np.ndarray[Any, Any]":
        """The steady score of each place."""
        rank = int(self._share * len(self._scores))
        ranked: np.ndarray[Any, Any] = np.partition(np.stack([past for _, past, _ in self._scores]), rank, axis=0)
        return np.asarray(ranked[rank])


class Evidence:
    """Evidence in seconds of certainty at each of ``places``: from 0 to ``CEILING`` times what confirms."""

    def __init__(self, reference: float, confirms_s: float, config: ConfirmationConfig, places: int) -> None:
        self._reference = reference
        self._confirms_s = confirms_s
        self._min_frames = config.min_frames
        self._steady = _SteadyScore(config.window_s, config.overlooked_share)
        self._places = places
        self._positive = np.zeros(places, bool)
        self.reset()

    def reset(self) -> None:
        """Forget all evidence; the scores of the last second stay."""
        self._seconds = np.zeros(self._places)
        self._began = np.full(self._places, np.nan)
        self._frames_positive = np.zeros(self._places, int)
        self._frames_seen = np.zeros(self._places, int)

    def fill(self, now: float) -> None:
        """Take what confirms for granted: an incident that an earlier run confirmed goes on."""
        self.reset()
        self._seconds[:] = self._confirms_s
        self._began[:] = now

    def restart_at(self, now: float) -> None:
        """Let every suspicion begin ``now``: the clock that dated it is gone."""
        self._steady.clear()
        self._began[self._suspected] = now

    def add(self, scores: PerPlace, dt: float, now: float, *, raised: PerPlace) -> None:
        """Add a frame: the score of the label at every place, and the logits by which its reference is raised there."""
        score = np.broadcast_to(np.asarray(scores, np.float64), (self._places,))
        self._steady.add(score, now)
        if self._is_quiet(float(np.min(raised))):
            return
        reference = raised_reference(self._reference, raised)
        self._positive = score > reference
        rate = np.maximum((self._steady.lowest - reference) / (1.0 - reference), STEEPEST_FALL)
        self._seconds = np.clip(self._seconds + rate * dt, 0.0, CEILING * self._confirms_s)
        over = ~self._positive & (self._seconds == 0.0)
        self._began = np.where(over, np.nan, np.where(self._suspected, self._began, now))
        self._frames_seen = np.where(over, 0, self._frames_seen + 1)
        self._frames_positive = np.where(over, 0, self._frames_positive + self._positive)

    def _is_quiet(self, raised: float) -> bool:
        """Return whether nothing can have changed: no evidence, and no score above any reference for a whole window.

        This is the usual state of a camera, so it must cost little.
        """
        if self._seconds.any() or self._steady.highest > float(raised_reference(self._reference, raised)):
            return False
        if self._positive.any() or self.suspected:
            self._positive = np.zeros(self._places, bool)
            self.reset()
        return True

    @property
    def _suspected(self) -> "np.ndarray[Any, Any]":
        return np.asarray(~np.isnan(self._began))

    @property
    def positive(self) -> bool:
        """Whether the last frame spoke for the label at any place."""
        return bool(self._positive.any())

    @property
    def suspected(self) -> bool:
        """Whether any place is under suspicion."""
        return bool(self._suspected.any())

    @property
    def level(self) -> float:
        """The evidence at the place with the most, relative to what confirms."""
        return float(self._seconds.max()) / self._confirms_s

    @property
    def levels(self) -> "np.ndarray[Any, Any]":
        """The evidence at each place ``(places,)``, relative to what confirms."""
        return self._seconds / self._confirms_s

    @property
    def confirms(self) -> bool:
        """Whether some place has enough: upon a frame that shows it, since its picture is what people get."""
        return bool(self._confirming.any())

    @property
    def confirmed(self) -> "np.ndarray[Any, Any]":
        """The places ``(places,) bool`` with enough evidence, whatever the last frame shows."""
        return np.asarray(self._seconds >= self._confirms_s)

    def seen(self, level: float) -> "np.ndarray[Any, Any]":
        """Return the places ``(places,) bool`` that the last frame spoke for and that have at least this evidence."""
        return np.asarray(self._positive & (self.levels >= level))

    @property
    def _confirming(self) -> "np.ndarray[Any, Any]":
        return np.asarray(self._positive & self.confirmed & (self._frames_positive >= self._min_frames))

    def strongest(self, now: float) -> Suspicion:
        """Return what is known of the place with the most evidence, of a confirming one where there is one."""
        return self.at(int(np.argmax(self._seconds + CEILING * self._confirms_s * self._confirming)), now)

    def strongest_of(self, cells: "np.ndarray[Any, Any]", now: float) -> Suspicion:
        """Return what is known of the place with the most evidence among ``cells (places,) bool``."""
        return self.at(int(np.argmax(np.where(cells, self._seconds, -1.0))), now)

    def at(self, place: int, now: float) -> Suspicion:
        """Return what is known of a place."""
        began = float(self._began[place])
        return Suspicion(
            place=place,
            began_s=now if np.isnan(began) else began,
            frames_positive=int(self._frames_positive[place]),
            frames_seen=int(self._frames_seen[place]),
        )

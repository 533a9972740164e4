"""What is the matter with a camera now: silence, a dark picture, a still one, or one that looks wrong. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hackai_camera.faults.appearance import judge
from hackai_camera.faults.look import Grey, Look, difference
from hackai_camera.faults.persistence import Fault
from hackai_camera.faults.view import View

# Two frames of a living sensor differ by more (grey levels, mean), even in a still room; a changed clock does, too.
STILL_BELOW = 0.05
# Codecs repeat a still picture until the next key frame, every 1-10 s in the cameras that are sold.
FROZEN_AFTER_S = 18.0
# Day, night with infrared light, and two more that somebody confirmed.
MAX_VIEWS = 4


class Condition:
    """Compares each look of a camera with the one before and with the views that are normal for it."""

    def __init__(self, *, offline_after_s: float, views: Sequence[View] = ()) -> None:
        self._offline_after_s = offline_after_s
        self.views = list(views)[-MAX_VIEWS:] or [View()]
        self._anchor: Grey | None = None
        self._still_since_s = 0.0

    def observe(self, look: Look | None, *, silent_s: float, now_s: float) -> Fault | None:
        """Return what is the matter; ``look`` is None where no new frame came, ``silent_s`` for how long none did."""
        if silent_s > self._offline_after_s:
            self._anchor = None
            return "offline"
        if look is None:
            return None
        still_s = self._still_s(look, now_s)
        views = [(view, judge(look, view)) for view in self.views]
        if views[0][1] == "dark":  # which needs no view
            return "dark"
        if still_s >= FROZEN_AFTER_S:
            return "frozen"
        healthy = next((view for view, appearance in views if appearance is None), None)
        if healthy is not None:
            healthy.learn(look)
            return None
        return views[-1][1]

    def accept(self) -> View:
        """Take what is seen from now on for normal as well: somebody says that the camera is meant to see this."""
        view = View()
        self.views = [*self.views, view][-MAX_VIEWS:]
        return view

    def retract(self, view: View) -> None:
        """Take an accepted view back: it was a fault after all. One view is always left."""
        self.views = [one for one in self.views if one is not view] or [View()]

    def _still_s(self, look: Look, now_s: float) -> float:
        if self._anchor is None or difference(look.grey, self._anchor) > STILL_BELOW:
            self._anchor, self._still_since_s = look.grey, now_s
        return now_s - self._still_since_s

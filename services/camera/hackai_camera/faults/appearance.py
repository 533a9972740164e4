"""What is the matter with a single look, given what the camera normally sees. Pure.

The limits were chosen in November 2026 on nine clips and two generated scenes with generated disturbances (blur of
0.4-3 % of the width, shifts of 5-30 %, a turn by 10 degrees, a hand, tape, fog, a quarter left free; light from 0.1 to
1.8 times the usual and from one side): ``tests/unit/camera/faults`` and ``tests/benchmarks/camera_faults.py``.
"""

from __future__ import annotations

from typing import Literal

from hackai_camera.faults.look import Look
from hackai_camera.faults.view import Comparison, View

Appearance = Literal["dark", "covered", "defocused", "moved"]

# Nothing brighter than this (grey levels): a flame in a dark room would be.
DARK_BELOW = 32.0
# So much of the usual detail is gone, and nothing else has come in its place: hand, tape, spray, fog, thick smoke.
COVERED_LOST = 0.6
COVERED_REMAINING = 0.45
# A camera that has never seen anything else: so few detailed cells (of 144) are a cover, or a lens that is fogged.
COVERED_CELLS = 2
# Fine detail by coarse, relative to the usual: 0.2-0.66 with a blur of 0.8 % of the width and more, above 0.78 without.
DEFOCUSED_BELOW = 0.66
# Similarity of the outlines, relative to the usual: 0.1-0.6 where the view moved by a tenth or turned by 10 degrees,
# above 0.7 in any light.
MOVED_BELOW = 0.62
# Where less than this stays in its place (a hand-held camera, waves that fill the picture) nothing can be said to move.
STEADY_FROM = 0.6


def judge(look: Look, view: View) -> Appearance | None:
    """Return what is the matter with a look; None: nothing that can be seen."""
    if look.brightest < DARK_BELOW:
        return "dark"
    if not view.learnt:
        return "covered" if int((look.detail > 1.5).sum()) <= COVERED_CELLS else None
    return judge_difference(view.compare(look))


def judge_difference(seen: Comparison) -> Appearance | None:
    """Return what a difference means."""
    if seen.lost >= COVERED_LOST and seen.remaining < COVERED_REMAINING:
        return "covered"
    if seen.sharpness < DEFOCUSED_BELOW:
        return "defocused"
    if seen.steady >= STEADY_FROM and seen.outlines < MOVED_BELOW:
        return "moved"
    return None

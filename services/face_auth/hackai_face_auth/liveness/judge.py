"""Active liveness: one person who did what was asked for, and no picture of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hackai_face_auth.liveness.moment import Moment
from hackai_face_auth.liveness.movement import STRAIGHT_DEG, discontinuity, missing_step
from hackai_face_auth.liveness.scene import background_change, screen_beat, skin_change
from hackai_face_auth.liveness.shape import relief
from hackai_face_auth.liveness.steps import Step
from hackai_shared.config.faces import LivenessConfig

# Fewer frames cannot show the movements and the way there and back.
MIN_FRAMES = 16
# Limits set on rendered heads and attacks made of photos of five people, see services/face_auth/README.md: the relief
# of a head was 0.165 and more, of a plane mostly below; the background changed by up to 3 grey levels and the skin by
# up to 5, between two photographs by 10 and more; in skin no pattern stood out by more than 4, on a screen by 170.
MIN_RELIEF = 0.155
MAX_BACKGROUND, MAX_SKIN, MAX_BEAT = 10.0, 7.5, 12.0


@dataclass(frozen=True)
class Verdict:
    """Whether a person did what was asked for, and if not, why; ``note`` has the figures, for the audit trail alone."""

    passed: bool
    reason: str
    note: str = ""


def judge(
    moments: Sequence[Moment], steps: Sequence[Step], config: LivenessConfig, *, mirrored: bool = False
) -> Verdict:
    """Return whether the frames, in order of time, show one person doing the steps in their order.

    ``mirrored`` frames come from a front camera that shows a mirror picture.
    """
    if len(moments) < MIN_FRAMES:
        return Verdict(False, f"{len(moments)} usable frames, at least {MIN_FRAMES} are needed")
    broken = discontinuity(moments)
    if broken is not None:
        return Verdict(False, broken)
    # Seen from the camera, a person who turns to their left turns to the right of the picture.
    sign = -1.0 if mirrored else 1.0
    yaws = [sign * moment.pose.yaw_deg for moment in moments]
    straight = [moment for moment, yaw in zip(moments, yaws, strict=True) if abs(yaw) <= STRAIGHT_DEG]
    if not straight:
        return Verdict(False, "look straight into the camera before and after each movement")
    usual = float(np.percentile([moment.openness for moment in straight], 75))
    missing = missing_step(moments, yaws, usual, steps, config)
    if missing is not None:
        return Verdict(False, missing)
    turned = [moment for moment in moments if abs(moment.pose.yaw_deg) >= config.turn_deg]
    return _is_a_head(straight, turned)


def _is_a_head(straight: Sequence[Moment], turned: Sequence[Moment]) -> Verdict:
    first = straight[0].view
    landmarks = [moment.landmarks for moment in straight]
    depth = float(np.median([relief(landmarks, moment.landmarks, moment.pose.yaw_deg) for moment in turned]))
    changes = [background_change(first, moment.view) for moment in turned]
    seen = [change for change in changes if change is not None]
    background = float(np.median(seen)) if seen else 0.0
    skin = float(np.median([skin_change(first, moment.view) for moment in turned]))
    beat = screen_beat([moment.view for moment in straight])
    note = f"relief {depth:.3f}, background {background:.1f}, skin {skin:.1f}, beat {beat:.1f}"
    if beat > MAX_BEAT:
        return Verdict(False, "this looks like a screen that is filmed", note)
    if depth < MIN_RELIEF:
        return Verdict(False, "this moves like a flat picture, not like a head", note)
    if background > MAX_BACKGROUND:
        return Verdict(False, "the background moved with the head; hold the camera still", note)
    if skin > MAX_SKIN:
        return Verdict(False, "the light changed while the head turned; keep it even", note)
    return Verdict(True, "all movements were seen", note)

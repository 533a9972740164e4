"""Were the movements made, in their order and at their pace? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hackai_face_auth.liveness.moment import Moment
from hackai_face_auth.liveness.steps import Movement, Pace, Step
from hackai_shared.config.faces import LivenessConfig

# The head counts as straight below this; between straight and turned at least one frame must lie on the way.
STRAIGHT_DEG = 12.0
# A head turns by up to 120 degrees per second. A slide show of a straight and a turned photograph jumps.
MAX_DEG_PER_S, SLACK_DEG = 120.0, 8.0
# Two neighbouring frames of one capture are nearly the same picture (0.8 and more, also while the head turns); another
# person is below 0.3.
MIN_CONTINUITY = 0.45
# Face must not jump by more than this share of its size, nor change its size by more than this factor, per frame.
MAX_JUMP = 0.6
MAX_ZOOM = 1.35
# An eye that has not opened again by the end was not a blink but a photograph with closed eyes.
REOPEN_RATIO = 0.8
# "Quickly" is a second, "slowly" is counting to three; eyes that are shut for a moment, or while one counts to two.
SLOW_TURN_S, SLOW_BLINK_S = 1.7, 1.0


def discontinuity(moments: Sequence[Moment]) -> str | None:
    """Return why the frames are not one capture of one face; None: they are."""
    for before, after in pairwise(moments):
        if float(before.embedding @ after.embedding) < MIN_CONTINUITY:
            return "the face changed between two frames"
        seconds = max(0.0, after.at_s - before.at_s)
        if abs(after.pose.yaw_deg - before.pose.yaw_deg) > MAX_DEG_PER_S * seconds + SLACK_DEG:
            return "the head jumped between two frames; turn more slowly"
        jump = max(abs(a - b) for a, b in zip(after.center, before.center, strict=True))
        zoom = max(after.size, before.size) / max(min(after.size, before.size), 1e-6)
        if jump > MAX_JUMP * before.size or zoom > MAX_ZOOM:
            return "the face jumped between two frames; hold the camera still"
    return None


def missing_step(
    moments: Sequence[Moment], yaws: Sequence[float], usual: float, steps: Sequence[Step], config: LivenessConfig
) -> str | None:
    """Return which step was not made in its place; None: all were. ``usual`` is how far the eyes are open."""
    start = 0
    for number, step in enumerate(steps, start=1):
        found = (
            _find_blink(moments, yaws, usual, start, config)
            if step.movement is Movement.BLINK
            else _find_turn(moments, yaws, 1.0 if step.movement is Movement.TURN_LEFT else -1.0, start, config)
        )
        if found is None:
            return f"movement {number} ({step.movement.value}) was not seen in its place"
        end, seconds = found
        slow = SLOW_BLINK_S if step.movement is Movement.BLINK else SLOW_TURN_S
        if (seconds >= slow) is not (step.pace is Pace.SLOWLY):
            return f"movement {number} ({step.movement.value}) was not done {step.pace.value}"
        start = end
    return None


def _find_turn(
    moments: Sequence[Moment], yaws: Sequence[float], side: float, start: int, config: LivenessConfig
) -> tuple[int, float] | None:
    """Return the frame after which the head was straight, turned to ``side``, and straight again, and the seconds.

    The next movement may begin in that very frame. A turn to the other side on the way is another answer than the one
    that was asked for, and fails.
    """
    index = start
    while index < len(yaws) and abs(yaws[index]) > STRAIGHT_DEG:
        index += 1
    turned, left_at = False, 0.0
    for position in range(index, len(yaws)):
        value = side * yaws[position]
        if value <= -config.turn_deg:
            return None
        if abs(yaws[position]) <= STRAIGHT_DEG:
            if turned:
                return position, moments[position].at_s - left_at
            left_at = moments[position].at_s
        turned = turned or value >= config.turn_deg
    return None


def _find_blink(
    moments: Sequence[Moment], yaws: Sequence[float], usual: float, start: int, config: LivenessConfig
) -> tuple[int, float] | None:
    """Return the frame in which the eyes were open again after they were open and then shut, and for how long."""
    was_open, shut_at = False, -1.0
    for position in range(start, len(moments)):
        if abs(yaws[position]) >= config.turn_deg:
            return None  # a turn was not asked for here
        if abs(yaws[position]) > STRAIGHT_DEG:
            continue
        openness = moments[position].openness
        if openness >= REOPEN_RATIO * usual:
            if shut_at >= 0:
                return position, moments[position].at_s - shut_at
            was_open = True
        elif was_open and shut_at < 0 and openness <= config.blink_ratio * usual:
            shut_at = moments[position].at_s
    return None

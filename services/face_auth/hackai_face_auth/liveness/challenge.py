"""Active liveness: a random sequence of movements, judged on the landmarks of the submitted frames. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from hackai_face_auth.engine.faces import Floats
from hackai_face_auth.engine.geometry import HeadPose
from hackai_shared.config.faces import LivenessConfig


class Movement(StrEnum):
    """What is asked for; left and right are those of the person."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK = "blink"


@dataclass(frozen=True)
class FrameLandmarks:
    """What one frame says; ``embedding`` ties all frames to one person. ``centre`` and ``size`` in pixels."""

    pose: HeadPose
    openness: float
    embedding: Floats
    centre: tuple[float, float]
    size: float


@dataclass(frozen=True)
class Verdict:
    """Whether the movements were seen, and if not, why."""

    passed: bool
    reason: str


# Fewer frames cannot show a movement and the way there and back.
MIN_FRAMES = 6
# The head counts as straight below this; between straight and turned at least one frame must lie on the way.
STRAIGHT_DEG = 12.0
# A head turns by up to 90 degrees per second; at 5 frames a second that is 18 per frame. A slide show of a straight and
# a turned photograph jumps.
MAX_STEP_DEG = 20.0
# Two neighbouring frames of one capture are nearly the same picture (0.8 and more, also while the head turns); another
# person is below 0.3.
MIN_CONTINUITY = 0.45
# Face must not jump by more than this share of its size, nor change its size by more than this factor, per frame.
MAX_JUMP = 0.6
MAX_ZOOM = 1.35
# An eye that has not opened again by the end was not a blink but a photograph with closed eyes.
REOPEN_RATIO = 0.8


def draw_movements(count: int, chance: random.Random) -> list[Movement]:
    """Return random movements without equal neighbours (a repeated one would look like a single one)."""
    drawn: list[Movement] = []
    while len(drawn) < count:
        options = [movement for movement in Movement if not drawn or movement is not drawn[-1]]
        drawn.append(chance.choice(options))
    return drawn


def judge(
    frames: Sequence[FrameLandmarks], movements: Sequence[Movement], config: LivenessConfig, *, mirrored: bool = False
) -> Verdict:
    """Return whether the frames, in order of time, show one person doing the movements in their order.

    ``mirrored`` frames come from a front camera that shows a mirror picture.
    """
    if len(frames) < MIN_FRAMES:
        return Verdict(False, f"{len(frames)} usable frames, at least {MIN_FRAMES} are needed")
    broken = _continuity(frames)
    if broken is not None:
        return Verdict(False, broken)
    # Seen from the camera, a person who turns to their left turns to the right of the picture.
    sign = -1.0 if mirrored else 1.0
    yaws = [sign * frame.pose.yaw_deg for frame in frames]
    straight = [frame.openness for frame, yaw in zip(frames, yaws, strict=True) if abs(yaw) <= STRAIGHT_DEG]
    if not straight:
        return Verdict(False, "look straight into the camera before and after each movement")
    usual = float(np.percentile(straight, 75))
    start = 0
    for number, movement in enumerate(movements, start=1):
        end = (
            _find_blink(frames, yaws, usual, start, config)
            if movement is Movement.BLINK
            else _find_turn(yaws, 1.0 if movement is Movement.TURN_LEFT else -1.0, start, config)
        )
        if end is None:
            return Verdict(False, f"movement {number} ({movement.value}) was not seen in its place")
        start = end
    return Verdict(True, "all movements were seen")


def _continuity(frames: Sequence[FrameLandmarks]) -> str | None:
    for before, after in pairwise(frames):
        if float(before.embedding @ after.embedding) < MIN_CONTINUITY:
            return "the face changed between two frames"
        if abs(after.pose.yaw_deg - before.pose.yaw_deg) > MAX_STEP_DEG:
            return "the head jumped between two frames; turn more slowly"
        jump = max(abs(a - b) for a, b in zip(after.centre, before.centre, strict=True))
        zoom = max(after.size, before.size) / max(min(after.size, before.size), 1e-6)
        if jump > MAX_JUMP * before.size or zoom > MAX_ZOOM:
            return "the face jumped between two frames; hold the camera still"
    return None


def _find_turn(yaws: Sequence[float], side: float, start: int, config: LivenessConfig) -> int | None:
    """Return the frame after which the head was straight, turned to ``side``, and straight again.

    The next movement may begin in that very frame. A turn to the other side on the way is another answer than the one
    that was asked for, and fails.
    """
    index = start
    while index < len(yaws) and abs(yaws[index]) > STRAIGHT_DEG:
        index += 1
    turned = False
    for position in range(index, len(yaws)):
        value = side * yaws[position]
        if value <= -config.turn_deg:
            return None
        turned = turned or value >= config.turn_deg
        if turned and abs(yaws[position]) <= STRAIGHT_DEG:
            return position
    return None


def _find_blink(
    frames: Sequence[FrameLandmarks], yaws: Sequence[float], usual: float, start: int, config: LivenessConfig
) -> int | None:
    """Return the frame in which the eyes were open again after they had been open and then closed, head straight."""
    was_open = closed = False
    for position in range(start, len(frames)):
        if abs(yaws[position]) >= config.turn_deg:
            return None  # a turn was not asked for here
        if abs(yaws[position]) > STRAIGHT_DEG:
            continue
        openness = frames[position].openness
        if openness >= REOPEN_RATIO * usual:
            if closed:
                return position
            was_open = True
        elif was_open and openness <= config.blink_ratio * usual:
            closed = True
    return None

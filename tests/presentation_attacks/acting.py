"""How somebody does what a challenge asks for: poses over time, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hackai_face_auth.liveness.steps import Movement, Pace, Step
from presentation_attacks.heads import Pose

FPS = 8.0


def act(steps: Sequence[Step], chance: np.random.Generator) -> list[Pose]:
    """Return the poses of somebody who looks into the camera all the time and does the steps at 8 frames a second."""
    poses = [Pose()] * _frames(chance.uniform(0.5, 0.9))
    for step in steps:
        poses += _turn(step, chance) if step.movement is not Movement.BLINK else _blink(step, chance)
        poses += [Pose()] * _frames(chance.uniform(0.45, 0.8))
    return _shaken(poses, chance)


def _frames(seconds: float) -> int:
    return max(2, round(FPS * seconds))


def _turn(step: Step, chance: np.random.Generator) -> list[Pose]:
    side = 1.0 if step.movement is Movement.TURN_LEFT else -1.0
    peak = chance.uniform(33, 41)
    count = _frames(chance.uniform(2.8, 3.6) if step.pace is Pace.SLOWLY else chance.uniform(1.1, 1.5))
    gain = chance.uniform(0.65, 0.95)
    path = peak * np.sin(np.pi * (np.arange(count) + 0.5) / count) ** chance.uniform(0.8, 1.2)
    return [
        Pose(side * yaw, chance.normal(0, 1.0), gaze_deg=float(-side * np.clip(gain * yaw, -28, 28))) for yaw in path
    ]


def _blink(step: Step, chance: np.random.Generator) -> list[Pose]:
    seconds = chance.uniform(1.7, 2.4) if step.pace is Pace.SLOWLY else chance.uniform(0.3, 0.6)
    closed = [0.5, *[1.0] * max(2, round(FPS * seconds)), 0.5]
    return [Pose(closed=float(share)) for share in closed]


def _shaken(poses: Sequence[Pose], chance: np.random.Generator) -> list[Pose]:
    """Add the hand that holds the camera, eyes that wander a little and a mouth that is never quite still."""
    hand = np.zeros(6)
    shaken = []
    for pose in poses:
        hand = 0.85 * hand + chance.normal(0, 1, 6)
        shaken.append(
            replace(
                pose,
                yaw_deg=pose.yaw_deg + 0.5 * hand[3],
                pitch_deg=pose.pitch_deg + 0.6 * hand[4],
                gaze_deg=pose.gaze_deg + chance.normal(0, 1.5),
                smile_px=0.5 * hand[5],
                shift=(1.2 * hand[0], 1.2 * hand[1]),
                scale=1 + 0.006 * hand[2],
                roll_deg=0.5 * hand[5],
            )
        )
    return shaken

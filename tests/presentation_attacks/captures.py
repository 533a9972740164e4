"""Captures by kind, each made of photos of one person and a seed: what the check is measured on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hackai_face_auth.engine.faces import FaceEngine, Pixels
from hackai_face_auth.engine.geometry import head_pose
from hackai_face_auth.engine.video import Frame
from hackai_face_auth.liveness.steps import Step, draw_steps
from presentation_attacks.acting import FPS, act
from presentation_attacks.attacks import Morph, depth_warp, on_a_screen, plane, relief
from presentation_attacks.heads import Light, Portrait, Pose, film, render

GENUINE = "genuine"
RENDERED_ATTACKS = ("plane", "depth-warp", "morph", "frozen-relief")
SCREEN = "screen"
ATTACKS = (*RENDERED_ATTACKS, SCREEN)
# A photo that shows somebody straight enough to make a head of it.
STRAIGHT_DEG = 6.0


@dataclass(frozen=True)
class Subject:
    """One person's photos, ready to act: the straightest, and the one turned furthest with its mirror image."""

    name: str
    straight: Portrait
    left: Portrait
    right: Portrait


def subject_of(engine: FaceEngine, name: str, photos: Sequence[Pixels]) -> Subject | None:
    """Return a person as a subject; None without a straight photo and another one."""
    seen = [(head_pose(faces[0].points).yaw_deg, photo) for photo in photos if (faces := engine.detect(photo))]
    seen.sort(key=lambda one: abs(one[0]))
    if len(seen) < 2 or abs(seen[0][0]) > STRAIGHT_DEG:
        return None
    yaw, turned = seen[-1]
    as_is, mirrored = Portrait(engine, turned), Portrait(engine, np.ascontiguousarray(turned[:, ::-1]))
    left, right = (as_is, mirrored) if yaw > 0 else (mirrored, as_is)
    return Subject(name, Portrait(engine, seen[0][1]), left, right)


def steps_for(seed: int, count: int = 3) -> list[Step]:
    """Return the challenge of a seed."""
    return draw_steps(count, random.Random(seed))


def capture_of(subject: Subject, kind: str, seed: int, steps: Sequence[Step]) -> list[Frame]:
    """Return the frames of one kind that answer the steps."""
    chance = np.random.default_rng(seed)
    poses = act(steps, chance)
    side = float(chance.choice([-1.0, 1.0]))
    toward = np.array([0.6 * side, -0.3, 0.74]) / np.linalg.norm([0.6, -0.3, 0.74])
    light = Light((float(toward[0]), float(toward[1]), float(toward[2])), float(chance.uniform(0.1, 0.4)))
    noise = float(chance.uniform(1.5, 3.5))
    morph = Morph(subject.straight, subject.left, subject.right)
    makers: dict[str, Callable[[Pose], Pixels]] = {
        GENUINE: lambda pose: render(subject.straight, pose, light),
        "plane": lambda pose: plane(subject.straight, pose),
        "depth-warp": lambda pose: depth_warp(subject.straight, pose),
        "frozen-relief": lambda pose: relief(subject.straight, pose),
        "morph": morph,
    }
    return [Frame(film(makers[kind](pose), pose, chance, noise=noise), n / FPS) for n, pose in enumerate(poses)]


def from_a_screen(frames: Sequence[Frame], seed: int) -> list[Frame]:
    """Return a recording of a capture as a camera sees it on a screen."""
    chance = np.random.default_rng(seed)
    return [Frame(on_a_screen(frame.picture, float(chance.uniform(0, 1)), chance), frame.at_s) for frame in frames]


def read_photo(path: str) -> Pixels:
    """Return a photo as BGR.

    Raises:
        FileNotFoundError: there is none.
    """
    picture = cv2.imread(path)
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture, np.uint8)

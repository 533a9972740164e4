"""The real models, real photos, and head movements made of a real photo by a warp of its depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from hackai_face_auth.core import load_engine
from hackai_face_auth.engine.faces import FaceEngine, Floats, Pixels
from hackai_shared.config.faces import FacesConfig


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    pytest.importorskip("insightface", reason="insightface is not installed (it belongs to the face service alone)")
    return load_engine(FacesConfig())


@pytest.fixture(scope="session")
def faces_folder(shared_data: Path) -> Path:
    return shared_data / "data" / "faces"


@pytest.fixture(scope="session")
def antispoof_folder(shared_data: Path) -> Path:
    folder = shared_data / "models" / "antispoof"
    if not folder.is_dir():
        pytest.skip("the passive liveness models are not there")
    return folder


def turn(picture: Pixels, points: Floats, yaw_deg: float, *, flat: bool = False) -> Pixels:
    """Return the picture with its head turned: each pixel moves by its depth on a head-shaped surface.

    ``flat`` gives every pixel the depth of the eyes: a photograph that is turned, not a head.
    """
    height, width = picture.shape[:2]
    eyes, mouth, nose = points[:2].mean(0), points[3:].mean(0), points[2]
    between = float(np.hypot(*(points[1] - points[0])))
    centre = (eyes + mouth) / 2
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    angle = np.deg2rad(yaw_deg)

    def depth(x: Floats) -> Floats:
        if flat:
            return np.zeros_like(x)
        across, down = (x - centre[0]) / (1.35 * between), (v - centre[1]) / (2.0 * between)
        skull = between * 1.2 * (np.sqrt(np.clip(1 - across**2 - down**2, 0, 1)) - 0.8)
        bump = (
            0.65 * between * np.exp(-(((x - nose[0]) / (0.3 * between)) ** 2 + ((v - nose[1]) / (0.5 * between)) ** 2))
        )
        return np.clip(skull + bump, -between, between)

    def fade(x: Floats) -> Floats:
        if flat:
            return np.ones_like(x)
        distance = np.sqrt(((x - centre[0]) / (1.9 * between)) ** 2 + ((v - centre[1]) / (2.6 * between)) ** 2)
        return np.clip(2 * (1 - distance), 0, 1)

    x = u.copy()
    for _ in range(12):  # u = x + shift(x): solved by iteration
        shift = (x - centre[0]) * (np.cos(angle) - 1) + depth(x) * np.sin(angle)
        x = u - fade(x) * shift
    return np.asarray(
        cv2.remap(picture, x.astype(np.float32), v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def close_eyes(picture: Pixels, landmarks: Floats, share: float) -> Pixels:
    """Return the picture with the upper lids drawn down by ``share`` of the opening."""
    result = picture.copy()
    height, width = picture.shape[:2]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for first, last in ((33, 43), (87, 97)):
        eye = landmarks[first:last]
        left, right = eye[:, 0].min(), eye[:, 0].max()
        top, bottom = eye[:, 1].min(), eye[:, 1].max()
        opening, wide = bottom - top, right - left
        # Skin from above the eye is stretched downwards over it; the lower lid stays.
        inside = np.clip(1.4 - np.abs((u - (left + right) / 2) / (wide / 2)), 0, 1)
        line = bottom + 0.15 * opening
        relative = np.clip((line - v) / (2.6 * opening), 0, 1)
        shift = share * 1.15 * opening * inside * np.sin(np.pi * relative**0.6)
        result = np.asarray(
            cv2.remap(result, u, (v - shift).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
    return result


# The detector sees about two thirds of the angle: the warp cannot show what the photo hides.
TURN_DEG = (12, 24, 36, 40, 36, 24, 12)

Perform = Callable[[Pixels, Sequence[str]], list[Pixels]]


@pytest.fixture(scope="session")
def perform(engine: FaceEngine) -> Perform:
    """Frames of a head that does movements, made of one photo: a stand-in for a capture, with honest limits."""

    def frames(picture: Pixels, movements: Sequence[str]) -> list[Pixels]:
        face = engine.detect(picture)[0]
        landmarks = engine.landmarks(picture, face)
        series = [picture, picture]
        for movement in movements:
            if movement == "blink":
                series += [close_eyes(picture, landmarks, share) for share in (0.5, 1.0, 1.0, 0.5)]
            else:
                sign = 1 if movement == "turn_left" else -1
                series += [turn(picture, face.points, sign * degrees) for degrees in TURN_DEG]
            series += [picture, picture]
        return series

    return frames

"""Captures that are no person: what somebody with photographs or a recording of the victim can feed to the check.

Each is generous to the attacker: the pictures go straight into the check (no paper, no glare), lids are drawn down for
the blink, the hand shakes, and the noise of a real sensor is added to every frame. Every number is drawn from a seed.
"""

from __future__ import annotations

import cv2
import numpy as np

from hackai_face_auth.engine.faces import Floats, Pixels
from presentation_attacks.heads import Light, Portrait, Pose, move_features, render

DARK = Light((0.0, 0.0, 1.0), 0.0)


def plane(portrait: Portrait, pose: Pose) -> Pixels:
    """Return the photo turned near the lens: a homography of the whole picture that pulls the nose aside."""
    flat = move_features(portrait, Pose(closed=pose.closed))
    height, width = flat.shape[:2]
    yaw = np.radians(1.5 * pose.yaw_deg)
    near = 3.0 * portrait.between  # as close as it goes: perspective is what bends the yaw of a plane
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    x, y = (corners - portrait.centre).T
    depth = near - x * np.sin(yaw)
    out = np.column_stack([near * x * np.cos(yaw) / depth, near * y / depth]).astype(np.float32) + portrait.centre
    return np.asarray(
        cv2.warpPerspective(flat, cv2.getPerspectiveTransform(corners, out), (width, height),
                            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )  # fmt: skip


def depth_warp(portrait: Portrait, pose: Pose) -> Pixels:
    """Return the photo with every pixel moved by a depth map of a face; the background stays where it is."""
    flat = move_features(portrait, Pose(closed=pose.closed))
    height, width = flat.shape[:2]
    between, centre, nose = portrait.between, portrait.centre, portrait.points[2]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    angle = np.radians(1.15 * pose.yaw_deg)

    def shift(x: Floats) -> Floats:
        across, down = (x - centre[0]) / (1.35 * between), (v - centre[1]) / (2.0 * between)
        skull = between * 1.2 * (np.sqrt(np.clip(1 - across**2 - down**2, 0, 1)) - 0.8)
        bump = np.exp(-(((x - nose[0]) / (0.3 * between)) ** 2) - ((v - nose[1]) / (0.5 * between)) ** 2)
        depth = np.clip(skull + 0.65 * between * bump, -between, between)
        far = np.hypot((x - centre[0]) / (1.9 * between), (v - centre[1]) / (2.6 * between))
        moved = (x - centre[0]) * (np.cos(angle) - 1) + depth * np.sin(angle)
        return np.asarray(np.clip(2 * (1 - far), 0, 1) * moved, np.float32)

    x = u.copy()
    for _ in range(6):
        x = u - shift(x)
    return np.asarray(cv2.remap(flat, x, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def relief(portrait: Portrait, pose: Pose) -> Pixels:
    """Return a frozen head of the best shape there is: hidden parts appear, but light, eyes and mouth stay frozen."""
    return render(portrait, Pose(pose.yaw_deg, pose.pitch_deg, pose.closed), DARK)


class Morph:
    """Between a straight photo and one or two turned ones (or mirrored copies of one): a dissolve along landmarks."""

    def __init__(self, straight: Portrait, left: Portrait, right: Portrait) -> None:
        self._straight, self._sides = straight, {1: left, -1: right}

    def __call__(self, pose: Pose) -> Pixels:
        """Return the frame for a pose: how far from straight to the photo of that side."""
        other = self._sides[1 if pose.yaw_deg >= 0 else -1]
        share = min(abs(pose.yaw_deg) / 35.0, 1.0)
        start = move_features(self._straight, Pose(closed=pose.closed))
        return dissolve((start, self._straight.landmarks), (other.picture, other.landmarks), share)


def dissolve(first: tuple[Pixels, Floats], second: tuple[Pixels, Floats], share: float) -> Pixels:
    """Return the picture at ``share`` of the way between two, triangle by triangle."""
    height, width = first[0].shape[:2]
    frame = np.array([[x, y] for x in (0, width / 2, width - 1) for y in (0, height / 2, height - 1)], np.float32)
    frame = frame[[0, 1, 2, 3, 5, 6, 7, 8]]
    ends = [np.vstack([np.clip(points, 1, width - 2), frame]) for _, points in (first, second)]
    middle = (1 - share) * ends[0] + share * ends[1]
    corners = triangles(tuple(map(tuple, np.round(ends[0], 3))), width, height)
    maps = [np.zeros((height, width, 2), np.float32) for _ in range(2)]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    for one in corners:
        to = middle[one].astype(np.float32)
        x, y, w, h = cv2.boundingRect(to)
        x2, y2 = min(x + w + 1, width), min(y + h + 1, height)
        x, y = max(x, 0), max(y, 0)
        if x2 <= x or y2 <= y:
            continue
        inside = np.zeros((y2 - y, x2 - x), np.uint8)
        cv2.fillConvexPoly(inside, np.rint(to - (x, y)).astype(np.int32), 1)
        chosen = inside.astype(bool)
        grid_u, grid_v = u[y:y2, x:x2][chosen], v[y:y2, x:x2][chosen]
        for target, end in zip(maps, ends, strict=True):
            affine = cv2.getAffineTransform(to, end[one].astype(np.float32))
            target[y:y2, x:x2][chosen] = np.column_stack([grid_u, grid_v, np.ones_like(grid_u)]) @ affine.T
    pictures = [
        cv2.remap(picture, target[..., 0], target[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for (picture, _), target in zip((first, second), maps, strict=True)
    ]
    return np.asarray(cv2.addWeighted(pictures[0], 1 - share, pictures[1], share, 0), np.uint8)


def triangles(points: tuple[tuple[float, float], ...], width: int, height: int) -> list[list[int]]:
    """Return a Delaunay triangulation as triples of indices."""
    division = cv2.Subdiv2D((0, 0, width, height))
    index: dict[tuple[float, float], int] = {}
    for number, point in enumerate(points):
        key = (float(np.float32(point[0])), float(np.float32(point[1])))
        if key not in index:
            index[key] = number
            division.insert(key)
    found = []
    for triangle in division.getTriangleList():
        corners = [index.get((float(triangle[i]), float(triangle[i + 1]))) for i in (0, 2, 4)]
        if None not in corners:
            found.append([corner for corner in corners if corner is not None])
    return found


def on_a_screen(picture: Pixels, phase: float, chance: np.random.Generator) -> Pixels:
    """Return a frame filmed from a screen: tilted a little, the grid of its pixels beating with that of the sensor."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    bent = corners + np.array([[4, 6], [-7, 3], [-3, -5], [5, -4]], np.float32)
    shown = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(corners, bent), (width, height),
                                borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)  # fmt: skip
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    # The three colours of a pixel lie side by side: their beats are a third of a period apart.
    period, slant = 5.3, 0.23
    for channel in range(3):
        beat = np.sin(2 * np.pi * ((u + slant * v) / period + channel / 3 + phase))
        beat += 0.6 * np.sin(2 * np.pi * ((v - 0.31 * u) / (1.7 * period) + phase))
        shown[..., channel] *= 1 + 0.075 * beat
    shown = cv2.GaussianBlur(shown, (0, 0), 0.7) * 0.92 + 12
    return np.asarray(np.clip(shown + chance.normal(0, 1.0, shown.shape), 0, 255), np.uint8)

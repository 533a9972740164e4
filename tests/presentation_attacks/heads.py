"""A head in three dimensions made from one photo: turns with its own occlusions, light, eyes and mouth.

No public set of people who answer challenges is at hand, so the genuine side is rendered. What a real head does and a
frozen picture does not is in here on purpose: hidden parts come into view, light stays where it is while the head
turns, eyes keep looking into the camera, lids and mouth move, the hand that holds the camera shakes, the sensor is
noisy. Every number is drawn from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from hackai_face_auth.engine.faces import FaceEngine, Floats, Pixels

# Pixels between the eyes after scaling: a face of about 150 pixels, as a phone at arm's length gives at 480 lines.
BETWEEN_PX = 64.0
SIDE_PX = 420
# The head, in distances between the eyes: half width, depth of the skull; from the middle of the face up and down.
HALF_WIDTH, AXIS_BEHIND = 1.28, 1.25
ABOVE, BELOW = 2.45, 1.85
_LEFT_EYE, _RIGHT_EYE = slice(33, 43), slice(87, 97)
_EYES = ((_LEFT_EYE, 35, 39), (_RIGHT_EYE, 89, 93))


@dataclass(frozen=True)
class Pose:
    """How the head is held in one frame: degrees, shares of the eye's opening and width, pixels."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    closed: float = 0.0
    gaze_deg: float = 0.0
    smile_px: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    roll_deg: float = 0.0


class Portrait:
    """A photo cut to one size, with its landmarks; ``picture`` is ``(420, 420, 3) uint8`` BGR."""

    def __init__(self, engine: FaceEngine, photo: Pixels) -> None:
        first = engine.detect(photo)[0]
        between = float(np.hypot(*(first.points[1] - first.points[0])))
        scale = BETWEEN_PX / between
        angle = float(np.degrees(np.arctan2(*(first.points[1] - first.points[0])[::-1])))
        centre = first.points.mean(0)
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, scale)
        matrix[:, 2] += SIDE_PX / 2 - centre
        border = cv2.BORDER_REFLECT_101
        self.picture: Pixels = np.asarray(
            cv2.warpAffine(photo, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
                           borderMode=border), np.uint8
        )  # fmt: skip
        faces = engine.detect(self.picture)
        face = faces[0] if faces else first
        self.points: Floats = face.points
        self.landmarks: Floats = engine.landmarks(self.picture, face)
        self.between = float(np.hypot(*(face.points[1] - face.points[0])))

    @cached_property
    def centre(self) -> Floats:
        """Between eyes and mouth, ``(2,)`` pixels."""
        middle: Floats = ((self.points[:2].mean(0) + self.points[3:].mean(0)) / 2).astype(np.float32)
        return middle

    @cached_property
    def background(self) -> Pixels:
        """The picture without its head: what was beside it, drawn over it, out of focus."""
        mask = np.zeros(self.picture.shape[:2], np.uint8)
        axes = (int(1.55 * self.between), int(2.3 * self.between))
        cv2.ellipse(mask, (int(self.centre[0]), int(self.centre[1])), axes, 0, 0, 360, 255, -1)
        mask[int(self.centre[1]) :, int(self.centre[0]) - axes[0] : int(self.centre[0]) + axes[0]] = 0
        cv2.ellipse(mask, (int(self.centre[0]), int(self.centre[1])), axes, 0, 0, 360, 255, -1)
        small = cv2.resize(self.picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        filled = cv2.inpaint(small, cv2.resize(mask, small.shape[1::-1]), 5, cv2.INPAINT_TELEA)
        large = cv2.resize(filled, self.picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        large = cv2.GaussianBlur(large, (0, 0), 3)
        soft = cv2.GaussianBlur(mask, (0, 0), 6)[..., None].astype(np.float32) / 255
        return np.asarray(self.picture * (1 - soft) + large * soft, np.uint8)

    @cached_property
    def surface(self) -> tuple[Floats, Floats, Floats]:
        """Points of the head relative to the middle of the face, in pixels, and where the photo shows each.

        ``(N, 3)`` points, ``(N, 3)`` normals, ``(N, 2)`` places in the photo.
        """
        b = self.between
        angles = np.radians(np.linspace(-140, 140, 380, dtype=np.float32))
        rows = np.linspace(-ABOVE * b, BELOW * b, 300, dtype=np.float32)
        phi, y = np.meshgrid(angles, rows)
        reach = np.where(y < 0, ABOVE * b, BELOW * b)
        profile = np.clip(1 - np.abs(y / reach) ** 2.6, 0.0, 1) ** 0.5
        x = HALF_WIDTH * b * profile * np.sin(phi)
        z = AXIS_BEHIND * b * (profile * np.cos(phi) - 0.9)
        nose_x, nose_y = self.points[2] - self.centre
        across, down = (x - nose_x) / (0.26 * b), (y - nose_y) / (0.30 * b)
        bridge = np.exp(-(((x - nose_x) / (0.20 * b)) ** 2)) * np.exp(-(((y - nose_y + 0.4 * b) / (0.4 * b)) ** 2))
        front = np.clip(np.cos(phi), 0, 1)
        z = z + front * b * (0.42 * np.exp(-(across**2) - down**2 * 0.9) + 0.18 * bridge)
        for eye in self.points[:2] - self.centre:
            z = z - front * 0.14 * b * np.exp(-(((x - eye[0]) / (0.3 * b)) ** 2) - ((y - eye[1]) / (0.2 * b)) ** 2)
        lips = self.points[3:].mean(0) - self.centre
        z = z + front * 0.10 * b * np.exp(-(((x - lips[0]) / (0.35 * b)) ** 2) - ((y - lips[1]) / (0.2 * b)) ** 2)
        # The photo sees the side of a head at a slant; beyond 68 degrees it shows hair and ear folded back.
        beyond = np.abs(phi) - np.radians(68)
        seen = HALF_WIDTH * b * profile * np.sin(np.radians(68))
        u = np.where(beyond > 0, np.sign(phi) * (seen + HALF_WIDTH * b * 0.16 * np.sin(3 * beyond)), x)
        points = np.stack([x, y, z], -1)
        du, dv = np.gradient(points, axis=1), np.gradient(points, axis=0)
        normals = np.cross(du, dv)
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-6
        places = np.stack([u + self.centre[0], y + self.centre[1]], -1)
        flat = [part.reshape(-1, part.shape[-1]).astype(np.float32) for part in (points, normals, places)]
        return flat[0], flat[1], flat[2]


def move_features(portrait: Portrait, pose: Pose, *, texture: Pixels | None = None) -> Pixels:
    """Return the photo with lids drawn down, eyes turned and the mouth moved: what happens within the face."""
    picture = portrait.picture if texture is None else texture
    height, width = picture.shape[:2]
    u, v = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    marks = portrait.landmarks
    x_from, y_from = u.copy(), v.copy()
    for part, outer, inner in _EYES:
        eye = marks[part]
        middle = (marks[outer] + marks[inner]) / 2
        wide = float(np.hypot(*(marks[inner] - marks[outer])))
        opening = max(float(np.ptp(eye[:, 1])), 0.15 * wide)
        # The ball turns behind the lids: its front moves by 12 mm of a 30 mm wide eye per radian.
        inside = np.clip(1.15 - ((u - middle[0]) / (0.5 * wide)) ** 2 - ((v - middle[1]) / (0.62 * opening)) ** 2, 0, 1)
        x_from -= np.minimum(1.6 * inside, 1) * 0.40 * wide * np.sin(np.radians(pose.gaze_deg))
    first = cv2.remap(picture, x_from, y_from, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    y_from = v.copy()
    mouth = portrait.points[3:].mean(0)
    spread = float(np.hypot(*(portrait.points[4] - portrait.points[3])))
    y_from += pose.smile_px * np.exp(
        -(((u - mouth[0]) / (0.6 * spread)) ** 2) - ((v - mouth[1] - 0.15 * spread) / (0.35 * spread)) ** 2
    )
    for part, *_ in _EYES:
        eye = marks[part]
        left, right, top, bottom = eye[:, 0].min(), eye[:, 0].max(), eye[:, 1].min(), eye[:, 1].max()
        opening = bottom - top
        over = np.clip(1.4 - np.abs((u - (left + right) / 2) / ((right - left) / 2)), 0, 1)
        relative = np.clip((bottom + 0.15 * opening - v) / (2.6 * opening), 0, 1)
        y_from -= pose.closed * 1.15 * opening * over * np.sin(np.pi * relative**0.6)
    return np.asarray(cv2.remap(first, u, y_from, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class Light:
    """Where light comes from (towards it, unit length, camera axes) and how much of it is directed."""

    direction: tuple[float, float, float]
    strength: float


def render(portrait: Portrait, pose: Pose, light: Light) -> Pixels:
    """Return the head turned in front of its background, nearest surface first, light fixed to the room."""
    texture = move_features(portrait, pose)
    points, normals, places = portrait.surface
    yaw, pitch = np.radians(pose.yaw_deg), np.radians(pose.pitch_deg)
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]], np.float32)
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]], np.float32)
    turn = about_x @ about_y
    axis = np.array([0, 0, -0.55 * portrait.between], np.float32)
    turned = (points - axis) @ turn.T + axis
    facing = normals @ turn.T
    near = 1 / (1 - turned[:, 2] / (9 * portrait.between))  # a camera nine distances between the eyes away
    out = turned[:, :2] * near[:, None] + portrait.centre
    visible = facing[:, 2] > 0.02
    out, depth, from_ = out[visible], turned[visible, 2], places[visible]
    toward = np.array(light.direction, np.float32)
    shade = 1 + light.strength * (facing[visible] @ toward - normals[visible] @ toward)
    return _splat(texture, portrait.background, out, depth, from_, shade)


def _splat(texture: Pixels, background: Pixels, out: Floats, depth: Floats, from_: Floats, shade: Floats) -> Pixels:
    height, width = texture.shape[:2]
    columns, rows = np.rint(out[:, 0]).astype(int), np.rint(out[:, 1]).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    order = np.argsort(depth[inside], kind="stable")
    columns, rows = columns[inside][order], rows[inside][order]
    maps = np.full((height, width, 3), np.nan, np.float32)
    maps[rows, columns] = np.column_stack([from_[inside][order], shade[inside][order]])
    hit = ~np.isnan(maps[..., 0])
    holes = cv2.morphologyEx(hit.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(bool)
    filled = np.nan_to_num(maps)
    weight = cv2.GaussianBlur(hit.astype(np.float32), (0, 0), 1.0)
    smooth = cv2.GaussianBlur(filled, (0, 0), 1.0) / np.maximum(weight, 1e-3)[..., None]
    front = cv2.remap(texture, smooth[..., 0], smooth[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    lit = np.clip(front.astype(np.float32) * np.clip(smooth[..., 2:], 0.3, 2.0), 0, 255)
    alpha = cv2.GaussianBlur(holes.astype(np.float32), (0, 0), 1.2)[..., None]
    return np.asarray(background * (1 - alpha) + lit * alpha, np.uint8)


def film(picture: Pixels, pose: Pose, chance: np.random.Generator, *, noise: float) -> Pixels:
    """Return the picture as a camera in a hand takes it: shifted, scaled, tilted, noisy, compressed."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), pose.roll_deg, pose.scale)
    matrix[:, 2] += pose.shift
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    noisy = np.clip(moved + chance.normal(0, noise, moved.shape), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 88]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", noisy, quality)[1], cv2.IMREAD_COLOR), np.uint8)

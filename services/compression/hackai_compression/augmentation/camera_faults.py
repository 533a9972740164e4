"""What cheap cameras and codecs do: blur, noise, low resolution, JPEG blocks, captions, covers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from hackai_compression.datasets.pictures import Picture


def degrade(picture: Picture, rng: Generator) -> Picture:
    """Random camera faults on (H, W, 3) uint8 RGB; each with its own small probability.

    Every source is degraded alike: otherwise a network learns a source by its codec.
    """
    out = picture
    height, width = out.shape[:2]
    if rng.random() < 0.25:
        scale = rng.uniform(0.3, 0.8)
        small = cv2.resize(out, (max(8, int(width * scale)), max(8, int(height * scale))), interpolation=cv2.INTER_AREA)
        how = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_NEAREST
        out = np.asarray(cv2.resize(small, (width, height), interpolation=how), dtype=np.uint8)
    if rng.random() < 0.2:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 1.8))), dtype=np.uint8)
    elif rng.random() < 0.1:
        out = _motion_blur(out, rng)
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(2, 14), out.shape).astype(np.float32)
        out = np.clip(out.astype(np.float32) + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.integers(25, 95))
        # OpenCV's codec wants BGR: JPEG treats the channels differently.
        bgr = cv2.cvtColor(out, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
        out = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    if rng.random() < 0.15:
        out = _cover(out, rng)
    if rng.random() < 0.15:
        out = _caption(out, rng)
    return out


def _motion_blur(picture: Picture, rng: Generator) -> Picture:
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    if rng.random() < 0.7:
        kernel[length // 2] = 1.0 / length
    else:
        np.fill_diagonal(kernel, 1.0 / length)
    return np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.uint8)


def _cover(picture: Picture, rng: Generator) -> Picture:
    out = picture.copy()
    size = out.shape[0]
    w, h = (int(size * rng.uniform(0.1, 0.3)) for _ in range(2))
    x, y = int(rng.integers(0, size - w)), int(rng.integers(0, size - h))
    out[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return out


def _caption(picture: Picture, rng: Generator) -> Picture:
    """A clock, a channel's banner or an agency's strip: pictures of fires often have one."""
    out = picture.copy()
    size = out.shape[0]
    height = int(size * rng.uniform(0.05, 0.14))
    y = size - height if rng.random() < 0.6 else 0
    if rng.random() < 0.6:
        out[y : y + height] = rng.integers(0, 256, 3)
    text = "".join(chr(c) for c in rng.integers(45, 91, int(rng.integers(5, 20))))
    ink = tuple(int(v) for v in (rng.integers(200, 256, 3) if rng.random() < 0.7 else rng.integers(0, 256, 3)))
    where = (int(rng.uniform(0, 0.5) * size), y + int(height * 0.8))
    cv2.putText(out, text, where, cv2.FONT_HERSHEY_SIMPLEX, height / 40, ink, 1, cv2.LINE_AA)
    return out

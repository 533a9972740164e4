"""The strip below an alarm's picture: the heat-map, and the same place over the last seconds. Pure."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from hackai_inference.decision.places import Point
from hackai_inference.pictures.glow import glow
from hackai_inference.pictures.lettering import font
from hackai_inference.pictures.snapshot_buffer import Snapshot
from hackai_shared.messages import Box
from hackai_shared.serving.decoding import decode_image

BACKGROUND = (24, 24, 26)
TEXT = (225, 225, 225)
# Tiles beside each other: the heat-map and five moments.
TILES = 6
# A crop shows the surroundings of what burns: so many times its size, and this part of the picture at least.
AROUND = 1.7
SMALLEST = 0.22


class Crop(NamedTuple):
    """A part of the picture in relative coordinates."""

    x1: float
    y1: float
    x2: float
    y2: float


def crop_around(boxes: Sequence[Box], place: Point) -> Crop:
    """Return the square part (in relative coordinates) of the picture around the best box, else around a place."""
    best = max(boxes, key=lambda box: box.score, default=None)
    x, y = place if best is None else ((best.x1 + best.x2) / 2, (best.y1 + best.y2) / 2)
    size = SMALLEST if best is None else max(SMALLEST, AROUND * max(best.x2 - best.x1, best.y2 - best.y1))
    size = min(1.0, size)
    left, top = min(max(0.0, x - size / 2), 1.0 - size), min(max(0.0, y - size / 2), 1.0 - size)
    return Crop(left, top, left + size, top + size)


def draw_strip(
    pixels: "np.ndarray[Any, Any]",
    heat: Optional["np.ndarray[Any, Any]"],
    moments: Sequence[Snapshot],
    crop: Crop,
    colour: Tuple[int, int, int],
) -> Optional[Image.Image]:
    """Return the strip, as wide as the picture ``(H, W, 3) uint8 RGB``; None: there is nothing to show in it.

    Raises:
        ImageError: a moment is not a picture.
    """
    height, width = pixels.shape[:2]
    gap = max(2, width // 160)
    wide = (width - (TILES - 1) * gap) // TILES
    tall = max(8, round(wide * height / width))
    tiles: List[Tuple[np.ndarray[Any, Any], str]] = []
    if heat is not None:
        tiles.append((_fit(glow(pixels, heat, colour), wide, tall), "heat"))
    for moment in moments[-(TILES - len(tiles)) :]:
        name = "now" if moment.seconds_before < 0.05 else f"-{moment.seconds_before:.1f} s"
        tiles.append((_fit(_cut(decode_image(moment.jpeg), crop), wide, tall), name))
    if not tiles:
        return None
    canvas = Image.new("RGB", (width, tall + 2 * gap), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    letters = font(max(9, tall // 6))
    for index, (tile, name) in enumerate(tiles):
        left = index * (wide + gap)
        canvas.paste(Image.fromarray(tile), (left, gap))
        room = draw.textbbox((left + gap, gap + tall - gap), name, font=letters, anchor="lb")
        draw.rectangle((room[0] - gap, room[1] - gap // 2, room[2] + gap, gap + tall - 1), fill=BACKGROUND)
        draw.text((left + gap, gap + tall - gap), name, font=letters, fill=TEXT, anchor="lb")
    return canvas


def _cut(pixels: "np.ndarray[Any, Any]", crop: Crop) -> "np.ndarray[Any, Any]":
    height, width = pixels.shape[:2]
    top, left = int(crop.y1 * height), int(crop.x1 * width)
    return pixels[top : max(top + 1, int(crop.y2 * height)), left : max(left + 1, int(crop.x2 * width))]


def _fit(pixels: "np.ndarray[Any, Any]", width: int, height: int) -> "np.ndarray[Any, Any]":
    smaller = pixels.shape[1] > width
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)

"""Draws what the model saw onto the very picture that it judged: heat-map, boxes, caption. Pure."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hackai_shared.messages import Box
from hackai_shared.serving.decoding import decode_image

JPEG_QUALITY = 88
HEAT_ALPHA = 0.38
# Activations below this part of the strongest stay invisible: they are everywhere and say nothing.
HEAT_FLOOR = 0.25
COLOURS = {"fire": (255, 92, 40), "start_fire": (255, 190, 60)}
TITLES = {"fire": "Fire", "start_fire": "Starting fire"}
Pixels = "np.ndarray[Any, np.dtype[np.uint8]]"


def annotate(
    jpeg: bytes,
    *,
    label: str,
    score: float,
    camera_name: str,
    at: datetime,
    boxes: Sequence[Box],
    heat: Optional["np.ndarray[Any, Any]"],
) -> bytes:
    """Return the JPEG with a heat-map ``(h, w)`` 0-1, boxes and a caption drawn onto it.

    Raises:
        ImageError: the bytes are not a picture.
    """
    pixels = decode_image(jpeg)
    colour = COLOURS.get(label, COLOURS["fire"])
    if heat is not None:
        pixels = _glow(pixels, heat, colour)
    image = Image.fromarray(pixels)
    _draw_boxes(image, boxes, colour)
    image = _draw_caption(image, f"{TITLES.get(label, label)} {score:.0%}", camera_name, at, colour)
    encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    return encoded.tobytes()


def _glow(pixels: Any, heat: "np.ndarray[Any, Any]", colour: Tuple[int, int, int]) -> Any:
    """Tint the picture where the map is warm; the picture itself stays readable underneath."""
    height, width = pixels.shape[:2]
    fine = np.clip(cv2.resize(heat, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)
    alpha = HEAT_ALPHA * np.clip((fine - HEAT_FLOOR) / (1.0 - HEAT_FLOOR), 0.0, 1.0)[..., np.newaxis]
    tint = np.array(colour, np.float32)
    return (pixels * (1.0 - alpha) + tint * alpha + 0.5).astype(np.uint8)


def _draw_boxes(image: Image.Image, boxes: Sequence[Box], colour: Tuple[int, int, int]) -> None:
    draw = ImageDraw.Draw(image)
    line = max(2, round(image.height / 240))
    for box in boxes:
        corners = (
            round(box.x1 * (image.width - 1)),
            round(box.y1 * (image.height - 1)),
            round(box.x2 * (image.width - 1)),
            round(box.y2 * (image.height - 1)),
        )
        # A dark rim keeps the line visible on flames.
        draw.rounded_rectangle(corners, radius=3 * line, outline=(20, 20, 20), width=line + 2)
        draw.rounded_rectangle(corners, radius=3 * line, outline=colour, width=line)


def _draw_caption(
    image: Image.Image, title: str, camera_name: str, at: datetime, colour: Tuple[int, int, int]
) -> Image.Image:
    """Add a strip below the picture, so that the caption hides nothing of it."""
    size = max(13, round(image.height / 20))
    strip = round(size * 1.9)
    canvas = Image.new("RGB", (image.width, image.height + strip), (24, 24, 26))
    canvas.paste(image, (0, 0))
    draw = ImageDraw.Draw(canvas)
    middle = image.height + strip / 2
    margin = round(size * 0.6)
    draw.rectangle((0, image.height, max(3, size // 4), canvas.height), fill=colour)
    draw.text((margin + size // 4, middle), title, font=_font(size), fill=colour, anchor="lm")
    left = margin + size // 4 + draw.textlength(title, font=_font(size)) + 2 * margin
    time = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    small = _font(max(11, round(size * 0.8)))
    room = image.width - left - margin
    for text in (f"{camera_name}  {time}", f"{camera_name}  {at:%H:%M:%S} UTC", f"{at:%H:%M:%S} UTC"):
        if draw.textlength(text, font=small) <= room:
            draw.text((image.width - margin, middle), text, font=small, fill=(225, 225, 225), anchor="rm")
            break
    return canvas


@lru_cache(maxsize=16)
def _font(size: int) -> Any:
    return ImageFont.load_default(size)

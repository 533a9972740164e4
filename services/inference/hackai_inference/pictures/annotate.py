"""Draws what was seen onto the very picture that was judged: boxes, below it the strip and a caption. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from hackai_inference.decision.places import Point
from hackai_inference.pictures.lettering import font
from hackai_inference.pictures.snapshot_buffer import Snapshot
from hackai_inference.pictures.strip import BACKGROUND, TEXT, crop_around, draw_strip
from hackai_shared.figures import percent
from hackai_shared.messages import Box
from hackai_shared.serving.decoding import decode_image

JPEG_QUALITY = 88
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
    moments: Sequence[Snapshot] = (),
    place: Point = (0.5, 0.5),
) -> bytes:
    """Return the JPEG with its boxes; below it the heat-map ``(h, w)`` 0-1, the last moments and a caption.

    ``place`` is where the evidence is, relative: what the moments show where there are no boxes.

    Raises:
        ImageError: the bytes are not a picture.
    """
    pixels = decode_image(jpeg)
    colour = COLOURS.get(label, COLOURS["fire"])
    strip = draw_strip(pixels, heat, moments, crop_around(boxes, place), colour)
    image = Image.fromarray(pixels)
    _draw_boxes(image, boxes, colour)
    image = _below(image, strip)
    image = _draw_caption(image, f"{TITLES.get(label, label)} {percent(score)}", camera_name, at, colour)
    encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    return encoded.tobytes()


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


def _below(image: Image.Image, strip: Optional[Image.Image]) -> Image.Image:
    if strip is None:
        return image
    canvas = Image.new("RGB", (image.width, image.height + strip.height), BACKGROUND)
    canvas.paste(image, (0, 0))
    canvas.paste(strip, (0, image.height))
    return canvas


def _draw_caption(
    image: Image.Image, title: str, camera_name: str, at: datetime, colour: Tuple[int, int, int]
) -> Image.Image:
    """Add a strip below the picture, so that the caption hides nothing of it."""
    size = max(13, round(image.width / 36))
    strip = round(size * 1.9)
    canvas = Image.new("RGB", (image.width, image.height + strip), BACKGROUND)
    canvas.paste(image, (0, 0))
    draw = ImageDraw.Draw(canvas)
    middle = image.height + strip / 2
    margin = round(size * 0.6)
    draw.rectangle((0, image.height, max(3, size // 4), canvas.height), fill=colour)
    draw.text((margin + size // 4, middle), title, font=font(size), fill=colour, anchor="lm")
    left = margin + size // 4 + draw.textlength(title, font=font(size)) + 2 * margin
    time = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    small = font(max(11, round(size * 0.8)))
    room = image.width - left - margin
    for text in (f"{camera_name}  {time}", f"{camera_name}  {at:%H:%M:%S} UTC", f"{at:%H:%M:%S} UTC"):
        if draw.textlength(text, font=small) <= room:
            draw.text((image.width - margin, middle), text, font=small, fill=TEXT, anchor="rm")
            break
    return canvas

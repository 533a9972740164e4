"""Single pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hackai_camera import stills
from hackai_camera.pictures import JpegPicture
from hackai_camera.stills import PictureError, decode_still

EXIF_ORIENTATION = 0x0112
TURN_RIGHT = 6
RED, BLUE = (220, 30, 30), (30, 30, 220)


def stored(kind: str, mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """Return a picture that is red on its left half and blue on its right half."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2] = RED
    pixels[:, size[0] // 2 :] = BLUE
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode, palette=Image.Palette.ADAPTIVE).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"quality": 95}),
        ("JPEG", "RGB", {"quality": 95, "progressive": True}),
        ("JPEG", "CMYK", {"quality": 95}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("WEBP", "RGB", {"quality": 95}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_colours_are_those_of_the_file(kind: str, mode: str, options: dict[str, Any]) -> None:
    pixels = decode_still(stored(kind, mode, **options)).reformat(format="rgb24").to_ndarray()

    assert pixels.shape == (40, 60, 3)
    assert pixels[20, 10].tolist() == pytest.approx(RED, abs=12)
    assert pixels[20, 50].tolist() == pytest.approx(BLUE, abs=12)


def test_a_photo_held_sideways_is_turned_when_it_is_encoded_anew() -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURN_RIGHT
    jpeg = stored("JPEG", size=(640, 480), quality=95, exif=exif)

    encoded = JpegPicture(jpeg, 640, 480).encode(max_width=240, quality=95)

    assert (encoded.width, encoded.height) == (240, 320)
    shown = np.asarray(Image.open(io.BytesIO(encoded.jpeg)))
    assert shown[20, 120].tolist() == pytest.approx(RED, abs=12)  # what was on the left is above
    assert shown[300, 120].tolist() == pytest.approx(BLUE, abs=12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    data = stored(kind, size=(320, 240))

    with pytest.raises(PictureError):
        decode_still(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_too_many_pixels_are_not_decoded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "MAX_PIXELS", 1000)

    with pytest.raises(PictureError, match="too large"):
        decode_still(stored(kind))


@pytest.mark.parametrize("data", [b"", b"text", b"ffconcat version 1.0\nfile /etc/hostname\n", b"\xff\xd8 no jpeg"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode_still(data)

"""Pictures that carry a rotation: the camera publishes them upright, and header and decoder agree."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from hackai_camera.clip import encode_clip
from hackai_camera.jpeg import read_structure
from hackai_camera.orientation import orientation_of_rotation
from hackai_camera.pictures import still_picture
from hackai_camera.sources.images import ImageFolder
from hackai_shared.config.cameras import ImagesSource
from hackai_shared.envelope import Frame
from hackai_shared.messages import FrameHeader, utc_now
from hackai_shared.serving.decoding import decode_image, probe_image


def turned(kind: str, orientation: int) -> bytes:
    """Return a picture of 64x48 pixels, light at its top left and half light at its top right, before it is turned."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32], pixels[:24, 32:] = 255, 90
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, exif=exif.tobytes(), quality=95)
    return data.getvalue()


def quarters(pixels: np.ndarray) -> list[int]:
    """Return height, width and how light each quarter is: 0, 1 or 2."""
    height, width = pixels.shape[:2]
    spots = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [height, width, *(min(2, round(int(pixels[y, x, 0]) / 100)) for y, x in spots)]


def expected(data: bytes) -> list[int]:
    return quarters(np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_published_upright_without_its_rotation(kind: str, orientation: int) -> None:
    data = turned(kind, orientation)

    encoded = still_picture(data).encode(640, 95)
    stored = cv2.imdecode(np.frombuffer(encoded.jpeg, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)

    assert stored is not None
    assert quarters(stored) == expected(data)
    assert [encoded.height, encoded.width] == expected(data)[:2]
    structure = read_structure(encoded.jpeg)
    assert structure is not None
    assert structure.passes


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_says_what_the_decoder_gives(kind: str, orientation: int) -> None:
    data = turned(kind, orientation)
    info, pixels = probe_image(data), decode_image(data)

    assert quarters(pixels) == expected(data)
    assert pixels.shape[:2] == (info.height, info.width)


def test_an_upright_jpeg_keeps_its_bytes() -> None:
    data = turned("JPEG", 1)

    assert still_picture(data).encode(640, 50).jpeg == data


def test_a_clip_of_turned_pictures_is_not_stretched(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(turned("JPEG", 6))
    source = ImageFolder(ImagesSource.model_validate({"folder": str(tmp_path), "loop": True}), lambda _: None)
    frames = []
    for number, one in enumerate(islice(source.frames(), 3)):
        encoded = one.picture.encode(640, 95)
        header = FrameHeader(
            camera_id="front",
            epoch="e",
            sequence=number,
            captured_at=utc_now(),
            stream_s=number / 2,
            monotonic_s=0.0,
            boot_id="b",
            width=encoded.width,
            height=encoded.height,
        )
        frames.append(Frame(header, encoded.jpeg))

    with av.open(io.BytesIO(encode_clip(frames))) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")

    assert quarters(shown) == expected(turned("JPEG", 6)) == [64, 48, 0, 2, 0, 1]


@pytest.mark.parametrize(("degrees", "orientation"), [(0, 1), (-90, 6), (90, 8), (180, 3), (-180, 3), (-89.6, 6)])
def test_a_rotation_of_a_container_is_an_orientation(degrees: float, orientation: int) -> None:
    assert orientation_of_rotation(degrees) == orientation

"""JPEGs are found in any stream of bytes, cut into any pieces."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from hackai_camera.jpeg_scanner import JpegScanner


def with_thumbnail(jpeg: bytes, thumbnail: bytes) -> bytes:
    """Return a JPEG whose EXIF segment holds another one."""
    segment = b"Exif\0\0" + thumbnail
    return jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]


def fed(data: bytes, size: int, scanner: JpegScanner | None = None) -> list[bytes]:
    scanner = scanner or JpegScanner()
    return [found for at in range(0, len(data), size) for found in scanner.feed(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_pictures_between_anything(make_jpeg: Callable[..., bytes], size: int) -> None:
    first, second = with_thumbnail(make_jpeg(64, 48, 10), make_jpeg(8, 8)), make_jpeg(32, 32, 200)
    stream = b"part\r\nLength: 1\r\n\r\n" + first + b"\r\n--x \xff\xd8\r\n" + first + second + bytes(50) + second

    assert fed(stream, size) == [first, first, second, second]


def test_a_picture_is_there_with_its_last_byte(make_jpeg: Callable[..., bytes]) -> None:
    jpeg, scanner = make_jpeg(), JpegScanner()

    assert scanner.feed(jpeg[:-1]) == []
    assert scanner.feed(jpeg[-1:]) == [jpeg]


def test_a_progressive_picture_has_several_scans() -> None:
    data = io.BytesIO()
    Image.effect_noise((64, 48), 80).save(data, "JPEG", progressive=True)

    assert fed(data.getvalue() * 2, 11) == [data.getvalue()] * 2


def test_a_broken_picture_costs_itself_alone(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    torn = jpeg[: jpeg.index(b"\xff\xda") + 20]

    assert fed(torn + jpeg + jpeg, 13) == [jpeg, jpeg]


def test_a_picture_without_an_end_does_not_fill_the_memory(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    scan = jpeg.index(b"\xff\xda")
    scanner = JpegScanner(max_bytes=10_000)

    assert fed(jpeg[: scan + 14] + b"\x12" * 200_000, 1000, scanner) == []
    assert len(scanner._data) < 12_000
    assert fed(jpeg, 1000, scanner) == [jpeg]


@settings(max_examples=50, deadline=None)
@given(
    noise=some.lists(some.binary(max_size=40) | some.sampled_from([b"\xff", b"\xff\xd8", b"\xff\xd8\xff"]), max_size=8)
)
def test_noise_never_breaks_it(noise: list[bytes]) -> None:
    scanner = JpegScanner(max_bytes=1000)
    for piece in noise:
        for found in scanner.feed(piece):
            assert found.startswith(b"\xff\xd8")

"""Reading the structure of JPEGs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from hackai_camera.jpeg import JpegStructure, read_structure


def test_a_whole_picture(make_jpeg: Callable[..., bytes]) -> None:
    assert read_structure(make_jpeg(64, 48)) == JpegStructure(64, 48, has_huffman_tables=True, complete=True)


def test_padding_of_a_camera_is_tolerated(make_jpeg: Callable[..., bytes]) -> None:
    structure = read_structure(make_jpeg() + bytes(1000))

    assert structure is not None
    assert structure.complete


def test_a_truncated_picture_is_not_complete(make_jpeg: Callable[..., bytes]) -> None:
    structure = read_structure(make_jpeg()[:-40])

    assert structure is not None
    assert not structure.complete


def test_every_truncation_of_the_headers_is_refused(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    scan = jpeg.index(b"\xff\xda")

    assert {read_structure(jpeg[:length]) for length in range(scan)} == {None}


def test_missing_huffman_tables_are_seen(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    while (at := jpeg.find(b"\xff\xc4")) >= 0:
        jpeg = jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]

    structure = read_structure(jpeg)

    assert structure is not None
    assert not structure.has_huffman_tables


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x00", b"\xff\xd8" * 50]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    assert read_structure(data) is None


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read(
    make_jpeg: Callable[..., bytes], orientation: int, order: Literal["little", "big"]
) -> None:
    tag = [(0x0100, 4, 9), (0x0112, 3, orientation)]
    tiff = (b"II*\0" if order == "little" else b"MM\0*") + (8).to_bytes(4, order) + len(tag).to_bytes(2, order)
    for name, kind, value in tag:
        number = value.to_bytes(2, order) + bytes(2) if kind == 3 else value.to_bytes(4, order)
        tiff += name.to_bytes(2, order) + kind.to_bytes(2, order) + (1).to_bytes(4, order) + number
    exif = b"Exif\0\0" + tiff
    jpeg = make_jpeg()

    structure = read_structure(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])

    assert structure is not None
    assert structure.orientation == orientation
    assert structure.passes is (orientation == 1)


def test_damaged_exif_data_are_no_orientation(make_jpeg: Callable[..., bytes]) -> None:
    jpeg = make_jpeg()
    for tiff in (b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff\x12\x01"):
        exif = b"Exif\0\0" + tiff
        structure = read_structure(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])

        assert structure is not None
        assert structure.orientation == 1

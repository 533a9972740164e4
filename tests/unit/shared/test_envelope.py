"""The binary envelope of a frame."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hackai_shared.envelope import MAX_HEADER_BYTES, EnvelopeError, pack_frame, unpack_frame
from hackai_shared.messages import FrameHeader, utc_now


def header() -> FrameHeader:
    return FrameHeader(
        camera_id="front",
        epoch="e",
        sequence=3,
        captured_at=utc_now(),
        stream_s=0.3,
        monotonic_s=1,
        boot_id="b",
        width=4,
        height=3,
    )


@given(st.binary(min_size=1, max_size=2000))
def test_what_was_packed_is_unpacked(jpeg: bytes) -> None:
    head = header()

    assert unpack_frame(pack_frame(head, jpeg)) == (head, jpeg)


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        unpack_frame(data)


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (b"", "at least 4 bytes"),
        (struct.pack(">I", MAX_HEADER_BYTES + 1) + b"x" * (MAX_HEADER_BYTES + 10), "does not fit"),
        (struct.pack(">I", 10) + b"{}", "does not fit"),
        (struct.pack(">I", 2) + b"{}jpeg", "invalid frame header"),
    ],
)
def test_the_error_says_what_is_wrong(envelope: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeError, match=reason):
        unpack_frame(envelope)


def test_a_header_of_another_version_is_refused() -> None:
    envelope = pack_frame(header(), b"jpeg").replace(b'"schema_version":1', b'"schema_version":2')

    with pytest.raises(EnvelopeError, match="schema_version"):
        unpack_frame(envelope)

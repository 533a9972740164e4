"""The binary envelope of a frame: 4 bytes header length (big endian), the header as JSON, the JPEG bytes.

The picture is not wrapped in JSON or base64: at 60 KB a frame that would cost more than the transport itself.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pydantic import ValidationError

from hackai_shared.messages import FrameHeader

_LENGTH = struct.Struct(">I")
MAX_HEADER_BYTES = 16 * 1024


class EnvelopeError(ValueError):
    """The bytes are not a frame envelope."""


class Frame(NamedTuple):
    """One frame as it travels: its header and its JPEG bytes, unchanged since the camera encoded them."""

    header: FrameHeader
    jpeg: bytes


def pack_frame(header: FrameHeader, jpeg: bytes) -> bytes:
    """Return the envelope of a frame."""
    head = header.model_dump_json().encode()
    return b"".join((_LENGTH.pack(len(head)), head, jpeg))


def unpack_frame(envelope: bytes) -> Frame:
    """Return the frame in an envelope.

    Raises:
        EnvelopeError: too short, a header longer than ``MAX_HEADER_BYTES``, or a header that does not validate.
    """
    if len(envelope) < _LENGTH.size:
        raise EnvelopeError(f"a frame envelope has at least {_LENGTH.size} bytes, got {len(envelope)}")
    (length,) = _LENGTH.unpack_from(envelope)
    end = _LENGTH.size + length
    if length > MAX_HEADER_BYTES or end >= len(envelope):
        raise EnvelopeError(f"header length {length} does not fit an envelope of {len(envelope)} bytes")
    try:
        header = FrameHeader.model_validate_json(envelope[_LENGTH.size : end])
    except ValidationError as error:
        raise EnvelopeError(f"invalid frame header: {error}") from error
    return Frame(header, envelope[end:])
